// SPDX-License-Identifier: Apache-2.0
// The lists of packages that a command is about to install.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

// An update of lists, see ListUpdate, for the package files among the words of
// a command. Where there are none, or the mount takes lists from no folder, it
// does nothing. Lists go into the first folder of the mount, checked by its
// keys and rules; the RPM database is that below the mount point, or else that
// of "/".
//
// Threads: one object, one thread.
class PackageLists {
 public:
  // tell: gets lines about what a user should know.
  explicit PackageLists(std::function<void(std::string_view)> tell)
      : tell_(std::move(tell)) {}

  // Begins it. control: as for AskMount.
  // Errors: EKEYREJECTED, naming it, for a package whose list the mount would
  // not take; those of AskMount, Keyring::Load and ListUpdate.
  Result<void> Begin(const std::string& mount_point, const std::string& control,
                     const std::vector<std::string>& command);

  // Aborts it, because the command was not even started.
  // Errors: as ListUpdate::Settle.
  Result<void> Abort();

  // Ends it after a command that succeeded. Leaves it under way after another
  // one, because some of the new files may be there and some of the old, and if
  // the RPM database has none of the packages: it may be the wrong one.
  // Errors: as ListUpdate::Settle.
  Result<void> End(bool succeeded);

 private:
  std::function<void(std::string_view)> tell_;
  std::string folder_;  // empty: there is nothing to settle
  std::string id_;
};

}  // namespace assayfs
