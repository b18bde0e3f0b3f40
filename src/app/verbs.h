// SPDX-License-Identifier: Apache-2.0
// The verbs of the command line, one file each.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

// Each adds its verb to app. When the verb runs, it sets exit_status, which
// must outlive app.
void AddMountVerb(CLI::App& app, int& exit_status);
void AddStatusVerb(CLI::App& app, int& exit_status);
void AddWhyVerb(CLI::App& app, int& exit_status);
void AddReloadVerb(CLI::App& app, int& exit_status);
void AddRunVerb(CLI::App& app, int& exit_status);
void AddListsVerb(CLI::App& app, int& exit_status);
void AddLogVerb(CLI::App& app, int& exit_status);

}  // namespace assayfs
