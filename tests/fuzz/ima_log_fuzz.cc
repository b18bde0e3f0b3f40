// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseImaLog and what reads its records. A log that parses must
// encode to the same bytes.
#include <algorithm>

#include "target.h"
#include "tpm/ima_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using assayfs::fuzz::Require;
  if (size > assayfs::fuzz::kMaxInputBytes) return 0;
  const auto input = assayfs::fuzz::AsInput(data, size);
  const auto records = assayfs::ParseImaLog(input);
  if (!records) return 0;
  assayfs::ByteVector encoded;
  for (const assayfs::ImaRecord& record : *records) {
    assayfs::EncodeRecord(record, encoded);
    // The text form must stay one line, whatever the record holds.
    Require(assayfs::ToAscii(record).find('\n') == std::string::npos);
    static_cast<void>(assayfs::ParseImaNg(record));
  }
  Require(std::ranges::equal(encoded, input));
  Require(assayfs::ReplayPcr(*records, 12, assayfs::HashAlgorithm::kSha256)
              .has_value());
  return 0;
}
