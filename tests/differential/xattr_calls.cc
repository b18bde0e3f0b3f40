// SPDX-License-Identifier: Apache-2.0
// Calls on extended attributes, access control lists among them.
#include <linux/capability.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "calls.h"
#include "look.h"
#include "words.h"

namespace assayfs::differential {
namespace {

// There are no calls with a folder's descriptor.
std::string Path(const Place& place) {
  return "/proc/thread-self/fd/" + std::to_string(place.folder_fd) + "/" +
         place.name;
}

const char* DrawAttribute(Random& random) {
  return random.From<const char*>(
      {"user.a", "user.a", "user.b", "trusted.a", "security.capability",
       "system.posix_acl_access", "system.posix_acl_access",
       "system.posix_acl_default", "system.posix_acl_default", "security.other",
       "unknown.a", "user.", ""});
}

void Append(std::string& bytes, std::uint64_t number, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) {
    bytes += static_cast<char>(number >> (8 * i) & 0xff);
  }
}

// Returns an access control list as posix_acl_xattr.h has it: a version, then
// a tag, permissions and an id for each entry.
std::string DrawAcl(Random& random) {
  std::string acl;
  Append(acl, 2, 4);
  const auto entry = [&](unsigned tag, std::uint32_t id) {
    Append(acl, tag, 2);
    Append(acl, random.Below(8), 2);
    Append(acl, id, 4);
  };
  constexpr auto kNobody = static_cast<std::uint32_t>(-1);
  entry(1, kNobody);  // the owner
  const bool named = random.OneIn(2);
  if (named) entry(2, random.From<std::uint32_t>({1000, 65534}));
  entry(4, kNobody);  // the group
  if (named) entry(8, 2000);
  if (named || random.OneIn(2)) entry(16, kNobody);  // the mask
  if (!random.OneIn(10)) entry(32, kNobody);         // others
  return acl;
}

// Returns what security.capability holds: CAP_NET_RAW and CAP_CHOWN.
std::string FileCapability() {
  std::string value;
  Append(value, VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, 4);
  Append(value, 1U << CAP_NET_RAW | 1U << CAP_CHOWN, 4);
  value.append(12, '\0');
  return value;
}

std::string DrawValue(Random& random, const std::string& name) {
  if (random.OneIn(12)) return random.From<std::string>({"", "malformed"});
  if (name.starts_with("system.")) return DrawAcl(random);
  if (name == "security.capability") return FileCapability();
  return random.From<std::string>({"value", std::string("\0\xff", 2),
                                   std::string(1000, 'v'),
                                   std::string(66'000, 'w')});
}

void Set(Lane& lane) {
  const Place place = lane.DrawPlace();
  const std::string name = DrawAttribute(lane.random());
  const std::string value = DrawValue(lane.random(), name);
  const int flags =
      lane.random().From<int>({0, 0, 0, XATTR_CREATE, XATTR_REPLACE});
  const bool follow = lane.random().OneIn(2);
  lane.Say(follow ? "setxattr" : "lsetxattr",
           {place.text, Quoted(name), Quoted(value), std::to_string(flags)});
  const std::string path = Path(place);
  lane.Result((follow ? ::setxattr : ::lsetxattr)(
      path.c_str(), name.c_str(), value.data(), value.size(), flags));
  lane.Look(place);
}

void SetOpen(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const std::string name = DrawAttribute(lane.random());
  const std::string value = DrawValue(lane.random(), name);
  lane.Say("fsetxattr", {SlotName(slot), Quoted(name), Quoted(value)});
  lane.Result(
      ::fsetxattr(lane.fd(slot), name.c_str(), value.data(), value.size(), 0));
  lane.Look(slot);
}

void Get(Lane& lane) {
  const Place place = lane.DrawPlace();
  const std::string name = DrawAttribute(lane.random());
  const bool follow = lane.random().OneIn(2);
  std::string value(lane.random().From<std::size_t>({4096, 100, 3, 0}), '\0');
  lane.Say(follow ? "getxattr" : "lgetxattr",
           {place.text, Quoted(name), std::to_string(value.size())});
  const std::string path = Path(place);
  const auto length = lane.Result((follow ? ::getxattr : ::lgetxattr)(
      path.c_str(), name.c_str(), value.data(), value.size()));
  if (length > 0 && !value.empty()) {
    lane.Add(Content({value.data(), static_cast<std::size_t>(length)}));
  }
}

void List(Lane& lane) {
  const Place place = lane.DrawPlace();
  const std::size_t size = lane.random().From<std::size_t>({4096, 0, 4});
  lane.Say("llistxattr", {place.text, std::to_string(size)});
  std::string names(size, '\0');
  lane.Result(::llistxattr(Path(place).c_str(), names.data(), names.size()));
  lane.Add(Xattrs(Path(place)));
}

void Remove(Lane& lane) {
  const Place place = lane.DrawPlace();
  const char* name = DrawAttribute(lane.random());
  lane.Say("lremovexattr", {place.text, Quoted(name)});
  lane.Result(::lremovexattr(Path(place).c_str(), name));
  lane.Look(place);
}

constexpr std::array<Call, 5> kCalls = {
    {{10, Set}, {4, SetOpen}, {5, Get}, {3, List}, {4, Remove}}};

}  // namespace

std::span<const Call> XattrCalls() { return kCalls; }

}  // namespace assayfs::differential
