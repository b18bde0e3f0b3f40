// SPDX-License-Identifier: Apache-2.0
// The -o string of mount(8) and fstab.
#include "app/settings/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string>

namespace assayfs {
namespace {

struct Flag {
  std::string_view name;
  unsigned long set;
  unsigned long clear;
};

// The names that mount(8) gives to the flags of mount(2).
constexpr std::array<Flag, 17> kFlags = {{
    {"ro", MS_RDONLY, 0},
    {"rw", 0, MS_RDONLY},
    {"nosuid", MS_NOSUID, 0},
    {"suid", 0, MS_NOSUID},
    {"nodev", MS_NODEV, 0},
    {"dev", 0, MS_NODEV},
    {"noexec", MS_NOEXEC, 0},
    {"exec", 0, MS_NOEXEC},
    {"sync", MS_SYNCHRONOUS, 0},
    {"async", 0, MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC, 0},
    {"noatime", MS_NOATIME, 0},
    {"atime", 0, MS_NOATIME},
    {"nodiratime", MS_NODIRATIME, 0},
    {"diratime", 0, MS_NODIRATIME},
    {"relatime", MS_RELATIME, 0},
    {"strictatime", MS_STRICTATIME, 0},
}};

// What every mount has anyway, and what is for mount(8) and systemd only.
constexpr std::array<std::string_view, 15> kIgnored = {
    "defaults", "allow_other", "default_permissions",
    "auto",     "noauto",      "user",
    "nouser",   "users",       "nousers",
    "owner",    "noowner",     "group",
    "nogroup",  "_netdev",     "nofail"};

bool IsIgnored(std::string_view option) {
  return option.empty() || option.starts_with("x-") ||
         option.starts_with("X-") || option.starts_with("comment=") ||
         std::ranges::find(kIgnored, option) != kIgnored.end();
}

}  // namespace

Result<MountOptions> ParseMountOptions(std::string_view text, Sloppy sloppy) {
  MountOptions options;
  while (!text.empty()) {
    const auto option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(option.size() + 1, text.size()));
    if (IsIgnored(option)) continue;
    const auto flag = std::ranges::find(kFlags, option, &Flag::name);
    if (flag != kFlags.end()) {
      options.flags = (options.flags & ~flag->clear) | flag->set;
      continue;
    }
    const auto equals = option.find('=');
    const std::string name(option.substr(0, equals));
    if (IsSettingName(name)) {
      if (equals == std::string_view::npos || equals + 1 == option.size()) {
        return Fail(EINVAL, "mount option " + name + " needs a value");
      }
      options.values[name].emplace_back(option.substr(equals + 1));
      continue;
    }
    if (sloppy == Sloppy::kAllow) continue;
    return Fail(EINVAL, "mount option \"" + name + "\" is not known");
  }
  return options;
}

}  // namespace assayfs
