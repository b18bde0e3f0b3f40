// SPDX-License-Identifier: Apache-2.0
// ContainerGroup: a control group named as that of a container.
#include "app/scenario/processes/container_group.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string_view>
#include <utility>

#include "app/scenario/processes/children.h"
#include "app/scenario/scenario.h"
#include "app/settings/mount_table.h"

namespace assayfs {
namespace {

// The kernel counts a process that was reaped for a moment longer.
constexpr std::chrono::milliseconds kEmptyLimit{2'000};

Error Unsupported(const std::string& what) {
  const Error error = Error::FromErrno(what);
  return {kNotOnThisMachine,
          "no control group for a container: " + error.message()};
}

// The path of this process among the groups of version 2.
std::string OwnGroup() {
  constexpr std::string_view kUnified = "0::";
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with(kUnified)) return line.substr(kUnified.size());
  }
  return {};
}

Result<std::string> OwnFolder() {
  const auto table = ReadOwnMountTable();
  if (!table) return Fail(table.error());
  const std::string group = OwnGroup();
  for (const MountEntry& entry : *table) {
    if (entry.type != "cgroup2" || !IsWithin(entry.root, group)) continue;
    return entry.mount_point + PathBelow(entry.root, group);
  }
  return Fail(kNotOnThisMachine,
              "no control group for a container: version 2 is not mounted");
}

}  // namespace

Result<ContainerGroup> ContainerGroup::Make(const std::string& id) {
  if (id.empty() || id.find('/') != std::string::npos) {
    return Fail(EINVAL, "\"" + id + "\" is not the id of a container");
  }
  const auto own = OwnFolder();
  if (!own) return Fail(own.error());
  const auto is_made = [](const std::string& path) {
    return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
  };
  ContainerGroup group;
  const std::string outer =
      *own + "/assayfs-scenario-" + std::to_string(::getpid());
  if (!is_made(outer)) return Fail(Unsupported(outer));
  group.outer_ = outer;
  const std::string inner = outer + "/docker-" + id + ".scope";
  if (!is_made(inner)) return Fail(Unsupported(inner));
  group.inner_ = inner;
  const std::string members = inner + "/cgroup.procs";
  group.members_.Reset(::open(members.c_str(), O_WRONLY | O_CLOEXEC));
  if (!group.members_) return Fail(Unsupported(members));
  return group;
}

ContainerGroup::~ContainerGroup() {
  members_.Reset();
  for (const std::string& folder : {inner_, outer_}) {
    if (folder.empty()) continue;
    WaitUntil(
        [&folder] { return ::rmdir(folder.c_str()) == 0 || errno != EBUSY; },
        kEmptyLimit);
  }
}

Result<void> ContainerGroup::Enter() const {
  constexpr std::string_view kMyself = "0";
  if (::write(members_.get(), kMyself.data(), kMyself.size()) < 0) {
    return Fail(Unsupported(inner_));
  }
  return {};
}

}  // namespace assayfs
