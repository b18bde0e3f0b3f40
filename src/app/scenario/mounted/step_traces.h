// SPDX-License-Identifier: Apache-2.0
// StepTraces: what a daemon wrote down, step by step.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tpm/log_file.h"

namespace assayfs {

// Records and measurements come a moment after the step that they are of. What
// names a file is of the last step until then that used it, which is nearly
// always right even if nobody waited.
// Threads: one at a time.
class StepTraces {
 public:
  // Where they are, and what stands for itself in them.
  struct Places {
    std::string records;
    std::string log;
    std::string mount_point;  // taken off records
    std::string lists;     // the folder; "list NAME" stands for what is in it
    std::string policies;  // "policy" and "policy NAME", likewise
  };
  // Errors: those of LogFile::Open.
  static Result<StepTraces> Open(Places places);

  // Begins the next step: what comes from now on may be of it. Steps count from
  // 0; what came before is of none. path: of the file that it uses, by its own
  // name, if it uses one through the mount; links: what may lead there.
  void Begin(const std::optional<std::string>& path,
             std::vector<std::string> links = {});

  // Reads what has come. Errors: those of reading, EBADMSG for a log that is
  // none.
  Result<void> Read();

  // Both as in StepResult, of what was read. Records of no step are left out.
  std::vector<std::string> RecordsOf(std::size_t step) const;
  std::vector<std::string> MeasuredBy(std::size_t step) const;

 private:
  struct Trace {
    std::string text;
    std::size_t step;  // 1 for the first, 0 for none
  };
  // How the records of a step, and its measurements, name its file.
  struct Subject {
    std::vector<std::string> in_records;
    std::string measured;
  };

  StepTraces(Places places, LogFile log)
      : places_(std::move(places)), log_(std::move(log)) {}
  Result<void> ReadRecords();
  Result<void> ReadLog();
  void AddRecord(std::string_view line);
  void AddMeasured(const ImaRecord& record);
  std::string NameOf(const std::string& path) const;

  Places places_;
  LogFile log_;
  std::size_t read_bytes_ = 0;     // of the records
  std::vector<Subject> subjects_;  // of the steps that began
  std::vector<Trace> records_;
  std::vector<Trace> measured_;
};

}  // namespace assayfs
