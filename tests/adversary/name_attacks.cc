// SPDX-License-Identifier: Apache-2.0
// Attacks that change what stands under a name, and harmless ones.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "adversary/attacks.h"

namespace adversary {
namespace {

bool RenameOver(Site& site) {
  const Content& content = site.contents.PickAny(site.kind, site.random);
  const std::string fresh = site.folder + site.scratch;
  return WriteFile(fresh, content.bytes) &&
         ::rename(fresh.c_str(), site.path().c_str()) == 0;
}

std::string SomeOther(Site& site) {
  while (true) {
    const auto& names = Arena::Names();
    const std::string& name = names[site.random.Below(names.size())];
    if (Arena::KindOf(name) == site.kind) return site.folder + name;
  }
}

bool Exchange(Site& site) {
  return ::renameat2(AT_FDCWD, site.path().c_str(), AT_FDCWD,
                     SomeOther(site).c_str(), RENAME_EXCHANGE) == 0;
}

// Makes two names of one file out of two files.
bool LinkOver(Site& site) {
  const std::string link = site.folder + site.scratch;
  ::unlink(link.c_str());
  if (::link(site.path().c_str(), link.c_str()) != 0) return false;
  const bool renamed = ::rename(link.c_str(), SomeOther(site).c_str()) == 0;
  ::unlink(link.c_str());  // two names of one file: rename does nothing
  return renamed;
}

bool WriteThroughLink(Site& site) {
  const std::string link = site.folder + site.scratch;
  ::unlink(link.c_str());
  if (::link(site.path().c_str(), link.c_str()) != 0) return false;
  bool written = false;
  {
    Site other = site;
    other.name = site.scratch;
    const Writer writer(other, O_WRONLY);
    written = writer && WriteAll(writer.get(), "X",
                                 static_cast<off_t>(site.random.Below(4096)));
  }
  ::unlink(link.c_str());
  return written;
}

// Many file systems give the number of the inode that went to the next one.
bool Recreate(Site& site) {
  const Content& content = site.contents.PickAny(site.kind, site.random);
  struct stat info {};
  if (::stat(site.path().c_str(), &info) != 0) return false;
  ::unlink(site.path().c_str());
  const Writer writer(site, O_WRONLY | O_CREAT | O_EXCL);
  const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
  return writer && WriteAll(writer.get(), content.bytes) &&
         ::futimens(writer.get(), times.data()) == 0;
}

constexpr std::array kNameAttacks = {
    Attack{"rename over", RenameOver},
    Attack{"exchange", Exchange},
    Attack{"link over", LinkOver},
    Attack{"write through link", WriteThroughLink},
    Attack{"recreate", Recreate},
};

bool ChangeMode(Site& site) {
  return ::chmod(site.path().c_str(), site.random.OneIn(2) ? 0755 : 0555) == 0;
}

bool SetTimes(Site& site) {
  const std::array<timespec, 2> times = {
      timespec{0, UTIME_NOW},
      timespec{static_cast<time_t>(site.random.Below(1U << 30)), 0}};
  return ::utimensat(AT_FDCWD, site.path().c_str(), times.data(), 0) == 0;
}

bool LinkAndUnlink(Site& site) {
  const std::string link = site.folder + site.scratch;
  const bool linked = ::link(site.path().c_str(), link.c_str()) == 0;
  ::unlink(link.c_str());
  return linked;
}

bool SetXattr(Site& site) {
  const char value = static_cast<char>('a' + site.random.Below(26));
  return ::setxattr(site.path().c_str(), "user.adversary", &value, 1, 0) == 0;
}

// Through the mount, a file that is open for writing is not judged at all.
bool OpenForWritingBelow(Site& site) {
  if (site.held != nullptr) return true;
  const Fd fd = OpenAt(site.path(), O_RDWR);
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return false;
  const Mapping mapping(fd.get(), static_cast<std::size_t>(info.st_size),
                        PROT_READ | PROT_WRITE);
  Pause(site.random, 1000);
  return static_cast<bool>(mapping);
}

constexpr std::array kHarmless = {
    Attack{"chmod", ChangeMode},
    Attack{"utimens", SetTimes},
    Attack{"link and unlink", LinkAndUnlink},
    Attack{"setxattr", SetXattr},
    Attack{"open for writing below", OpenForWritingBelow},
};

}  // namespace

std::span<const Attack> NameAttacks() { return kNameAttacks; }
std::span<const Attack> HarmlessAttacks() { return kHarmless; }

}  // namespace adversary
