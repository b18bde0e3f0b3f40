// SPDX-License-Identifier: Apache-2.0
// The verbs of the command line, one file each.
#pragma once

#include <string>
#include <vector>

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
// command, here and below: the words after the first "--", which CLI11 must not
// see.
void AddRunVerb(CLI::App& app, std::vector<std::string> command,
                int& exit_status);
void AddUpdateVerb(CLI::App& app, std::vector<std::string> command,
                   int& exit_status);
void AddListsVerb(CLI::App& app, int& exit_status);
void AddPolicyVerb(CLI::App& app, int& exit_status);
void AddLogVerb(CLI::App& app, int& exit_status);
void AddVerifyVerb(CLI::App& app, int& exit_status);

}  // namespace assayfs
