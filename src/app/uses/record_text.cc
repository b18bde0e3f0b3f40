// SPDX-License-Identifier: Apache-2.0
// The line that tells of a use.
#include "app/uses/record_text.h"

#include "base/bytes.h"

namespace assayfs {
namespace {

std::string_view WordFor(const UseRecord& record) {
  if (Permits(Mode::kEnforce, record.decision.verdict)) return kUsedWord;
  return record.permitted ? kWouldDenyWord : kDeniedWord;
}

std::string_view PurposeOf(Mask mask) {
  if ((mask & kMayExec) != 0) return "exec";
  return (mask & kMayRead) != 0 ? "read" : "write";
}

}  // namespace

std::string RecordText(const UseRecord& record,
                       const std::string& mount_point) {
  const std::string path =
      (mount_point == "/" ? "" : mount_point) + record.path;
  std::string text(WordFor(record));
  text += " " + Printable(path, Spaces::kEscape);
  text += " for " + std::string(PurposeOf(record.use.mask));
  text += " by uid " + std::to_string(record.use.uid) + ": ";
  text += ReasonName(record.decision.reason);
  std::string more;
  if (record.digest) more = record.digest->ToString();
  if (!record.detail.empty()) {
    more += (more.empty() ? "" : "; ") + record.detail;
  }
  if (!more.empty()) text += " (" + Printable(more) + ")";
  return text;
}

}  // namespace assayfs
