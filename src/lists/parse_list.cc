// SPDX-License-Identifier: Apache-2.0
// One entry point for the payload of a list of either format.
#include "lists/parse_list.h"

#include "lists/rpm_header.h"
#include "lists/tlv.h"

namespace assayfs {

Result<DigestList> ParseList(ListFormat format, Bytes payload) {
  switch (format) {
    case ListFormat::kRpm:
      return ParseRpmHeader(payload);
    case ListFormat::kTlv:
      return ParseTlv(payload);
  }
  return Fail(EINVAL, "list format is not known");
}

}  // namespace assayfs
