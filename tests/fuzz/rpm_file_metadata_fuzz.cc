// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseRpmFileMetadata. What it takes ParseRpmHeader must take as well,
// with the same digests under the same paths.
#include "lists/rpm_file_metadata.h"

#include "lists/rpm_header.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using assayfs::fuzz::Require;
  if (size > assayfs::fuzz::kMaxInputBytes) return 0;
  const auto input = assayfs::fuzz::AsInput(data, size);
  const auto metadata = assayfs::ParseRpmFileMetadata(input);
  if (!metadata) return 0;
  const auto list = assayfs::ParseRpmHeader(input);
  Require(list.has_value());
  Require(list->package == metadata->package);
  auto listed = list->files.begin();
  for (const assayfs::RpmFileMetadata& file : metadata->files) {
    Require(file.path.size() <= 4096);
    if (!file.digest) continue;
    Require(listed != list->files.end());
    Require(listed->path == file.path && listed->digest == *file.digest);
    Require(listed->mode == file.mode);
    ++listed;
  }
  Require(listed == list->files.end());
  return 0;
}
