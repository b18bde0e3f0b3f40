// SPDX-License-Identifier: Apache-2.0
// MountSettings: what a mount is to be, checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/settings/named_values.h"
#include "appraise/list_source.h"
#include "appraise/list_store.h"
#include "base/result.h"
#include "fs/session.h"
#include "policy/decide.h"
#include "tpm/measurement_log.h"

namespace assayfs {

struct MountSettings {
  std::string lower;        // absolute, without links
  std::string mount_point;  // likewise; may be the same
  unsigned long flags = 0;  // MS_* bits

  std::vector<std::string> lists;  // as given; relative ones made absolute
  std::vector<std::string> keys;   // absolute
  std::string revoked;             // absolute
  std::string floors;              // absolute; empty: no floors
  std::optional<std::uint32_t> floors_counter;  // see FloorFile
  std::vector<std::string> allow_rollback;      // names of packages
  Binding bind;
  std::vector<std::string> unbound;  // names of packages
  std::string policy;                // built-in name or absolute path
  Mode mode = Mode::kEnforce;
  bool allow_weak = false;
  // Whether it may start although no list vouches for anything.
  bool may_deny_all = false;
  std::optional<EnforceAt> enforce_at;  // nothing: whichever is possible
  DataPath data = DataPath::kAuto;

  MeasurementLog::TpmUse tpm = MeasurementLog::TpmUse::kAuto;
  std::string tcti;
  unsigned pcr = 12;
  std::string log_path;
  std::string record;  // absolute; empty: what is asked is not recorded
  ListOrder list_order = ListOrder::kSorted;
  std::string control_path;  // empty: none
  std::string control_link;  // where clients look for it; empty: there
};

// Reads the PCR of a mount. Errors: EINVAL, with the option.
Result<unsigned> PcrFrom(const std::string& word);

// Turns values into settings, with the documented defaults for what is
// missing. lower and mount_point are not filled in. Relative paths are taken
// from the working folder. No file is opened, but see MakeRuntimeFolder.
// Errors: EINVAL for a wrong value, naming option and choices.
Result<MountSettings> MakeSettings(const NamedValues& values);

// Fills in lower and mount_point.
// Errors: those of stat(2) and ENOTDIR, naming the path and saying what to do;
// EBUSY if mount_point is one of our mounts already.
Result<void> SetPaths(const std::string& lower, const std::string& mount_point,
                      MountSettings& settings);

// Fills in log_path and, if control is kWanted, control_path where they are
// empty, and control_link where control_path is not; makes the folder for them.
// Call after SetPaths.
// Errors: as MakeRuntimeFolder.
enum class Control { kWanted, kNotWanted };
Result<void> SetRuntimePaths(Control control, MountSettings& settings);

}  // namespace assayfs
