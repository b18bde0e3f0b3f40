// SPDX-License-Identifier: Apache-2.0
// FileSystems: what kind of file system a file is on.
#include "appraise/file_systems.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/bytes.h"

namespace assayfs {
namespace {

// Source: include/uapi/linux/fs.h in Linux 6.9, which older headers lack.
struct FsUuid {
  std::uint8_t length;
  std::array<std::byte, 16> uuid;
};
constexpr unsigned long kGetUuid = _IOR(0x15, 0, FsUuid);

// Beyond this all are forgotten.
constexpr std::size_t kMaxKnown = 1024;

// Fills in the UUID. False if this descriptor cannot be asked, while another
// of the same file system could.
bool ReadUuid(int fd, FileSystem& system) {
  FsUuid found{};
  if (::ioctl(fd, kGetUuid, &found) != 0) return errno != EBADF;
  if (found.length != found.uuid.size()) return true;
  std::string text = ToHex(found.uuid);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  system.uuid = std::move(text);
  return true;
}

// Fills in name and subtype. Source: proc_pid_mountinfo(5).
void ReadNames(dev_t device, FileSystem& system) {
  std::ostringstream number;
  number << major(device) << ':' << minor(device);
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string id;
    std::string parent;
    std::string its_number;
    fields >> id >> parent >> its_number;
    if (its_number != number.str()) continue;
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    const std::string type =
        line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
    const auto dot = type.find('.');
    system.name = type.substr(0, dot);
    system.subtype = dot == std::string::npos ? "" : type.substr(dot + 1);
    return;
  }
}

}  // namespace

Result<FileSystem> FileSystems::Of(int fd) const {
  struct stat info {};
  struct statfs system {};
  if (::fstat(fd, &info) != 0) return Fail(Error::FromErrno("fstat"));
  if (::fstatfs(fd, &system) != 0) return Fail(Error::FromErrno("fstatfs"));
  const auto magic = static_cast<std::uint32_t>(system.f_type);
  std::uint64_t id = 0;
  static_assert(sizeof(id) == sizeof(system.f_fsid));
  std::memcpy(&id, &system.f_fsid, sizeof(id));
  const Key key{info.st_dev, {id, magic}};
  const auto known = known_.With([&key](const auto& all) {
    const auto found = all.find(key);
    return found == all.end() ? std::nullopt
                              : std::optional<FileSystem>(found->second);
  });
  if (known) return *known;
  FileSystem fresh{.magic = magic};
  ReadNames(info.st_dev, fresh);
  if (!ReadUuid(fd, fresh)) return fresh;
  known_.With([&](auto& all) {
    if (all.size() >= kMaxKnown) all.clear();
    all.insert_or_assign(key, fresh);
  });
  return fresh;
}

}  // namespace assayfs
