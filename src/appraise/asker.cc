// SPDX-License-Identifier: Apache-2.0
// What a policy may ask of the process that wants to use a file.
#include "appraise/asker.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <sstream>

namespace assayfs {
namespace {

std::string PlaceOf(pid_t thread, const char* name) {
  return "/proc/" + std::to_string(thread) + "/" + name;
}

// Lines "Uid:" and "Gid:" have the real, effective, saved and file system id.
void ReadIds(Use& use) {
  std::ifstream status(PlaceOf(use.pid, "status"));
  for (std::string line; std::getline(status, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint32_t real = 0;
    std::uint32_t effective = 0;
    fields >> name;
    if (name != "Uid:" && name != "Gid:") continue;
    if (!(fields >> real >> effective)) return;
    const bool of_user = name == "Uid:";
    use.number(of_user ? NumberFact::kUid : NumberFact::kGid) = real;
    use.number(of_user ? NumberFact::kEuid : NumberFact::kEgid) = effective;
  }
}

std::optional<std::string> ProgramOf(pid_t thread) {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t size =
      ::readlink(PlaceOf(thread, "exe").c_str(), buffer.data(), buffer.size());
  if (size <= 0) return std::nullopt;
  const std::string_view path(buffer.data(), static_cast<std::size_t>(size));
  // One that was removed has no path any more; nobody may choose to have none.
  if (path.ends_with(" (deleted)")) return std::nullopt;
  return std::string(path);
}

bool IsId(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Takes before and behind off text, if both are there.
std::optional<std::string_view> Between(std::string_view text,
                                        std::string_view before,
                                        std::string_view behind) {
  if (text.size() < before.size() + behind.size()) return std::nullopt;
  if (!text.starts_with(before) || !text.ends_with(behind)) return std::nullopt;
  text.remove_prefix(before.size());
  text.remove_suffix(behind.size());
  return text;
}

// The container that one part of a path names; empty for none.
std::string_view NamedBy(std::string_view part) {
  if (IsId(part)) return part;
  constexpr std::string_view kScope = ".scope";
  if (const auto name = Between(part, "machine-", kScope)) return *name;
  if (const auto name = Between(part, "lxc.payload.", "")) return *name;
  const auto whole = Between(part, "", kScope).value_or(part);
  const auto id = whole.substr(whole.rfind('-') + 1);
  return IsId(id) ? id : std::string_view();
}

std::optional<std::string> ReadContainer(pid_t thread) {
  std::ifstream groups(PlaceOf(thread, "cgroup"));
  if (!groups) return std::nullopt;
  std::string container;
  for (std::string line; std::getline(groups, line);) {
    // "NUMBER:CONTROLLERS:PATH"
    const auto path = line.find('/');
    if (path == std::string::npos) continue;
    container = ContainerOf(std::string_view(line).substr(path));
    if (!container.empty()) break;
  }
  return container;
}

}  // namespace

std::string ContainerOf(std::string_view cgroup) {
  std::string_view found;
  while (!cgroup.empty()) {
    const auto part = cgroup.substr(0, cgroup.find('/'));
    cgroup.remove_prefix(std::min(part.size() + 1, cgroup.size()));
    if (const auto name = NamedBy(part); !name.empty()) found = name;
  }
  return std::string(found);
}

void DescribeAsker(const Needs& needs, Use& use) {
  if (use.pid == 0) return;
  if (needs.ids) ReadIds(use);
  if (needs.exe) {
    if (auto program = ProgramOf(use.pid))
      use.text(TextFact::kExe) = {*program};
  }
  if (needs.container) {
    if (auto container = ReadContainer(use.pid)) {
      use.text(TextFact::kContainer) = {*container};
    }
  }
}

}  // namespace assayfs
