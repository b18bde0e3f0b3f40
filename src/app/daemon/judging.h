// SPDX-License-Identifier: Apache-2.0
// Judging: everything of one mount that decides, put together.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/daemon/enforcement_point.h"
#include "app/daemon/floor_file.h"
#include "app/settings/load_policy.h"
#include "app/settings/mount_settings.h"
#include "appraise/appraiser.h"
#include "appraise/list_store.h"
#include "appraise/name_judge.h"
#include "base/result.h"
#include "tpm/measurement_logs.h"

namespace assayfs {

// Owns the measurement log, the list store and the appraiser of one mount.
//
// Threads: safe after Create.
class Judging {
 public:
  struct Surroundings {
    std::size_t max_leases = 0;                    // see Appraiser
    std::function<void(const UseRecord&)> record;  // see Appraiser
    std::function<void(const AskedUse&)> asked;    // see Appraiser
    std::function<void(FileId)> content_changed;   // see Appraiser
    std::function<void(FileId)> unguarded;         // see Appraiser
    // Told of files whose content was withdrawn; see Appraiser.
    std::function<void(const std::vector<FileId>&)> withdrawn;
    // The next two are called only if files are judged when they are read.
    std::function<void(FileId)> content_fell;  // see Appraiser
    // All pages that the kernel keeps must go.
    std::function<void()> policy_changed;
  };

  // Loads policy, keys and lists, and opens the log and the TPM.
  // root_fd: borrowed, must outlive this.
  // Errors: those of the parts; those of ChooseEnforcementPoint; ENOENT if the
  // mode is enforce, the policy appraises files, and no list at all counts:
  // every file would be denied. Floors that cannot be kept are a problem only.
  static Result<std::unique_ptr<Judging>> Create(const MountSettings& settings,
                                                 int root_fd,
                                                 MountAccess access,
                                                 Surroundings surroundings);

  // Reads policy, keys and lists again.
  // Errors: those of Create; EINVAL for a policy that cannot be enforced at the
  // point that was chosen, or binds what the mount was not made for. All that
  // decides is then as it was; what was measured stays measured, and
  // revocations hold as soon as they are read.
  Result<void> Reload();

  // Keys and lists that were left out or withdrawn, and revocations that were
  // not understood, one line each.
  std::vector<std::string> Problems() const;

  const MountSettings& settings() const { return settings_; }
  const EnforcementPoint& enforcement_point() const { return point_; }
  Appraiser& appraiser() { return *appraiser_; }
  ListStore& lists() { return *lists_; }
  const MeasurementLogs& log() const { return *log_; }
  // Null where the policy binds no attributes.
  const NameJudge* names() const { return names_.get(); }

 private:
  explicit Judging(MountSettings settings) : settings_(std::move(settings)) {}
  Result<void> OpenLog(const LoadedPolicy& loaded);
  Result<void> OpenFloors(const LoadedPolicy& loaded);
  Result<void> OpenLists(ListStore::Basis basis);

  MountSettings settings_;
  EnforcementPoint point_;
  Binding binding_;  // of the policy that the mount began with
  std::function<void()> policy_changed_;
  Guarded<std::vector<std::string>> key_problems_;
  std::mutex reloading_;  // held for a whole reload
  // In the order of dependence: the appraiser goes first.
  std::unique_ptr<MeasurementLogs> log_;
  std::unique_ptr<FloorFile> floors_;  // may be null
  std::unique_ptr<ListStore> lists_;
  std::unique_ptr<Appraiser> appraiser_;
  std::unique_ptr<const NameJudge> names_;  // may be null
};

}  // namespace assayfs
