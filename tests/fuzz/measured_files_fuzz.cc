// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseMeasuredFiles: whatever a log holds, what comes out of it can be
// written as a list and read again.
#include "lists/tlv.h"
#include "target.h"
#include "tpm/measured_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using assayfs::fuzz::Require;
  if (size > assayfs::fuzz::kMaxInputBytes) return 0;
  const auto files =
      assayfs::ParseMeasuredFiles(assayfs::fuzz::AsInput(data, size));
  if (!files) return 0;
  std::vector<assayfs::ListedFile> listed;
  for (const assayfs::ImaNgFields& file : *files) {
    Require(file.path.starts_with('/'));
    listed.push_back({file.digest, file.path, std::nullopt});
  }
  const auto list = assayfs::ParseTlv(assayfs::WriteTlv(listed));
  Require(list && list->files.size() == listed.size());
  return 0;
}
