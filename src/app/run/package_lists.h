// SPDX-License-Identifier: Apache-2.0
// The lists of packages that a command is about to install.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

// An update of lists, see ListUpdate, around a command: with the lists of the
// package files among its words, and without those of packages that are gone
// afterwards. Lists are in the first folder that the mount takes them from, and
// new ones are checked by its keys and rules; the RPM database is that below
// the mount point, or else that of "/". Where there is no such folder, or
// neither database nor package files, it does nothing.
//
// Threads: one object, one thread.
class PackageLists {
 public:
  // tell: gets lines about what a user should know.
  explicit PackageLists(std::function<void(std::string_view)> tell)
      : tell_(std::move(tell)) {}

  // Begins it. control: as for AskMount.
  // Errors: EKEYREJECTED, naming it, for a package whose list the mount would
  // not take; those of AskMount; of Keyring::Load and ListUpdate, if there are
  // package files.
  Result<void> Begin(const std::string& mount_point, const std::string& control,
                     const std::vector<std::string>& command);

  // Aborts it, because the command was not even started.
  // Errors: as ListUpdate::Settle.
  Result<void> Abort();

  // Ends it after a command that succeeded, or that named no packages. Leaves
  // it under way after another one, because some of the new files may be there
  // and some of the old, and if the RPM database has none of the packages: it
  // may be the wrong one.
  // Errors: as ListUpdate::Settle.
  Result<void> End(bool succeeded);

 private:
  Result<void> BeginIn(const std::string& folder, const std::string& root,
                       const std::vector<std::string>& packages,
                       const nlohmann::json& status);

  std::function<void(std::string_view)> tell_;
  std::string folder_;  // empty: there is nothing to settle
  std::string id_;
  bool brings_some_ = false;
};

}  // namespace assayfs
