// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseRpmHeader and ParseRpmPackage.
#include <algorithm>

#include "lists/rpm_header.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

void CheckList(const DigestList& list) {
  for (const ListedFile& file : list.files) {
    Require(file.path.size() <= 4096);
    Require(std::ranges::any_of(file.digest.value(), [](std::byte byte) {
      return byte != std::byte{0};
    }));
  }
}

void FuzzHeader(Bytes input) {
  const auto list = ParseRpmHeader(input);
  if (list) CheckList(*list);
}

// The header taken out must stand in the package as it is.
void FuzzPackage(Bytes input) {
  const auto package = ParseRpmPackage(input);
  if (!package) return;
  Require(LooksLikeRpmPackage(input));
  const ByteVector& header = package->header;
  Require(std::search(input.begin(), input.end(), header.begin(),
                      header.end()) != input.end());
  Require(package->signatures.size() <= input.size());
  FuzzHeader(package->header);
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  if (size > kMaxInputBytes) return 0;
  FuzzHeader(AsInput(data, size));
  FuzzPackage(AsInput(data, size));
  return 0;
}
