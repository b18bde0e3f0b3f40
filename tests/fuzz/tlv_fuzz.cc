// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseTlv, and WriteTlv with what came out.
#include "lists/tlv.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using assayfs::fuzz::Require;
  if (size > assayfs::fuzz::kMaxInputBytes) return 0;
  const auto list = assayfs::ParseTlv(assayfs::fuzz::AsInput(data, size));
  if (!list) return 0;
  const auto written = assayfs::WriteTlv(list->files);
  const auto again = assayfs::ParseTlv(written);
  Require(again.has_value());
  Require(again->files.size() == list->files.size());
  Require(assayfs::WriteTlv(again->files) == written);
  return 0;
}
