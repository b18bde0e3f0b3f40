// SPDX-License-Identifier: Apache-2.0
// Fuzzes ReadUse with lines as they come: what is read as a use is written so
// that the same is read again.
#include <algorithm>

#include "app/uses/use_log.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

void CheckLine(std::string_view line) {
  const auto read = ReadUse(line);
  if (!read) return;
  Require(read->path().starts_with('/'));
  Require(read->path().find('\0') == std::string::npos);
  Require(read->use.mask != 0 && read->use.mask < kMaskCount);
  const std::string written = WriteUse(*read);
  Require(written.find('\n') == std::string::npos);
  const auto again = ReadUse(written);
  // Escapes may take more room than what they stand for.
  if (!again) Require(written.size() > line.size());
  if (!again) return;
  Require(again->use.texts == read->use.texts);
  Require(again->use.numbers == read->use.numbers);
  Require(again->digests == read->digests);
  Require(WriteUse(*again) == written);
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  if (size > kMaxInputBytes) return 0;
  auto text = assayfs::AsText(AsInput(data, size));
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    CheckLine(line);
  }
  return 0;
}
