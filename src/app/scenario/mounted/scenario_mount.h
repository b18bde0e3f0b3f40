// SPDX-License-Identifier: Apache-2.0
// ScenarioMount: a daemon that serves the files of a scenario, with a TPM.
#pragma once

#include <sys/types.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/scenario/mounted/scenario_folder.h"
#include "app/scenario/processes/software_tpm.h"
#include "app/scenario/processes/step_asker.h"
#include "app/settings/mount_settings.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Threads: one at a time; the process must have no other.
class ScenarioMount {
 public:
  // Says why scenarios cannot be mounted by this process; empty if they can.
  static std::string WhyImpossible();

  // Starts TPM and daemon. scenario, folder: borrowed, must outlive this.
  // Errors: those of a mount, and of SoftwareTpm::Start.
  static Result<std::unique_ptr<ScenarioMount>> Start(const Scenario& scenario,
                                                      ScenarioFolder& folder,
                                                      TestKeys& keys);
  ScenarioMount(const ScenarioMount&) = delete;
  ScenarioMount& operator=(const ScenarioMount&) = delete;
  ~ScenarioMount();

  // The folder of the mount. Not to be kept over Stop. Errors: those of
  // open(2).
  Result<UniqueFd> OpenRoot() const;
  const std::string& mount_point() const { return settings_.mount_point; }
  // Where the daemon writes its records, and what it measured.
  const std::string& records_path() const { return records_path_; }
  const std::string& log_path() const { return settings_.log_path; }

  // What the daemon says of a use, as the object that assayfs(8) documents for
  // `why --json`. path: without links. Errors: those of AskDaemon.
  Result<nlohmann::json> Why(const Asker& asker, const std::string& path,
                             Mask mask) const;
  // The same for `status --json`.
  Result<nlohmann::json> Status() const;
  // Errors: EREMOTEIO with the daemon's own words.
  Result<void> Reload() const;
  // Waits until lists that were added to the folder, or removed from it, are
  // loaded, but not long. before: the status from before that.
  void WaitForLists(const nlohmann::json& before) const;

  // Ends the daemon, which writes all that it has to write, and unmounts.
  // Errors: EIO if it did not end well.
  Result<void> Stop();
  // Says whether every PCR is what the log gives. Call after Stop. Errors: EIO
  // if one is not; those of reading the log and of the TPM.
  Result<void> CheckPcrs() const;

 private:
  explicit ScenarioMount(const Scenario& scenario, ScenarioFolder& folder)
      : scenario_(scenario), folder_(folder) {}
  Result<void> Prepare(TestKeys& keys);
  Result<void> StartServing();
  Result<nlohmann::json> Ask(const nlohmann::json& request) const;

  const Scenario& scenario_;
  ScenarioFolder& folder_;
  MountSettings settings_;
  std::string records_path_;
  std::unique_ptr<SoftwareTpm> tpm_;
  pid_t daemon_ = 0;  // 0: none runs
};

}  // namespace assayfs
