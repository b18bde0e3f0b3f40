// SPDX-License-Identifier: Apache-2.0
// The parts of the `lists` verb, one file each.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

// Each adds its part to lists. When it runs, it sets exit_status, which must
// outlive lists.
void AddListsGen(CLI::App& lists, int& exit_status);
void AddListsShow(CLI::App& lists, int& exit_status);
void AddListsCheck(CLI::App& lists, int& exit_status);
void AddListsSign(CLI::App& lists, int& exit_status);
void AddListsHint(CLI::App& lists, int& exit_status);
void AddListsNumber(CLI::App& lists, int& exit_status);
void AddListsUpdate(CLI::App& lists, int& exit_status);

}  // namespace assayfs
