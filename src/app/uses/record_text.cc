// SPDX-License-Identifier: Apache-2.0
// The line that tells of a use.
#include "app/uses/record_text.h"

#include <algorithm>

#include "base/bytes.h"

namespace assayfs {
namespace {

std::string_view WordFor(const UseRecord& record) {
  if (Permits(Mode::kEnforce, record.decision.verdict)) return kUsedWord;
  return record.permitted ? kWouldDenyWord : kDeniedWord;
}

// The first that a mask has; an append is a write, too.
std::string_view PurposeOf(Mask mask) {
  const auto purpose = std::ranges::find_if(
      kPurposes, [mask](const Purpose& one) { return (mask & one.mask) != 0; });
  return purpose == kPurposes.end() ? kPurposes.back().name : purpose->name;
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
