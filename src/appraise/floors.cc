// SPDX-License-Identifier: Apache-2.0
// Floors: raising and writing down.
#include "appraise/floors.h"

#include <algorithm>

#include "appraise/digest_index.h"
#include "trust/rpm_version.h"

namespace assayfs {

Result<Floors> Floors::Parse(std::string_view text) {
  constexpr std::string_view kControls("\0\t\r ", 4);
  Floors floors;
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto space = line.find(' ');
    const auto name = line.substr(0, space);
    const auto version = space == std::string_view::npos
                             ? std::string_view()
                             : line.substr(space + 1);
    const bool clean = version.find_first_of(kControls) == version.npos &&
                       name.find_first_of(kControls) == name.npos;
    if (name.empty() || version.empty() || !clean) {
      return Fail(EBADMSG, "line " + std::to_string(number) +
                               " is not a package and its version");
    }
    floors.floors_.emplace(name, version);
  }
  return floors;
}

std::string Floors::Text() const {
  std::string text;
  for (const auto& [name, version] : floors_) {
    text.append(name).append(" ").append(version).append("\n");
  }
  return text;
}

std::string Floors::Of(const std::string& package) const {
  const auto found = floors_.find(package);
  return found == floors_.end() ? std::string() : found->second;
}

bool Floors::IsBehind(const std::string& package,
                      const std::string& version) const {
  const auto found = floors_.find(package);
  return found != floors_.end() && CompareVersions(version, found->second) < 0;
}

Floors Floors::RaisedBy(
    const std::vector<std::shared_ptr<const LoadedList>>& lists,
    const std::set<std::string>& exempt) const {
  std::map<std::string, std::string, std::less<>> oldest;
  for (const auto& list : lists) {
    const std::string& name = list->package_name;
    const std::string& version = list->package_version;
    if (name.empty() || !list->verified) continue;
    if (!exempt.contains(name) && IsBehind(name, version)) continue;
    const auto [it, fresh] = oldest.emplace(name, version);
    if (!fresh && CompareVersions(version, it->second) < 0) {
      it->second = version;
    }
  }
  Floors raised = *this;
  for (auto& [name, version] : oldest) {
    raised.floors_.insert_or_assign(name, std::move(version));
  }
  return raised;
}

Floors Floors::RaisedTo(const std::string& name,
                        const std::string& version) const {
  Floors raised = *this;
  if (!IsBehind(name, version)) raised.floors_.insert_or_assign(name, version);
  return raised;
}

}  // namespace assayfs
