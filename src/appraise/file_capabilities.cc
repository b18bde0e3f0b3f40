// SPDX-License-Identifier: Apache-2.0
// Capabilities of files, by libcap.
#include "appraise/file_capabilities.h"

#include <sys/capability.h>
#include <sys/xattr.h>

#include <memory>
#include <type_traits>

namespace assayfs {
namespace {

struct FreeCap {
  void operator()(void* memory) const { ::cap_free(memory); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCap>;
using CapText = std::unique_ptr<char, FreeCap>;

Result<std::string> ToText(cap_t capabilities) {
  const CapText text(::cap_to_text(capabilities, nullptr));
  if (!text) return Fail(Error::FromErrno("cap_to_text"));
  std::string all = text.get();
  // How libcap writes the empty set.
  if (all == "=") all.clear();
  if (const uid_t root = ::cap_get_nsowner(capabilities); root != 0) {
    all += "[rootid=" + std::to_string(root) + "]";
  }
  return all;
}

}  // namespace

Result<std::string> ParseCapabilities(const std::string& text) {
  if (text.empty()) return std::string();
  const Capabilities parsed(::cap_from_text(text.c_str()));
  if (!parsed) return Fail(EINVAL, "capabilities that libcap does not know");
  return ToText(parsed.get());
}

Result<std::string> CapabilitiesOf(int fd) {
  // Nearly all files have none, which libcap would tell as an error.
  if (::fgetxattr(fd, "security.capability", nullptr, 0) < 0) {
    if (errno == ENODATA || errno == EOPNOTSUPP) return std::string();
    return Fail(Error::FromErrno("security.capability"));
  }
  const Capabilities found(::cap_get_fd(fd));
  if (!found) return Fail(Error::FromErrno("cap_get_fd"));
  return ToText(found.get());
}

}  // namespace assayfs
