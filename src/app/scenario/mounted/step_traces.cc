// SPDX-License-Identifier: Apache-2.0
// StepTraces: what a daemon wrote down, step by step.
#include "app/scenario/mounted/step_traces.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "app/uses/record_text.h"
#include "base/bytes.h"
#include "base/files.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;
constexpr std::string_view kLinePrefix = "assayfs: ";
constexpr std::string_view kBuiltIn = "built-in";

// Returns what follows folder and a slash; empty if path is not below it.
std::string_view Below(std::string_view folder, std::string_view path) {
  if (!path.starts_with(folder)) return {};
  path.remove_prefix(folder.size());
  return path.starts_with('/') ? path.substr(1) : std::string_view();
}

}  // namespace

Result<StepTraces> StepTraces::Open(Places places) {
  auto log = LogFile::Open(places.log);
  if (!log) return Fail(log.error());
  return StepTraces(std::move(places), std::move(*log));
}

void StepTraces::Begin(const std::optional<std::string>& path,
                       std::vector<std::string> links) {
  Subject subject;
  if (path) {
    subject.measured = " " + OneColumn(*path);
    links.push_back(*path);
  }
  for (const std::string& name : links) {
    subject.in_records.push_back(" " + Printable(name, Spaces::kEscape) +
                                 " for ");
  }
  subjects_.push_back(std::move(subject));
}

Result<void> StepTraces::Read() {
  auto read = ReadRecords();
  return read ? ReadLog() : read;
}

Result<void> StepTraces::ReadRecords() {
  const auto bytes = ReadFileAt(AT_FDCWD, places_.records, kMaxRecordBytes);
  if (!bytes) return Fail(bytes.error());
  std::string_view text = AsText(*bytes);
  text.remove_prefix(std::min(read_bytes_, text.size()));
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    AddRecord(text.substr(0, end));
    text.remove_prefix(end + 1);
    read_bytes_ += end + 1;
  }
  return {};
}

void StepTraces::AddRecord(std::string_view line) {
  if (!line.starts_with(kLinePrefix)) return;
  line.remove_prefix(kLinePrefix.size());
  const auto word = std::ranges::find_if(kRecordWords, [line](auto begin) {
    return line.starts_with(begin) &&
           line.substr(begin.size()).starts_with(' ');
  });
  // Other lines are about the daemon itself.
  if (word == kRecordWords.end()) return;
  std::string_view rest = line.substr(word->size() + 1);
  const std::string prefix = Printable(places_.mount_point, Spaces::kEscape);
  if (rest.starts_with(prefix)) rest.remove_prefix(prefix.size());
  Trace trace{std::string(*word) + " " + std::string(rest), subjects_.size()};
  for (std::size_t step = subjects_.size(); step > 0; --step) {
    const bool is_named = std::ranges::any_of(
        subjects_[step - 1].in_records, [&](const std::string& name) {
          return trace.text.find(name) != std::string::npos;
        });
    if (!is_named) continue;
    trace.step = step;
    break;
  }
  records_.push_back(std::move(trace));
}

Result<void> StepTraces::ReadLog() {
  const auto lock = log_.Acquire();
  if (!lock) return Fail(lock.error());
  const auto records = log_.ReadOn();
  if (!records) return Fail(records.error());
  for (const ImaRecord& record : *records) AddMeasured(record);
  return {};
}

void StepTraces::AddMeasured(const ImaRecord& record) {
  const auto fields = ParseImaNg(record);
  if (!fields) return;  // not by a daemon of ours
  Trace trace{std::to_string(record.pcr) + " " + NameOf(fields->path),
              subjects_.size()};
  for (std::size_t step = subjects_.size(); step > 0; --step) {
    const std::string& subject = subjects_[step - 1].measured;
    if (subject.empty() || !trace.text.ends_with(subject)) continue;
    trace.step = step;
    break;
  }
  measured_.push_back(std::move(trace));
}

// The folders are in one column, as is the path.
std::string StepTraces::NameOf(const std::string& path) const {
  if (const auto list = Below(OneColumn(places_.lists), path); !list.empty()) {
    return "list " + std::string(list.substr(list.find('-') + 1));
  }
  const auto policy = Below(OneColumn(places_.policies), path);
  if (policy == "policy") return "policy";
  if (!policy.empty()) return "policy " + std::string(policy);
  if (path.starts_with(std::string(kBuiltIn) + "_")) {
    return std::string(kBuiltIn) + " " + path.substr(kBuiltIn.size() + 1);
  }
  return path;
}

std::vector<std::string> StepTraces::RecordsOf(std::size_t step) const {
  std::vector<std::string> texts;
  for (const Trace& trace : records_) {
    if (trace.step == step + 1) texts.push_back(trace.text);
  }
  return texts;
}

std::vector<std::string> StepTraces::MeasuredBy(std::size_t step) const {
  std::vector<std::string> texts;
  for (const Trace& trace : measured_) {
    if (trace.step <= step + 1) texts.push_back(trace.text);
  }
  return texts;
}

}  // namespace assayfs
