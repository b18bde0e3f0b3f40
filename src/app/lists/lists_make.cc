// SPDX-License-Identifier: Apache-2.0
// From packages and files to new digest lists.
#include "app/lists/lists_make.h"

#include <algorithm>
#include <utility>

#include "app/lists/lists_input.h"
#include "lists/tlv.h"

namespace assayfs {
namespace {

// Leaves room for a number in front and a temporary name beside it; file names
// end at 255 bytes.
constexpr std::size_t kMaxNameBytes = 240;

}  // namespace

bool IsSafeName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) {
           return c == '/' || c < 0x20 || c == 0x7f;
         });
}

Result<NewList> ListOfPackage(const SignedHeader& package, ListFormat format) {
  const auto parsed = ParseRpmHeader(package.header);
  if (!parsed) return Fail(parsed.error());
  if (format == ListFormat::kTlv) {
    return ListOfFiles(parsed->package, parsed->files);
  }
  if (!IsSafeName(parsed->package)) {
    return Fail(EINVAL, "the package's name \"" + Printable(parsed->package) +
                            "\" cannot be a file name");
  }
  return NewList{"rpm-" + parsed->package, ListBytes(package),
                 !package.signatures.empty(), parsed->files.size()};
}

Result<NewList> ListOfFiles(const std::string& name,
                            const std::vector<ListedFile>& files) {
  if (!IsSafeName(name)) {
    return Fail(EINVAL,
                "\"" + Printable(name) + "\" cannot be the name of a list");
  }
  if (files.empty()) return Fail(ENODATA, name + ": no files");
  return NewList{"tlv-" + name, WriteTlv(files), false, files.size()};
}

}  // namespace assayfs
