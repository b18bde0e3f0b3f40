// SPDX-License-Identifier: Apache-2.0
// Fuzzes SplitSignature. What was split must join to the same bytes: nothing
// in the file may escape both the signature and the parser.
#include <algorithm>

#include "lists/appended_signature.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using assayfs::fuzz::Require;
  if (size > assayfs::fuzz::kMaxInputBytes) return 0;
  const auto input = assayfs::fuzz::AsInput(data, size);
  const auto split = assayfs::SplitSignature(input);
  if (!split) return 0;
  if (!split->signature) {
    Require(std::ranges::equal(split->payload, input));
    return 0;
  }
  Require(std::ranges::equal(
      assayfs::AppendSignature(split->payload, split->signature->format,
                               split->signature->signature),
      input));
  return 0;
}
