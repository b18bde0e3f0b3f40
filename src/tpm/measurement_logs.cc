// SPDX-License-Identifier: Apache-2.0
// MeasurementLogs: one log file for records of several PCRs.
#include "tpm/measurement_logs.h"

#include <string>
#include <utility>

namespace assayfs {

Result<std::unique_ptr<MeasurementLogs>> MeasurementLogs::Open(
    MeasurementLog::Options options) {
  const std::uint32_t usual = options.pcr;
  std::unique_ptr<MeasurementLogs> logs(
      new MeasurementLogs(std::move(options)));
  auto opened = logs->AddPcrs({usual});
  if (!opened) return Fail(std::move(opened).error());
  return logs;
}

Result<void> MeasurementLogs::AddPcrs(const std::vector<std::uint32_t>& pcrs) {
  for (const std::uint32_t pcr : pcrs) {
    if (logs_.With([pcr](const auto& logs) { return logs.contains(pcr); })) {
      continue;
    }
    MeasurementLog::Options options = options_;
    options.pcr = pcr;
    auto log = MeasurementLog::Open(std::move(options));
    if (!log) return Fail(std::move(log).error());
    logs_.With([&](auto& logs) { logs.emplace(pcr, std::move(*log)); });
  }
  return {};
}

MeasureOutcome MeasurementLogs::Measure(std::optional<std::uint32_t> pcr,
                                        std::string_view path,
                                        std::span<const std::byte> sha256) {
  const std::uint32_t number = pcr.value_or(options_.pcr);
  MeasurementLog* const log = logs_.With([number](auto& logs) {
    const auto found = logs.find(number);
    return found == logs.end() ? nullptr : found->second.get();
  });
  if (log != nullptr) return log->Measure(path, sha256);
  return {.measured = false,
          .error = "no log for PCR " + std::to_string(number)};
}

std::vector<MeasurementLog::Status> MeasurementLogs::statuses() const {
  const auto in_order = logs_.With([this](const auto& logs) {
    std::vector<const MeasurementLog*> ordered = {logs.at(options_.pcr).get()};
    for (const auto& [pcr, log] : logs) {
      if (pcr != options_.pcr) ordered.push_back(log.get());
    }
    return ordered;
  });
  std::vector<MeasurementLog::Status> statuses;
  for (const MeasurementLog* log : in_order) statuses.push_back(log->status());
  return statuses;
}

}  // namespace assayfs
