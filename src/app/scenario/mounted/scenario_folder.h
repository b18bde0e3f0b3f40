// SPDX-License-Identifier: Apache-2.0
// ScenarioFolder: what a mount is given for a scenario, as files.
#pragma once

#include <string>

#include "app/scenario/materials.h"
#include "app/scenario/scenario.h"
#include "base/result.h"
#include "base/scratch_folder.h"

namespace assayfs {

// A new folder, for its owner only, that is removed with all that is in it.
// Threads: one at a time.
class ScenarioFolder {
 public:
  // parent: must be there. Both borrowed, must outlive this.
  ScenarioFolder(const std::string& parent, const Scenario& scenario,
                 Materials& materials);

  // Makes folders for all that follows, and in them what is there at the start.
  // Errors: EIO if there is no folder; those of making files, and of
  // Materials.
  Result<void> Fill();

  const std::string& path() const { return folder_.path(); }
  std::string operator/(const std::string& name) const {
    return path() + "/" + name;
  }
  std::string tree() const { return *this / "tree"; }
  std::string lists() const { return *this / "lists"; }
  std::string revoked() const { return *this / "revoked"; }
  std::string policies() const { return *this / "policies"; }
  // What a mount is to be given: a path, or the name of a built-in policy.
  std::string policy() const;

  // Takes the paths of folders off what a message names: they are others each
  // time.
  std::string WithoutPath(std::string message) const;

  // Puts a list among the others, all at once, or takes it away.
  // Errors: those of Materials::List, of writing and unlink(2).
  Result<void> AddList(const std::string& name);
  // Puts what another list says into the file of a list.
  Result<void> ReplaceList(const std::string& name, const std::string& with);
  Result<void> RemoveList(const std::string& name);

  // Adds a line to the revocations. Errors: those of Materials::Revocation, and
  // of writing.
  Result<void> Revoke(const std::string& line);

  // Replaces the policy. text: rules or the name of a built-in policy, as for
  // Scenario::policy. Errors: those of Materials::Policy and of writing.
  Result<void> SetPolicy(const std::string& text, const std::string& signer);

 private:
  const Scenario& scenario_;
  Materials& materials_;
  const ScratchFolder folder_;
};

}  // namespace assayfs
