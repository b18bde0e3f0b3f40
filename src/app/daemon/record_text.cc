// SPDX-License-Identifier: Apache-2.0
// The line that tells of a denial.
#include "app/daemon/record_text.h"

#include "base/bytes.h"

namespace assayfs {

std::string RecordText(const DenialRecord& record,
                       const std::string& mount_point) {
  const std::string path =
      (mount_point == "/" ? "" : mount_point) + record.path;
  std::string text = record.permitted ? "would deny " : "denied ";
  text += Printable(path, Spaces::kEscape);
  text += record.use.purpose == Use::Purpose::kExec ? " for exec" : " for read";
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
