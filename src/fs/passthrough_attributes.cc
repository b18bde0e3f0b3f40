// SPDX-License-Identifier: Apache-2.0
// Attributes, extended attributes and file system statistics of lower files.
#include "fs/passthrough_attributes.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/reopen.h"

namespace assayfs {
namespace {

constexpr uid_t kSameUid = static_cast<uid_t>(-1);
constexpr gid_t kSameGid = static_cast<gid_t>(-1);

Result<void> SetTimes(int fd, const AttributeChange& change) {
  constexpr timespec kOmit = {0, UTIME_OMIT};
  const std::array<timespec, 2> times = {change.accessed.value_or(kOmit),
                                         change.modified.value_or(kOmit)};
  if (::utimensat(fd, "", times.data(), AT_EMPTY_PATH) != 0) {
    return Fail(Error::FromErrno("utimensat"));
  }
  return {};
}

Result<void> SetSize(int fd, off_t size_bytes, int open_fd) {
  const int returned = open_fd >= 0
                           ? ::ftruncate(open_fd, size_bytes)
                           : ::truncate(FdPath(fd).c_str(), size_bytes);
  if (returned != 0) return Fail(Error::FromErrno("truncate"));
  return {};
}

// Says whether name is that of an ACL.
bool IsAcl(std::string_view name) {
  return name.starts_with("system.posix_acl_");
}

Result<std::size_t> Length(ssize_t returned) {
  if (returned < 0) return Fail(Error::FromErrno("xattr"));
  return static_cast<std::size_t>(returned);
}

}  // namespace

Result<struct stat> GetAttributes(const LowerRef& file) {
  struct stat info {};
  if (::fstat(file.fd(), &info) != 0) return Fail(Error::FromErrno("fstat"));
  return info;
}

struct stat AttributesToShow(const LowerRef& file, struct stat info) {
  const OpenState* const state = file.known_open_state();
  const JudgedContent content = state ? state->current() : JudgedContent();
  if (content.tags) {
    info.st_size = static_cast<off_t>(content.tags->file_bytes());
  }
  return info;
}

Result<void> SetAttributes(const LowerRef& file, const AttributeChange& change,
                           int open_fd) {
  const int fd = file.fd();
  if (change.uid || change.gid) {
    if (::fchownat(fd, "", change.uid.value_or(kSameUid),
                   change.gid.value_or(kSameGid), AT_EMPTY_PATH) != 0) {
      return Fail(Error::FromErrno("chown"));
    }
  }
  if (change.size_bytes) {
    auto done = SetSize(fd, *change.size_bytes, open_fd);
    if (!done) return done;
  }
  if (change.mode) {
    if (::chmod(FdPath(fd).c_str(), *change.mode & 07777U) != 0) {
      return Fail(Error::FromErrno("chmod"));
    }
  }
  if (change.accessed || change.modified) return SetTimes(fd, change);
  return {};
}

Result<struct statvfs> GetStatistics(const LowerRef& file) {
  struct statvfs statistics {};
  if (::fstatvfs(file.fd(), &statistics) != 0) {
    return Fail(Error::FromErrno("statfs"));
  }
  return statistics;
}

Result<std::size_t> GetXattr(const LowerRef& file, const char* name,
                             std::span<char> value) {
  auto length = Length(
      ::getxattr(FdPath(file.fd()).c_str(), name, value.data(), value.size()));
  if (!length && length.error().code() == EOPNOTSUPP && IsAcl(name)) {
    return Fail(ENODATA, "no ACLs here");
  }
  return length;
}

Result<std::string> GetCapabilities(const LowerRef& file) {
  constexpr std::size_t kMostBytes = 24;  // linux/capability.h
  std::string value(kMostBytes, '\0');
  const auto size = GetXattr(file, kCapabilityXattr, value);
  if (!size) return Fail(size.error());
  value.resize(*size);
  return value;
}

Result<std::string> ListXattrs(
    const LowerRef& file,
    const std::function<bool(std::string_view name)>& shows) {
  std::string names(XATTR_LIST_MAX, '\0');
  const auto length = Length(
      ::listxattr(FdPath(file.fd()).c_str(), names.data(), names.size()));
  if (!length) return Fail(length.error());
  names.resize(*length);
  std::string shown;
  for (std::size_t at = 0, end = 0; at < names.size(); at = end) {
    end = names.find('\0', at) + 1;
    const std::string_view name(names.data() + at, end - at);
    if (shows(name.substr(0, name.size() - 1))) shown += name;
  }
  return shown;
}

Result<void> SetXattr(const LowerRef& file, const char* name,
                      std::span<const char> value, int flags) {
  if (::setxattr(FdPath(file.fd()).c_str(), name, value.data(), value.size(),
                 flags) != 0) {
    return Fail(Error::FromErrno("setxattr"));
  }
  return {};
}

Result<void> RemoveXattr(const LowerRef& file, const char* name) {
  if (::removexattr(FdPath(file.fd()).c_str(), name) != 0) {
    return Fail(Error::FromErrno("removexattr"));
  }
  return {};
}

}  // namespace assayfs
