// SPDX-License-Identifier: Apache-2.0
// Capabilities of files, by libcap.
#include "appraise/file_capabilities.h"

#include <linux/capability.h>
#include <sys/capability.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cstdint>
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

// How the attribute is laid out: its size, and how many words there are of each
// set.
struct CapabilityLayout {
  std::uint32_t revision;
  std::size_t bytes;
  int words;
};
constexpr std::array<CapabilityLayout, 3> kLayouts = {
    {{VFS_CAP_REVISION_1, XATTR_CAPS_SZ_1, VFS_CAP_U32_1},
     {VFS_CAP_REVISION_2, XATTR_CAPS_SZ_2, VFS_CAP_U32_2},
     {VFS_CAP_REVISION_3, XATTR_CAPS_SZ_3, VFS_CAP_U32_3}}};

// Raises the capabilities of one word of a set.
bool Raise(cap_t all, cap_flag_t set, std::uint32_t bits, int word) {
  for (int bit = 0; bit < 32; ++bit) {
    const cap_value_t capability = word * 32 + bit;
    const bool is_raised = (bits >> bit & 1U) != 0;
    if (is_raised && ::cap_set_flag(all, set, 1, &capability, CAP_SET) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<std::string> ParseCapabilities(const std::string& text) {
  if (text.empty()) return std::string();
  const Capabilities parsed(::cap_from_text(text.c_str()));
  if (!parsed) return Fail(EINVAL, "capabilities that libcap does not know");
  return ToText(parsed.get());
}

Result<std::string> DecodeCapabilities(Bytes value) {
  const auto malformed = [] {
    return Fail(EINVAL, "security.capability is malformed");
  };
  ByteReader in(value);
  const std::uint32_t magic = in.TakeLe32().value_or(0);
  const std::uint32_t revision = magic & VFS_CAP_REVISION_MASK;
  const bool is_effective = (magic & VFS_CAP_FLAGS_EFFECTIVE) != 0;
  const auto layout =
      std::ranges::find(kLayouts, revision, &CapabilityLayout::revision);
  if (layout == kLayouts.end() || value.size() != layout->bytes) {
    return malformed();
  }
  const Capabilities all(::cap_init());
  if (!all) return Fail(Error::FromErrno("cap_init"));
  for (int word = 0; word < layout->words; ++word) {
    const std::uint32_t permitted = *in.TakeLe32();
    const std::uint32_t inheritable = *in.TakeLe32();
    const bool done = Raise(all.get(), CAP_PERMITTED, permitted, word) &&
                      Raise(all.get(), CAP_INHERITABLE, inheritable, word) &&
                      (!is_effective || Raise(all.get(), CAP_EFFECTIVE,
                                              permitted | inheritable, word));
    if (!done) return malformed();
  }
  const auto root = in.empty() ? 0 : *in.TakeLe32();
  if (root != 0 && ::cap_set_nsowner(all.get(), root) != 0) {
    return Fail(Error::FromErrno("cap_set_nsowner"));
  }
  return ToText(all.get());
}

Result<std::string> CapabilitiesOf(int fd) {
  // One byte more than the kernel ever gives.
  std::array<std::byte, XATTR_CAPS_SZ_3 + 1> value{};
  const ssize_t size =
      ::fgetxattr(fd, "security.capability", value.data(), value.size());
  if (size < 0 && (errno == ENODATA || errno == EOPNOTSUPP)) {
    return std::string();
  }
  if (size < 0) return Fail(Error::FromErrno("security.capability"));
  return DecodeCapabilities(Bytes(value).first(static_cast<std::size_t>(size)));
}

}  // namespace assayfs
