// SPDX-License-Identifier: Apache-2.0
// MeasurementLogs: one log file for records of several PCRs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "assayfs/measurer.h"
#include "base/guarded.h"
#include "base/result.h"
#include "tpm/measurement_log.h"

namespace assayfs {

// A MeasurementLog for each PCR that is in use, all of them on the same file.
// Threads: safe.
class MeasurementLogs : public Measurer {
 public:
  // Opens the one for the usual PCR, which is that in options.
  // Errors: as MeasurementLog::Open.
  static Result<std::unique_ptr<MeasurementLogs>> Open(
      MeasurementLog::Options options);

  // Makes sure that these PCRs can be extended too. Those that could be stay.
  // Errors: as MeasurementLog::Open, for the first that fails.
  Result<void> AddPcrs(const std::vector<std::uint32_t>& pcrs);

  // A PCR that was never added is "not measured".
  MeasureOutcome Measure(std::optional<std::uint32_t> pcr,
                         std::string_view path,
                         std::span<const std::byte> sha256) override;

  // Of the usual PCR first, then of the others by number.
  std::vector<MeasurementLog::Status> statuses() const;

 private:
  explicit MeasurementLogs(MeasurementLog::Options options)
      : options_(std::move(options)) {}

  const MeasurementLog::Options options_;
  // Logs are only added, so that a pointer to one stays good.
  Guarded<std::map<std::uint32_t, std::unique_ptr<MeasurementLog>>> logs_;
};

}  // namespace assayfs
