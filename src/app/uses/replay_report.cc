// SPDX-License-Identifier: Apache-2.0
// Reports of a replay.
#include "app/uses/replay_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "app/lists/lists_input.h"
#include "app/uses/grouped.h"
#include "app/uses/use_records.h"
#include "base/bytes.h"

namespace assayfs {
namespace {

using nlohmann::json;

constexpr std::size_t kMostGroups = 20;
constexpr std::size_t kMostPaths = 5;

std::string PackageOf(const ReplayedUse& use) {
  return use.package.empty() ? "no package" : use.package;
}

// What is shown of one use, and of one content.
std::string LineFor(const ReplayedUse& use) {
  std::string line = Printable(use.logged->path()) + ": ";
  line += ReasonName(use.reason);
  if (!use.detail.empty()) line += " (" + Printable(use.detail) + ")";
  return line;
}

std::string LineFor(const Replay::Unknown& content) {
  return Printable(content.path) + ": " + content.digests.front().ToString();
}

// The first items, those that look alike once.
template <typename Item>
std::string LinesOf(const NamedGroup<Item>& group) {
  std::vector<std::string> lines;
  lines.reserve(group.items.size());
  for (const Item* item : group.items) lines.push_back(LineFor(*item));
  std::ranges::sort(lines);
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kMostPaths); ++i) {
    text += "      " + lines[i] + "\n";
  }
  if (lines.size() > kMostPaths) {
    text += "      and " + Grouped(lines.size() - kMostPaths) + " more\n";
  }
  return text;
}

template <typename Item>
std::string GroupsText(std::string_view title,
                       const std::vector<NamedGroup<Item>>& groups) {
  if (groups.empty()) return {};
  std::string text = "\n" + std::string(title) + ":\n";
  std::size_t shown = 0;
  for (const auto& group : groups) {
    if (shown++ == kMostGroups) break;
    text += "  " + Printable(group.name) + ": " + Grouped(group.items.size()) +
            "\n" + LinesOf(group);
  }
  if (groups.size() > kMostGroups) {
    text += "  and " + Grouped(groups.size() - kMostGroups) + " more\n";
  }
  return text;
}

std::string CountsText(const Replay& replay) {
  std::string text = Counted(replay.uses, "use") + " replayed, " +
                     Grouped(replay.denied.size()) + " denied, " +
                     Grouped(replay.new_denials) + " of them new; " +
                     Grouped(replay.no_longer_denied) + " no longer denied";
  if (!replay.undecided.empty()) {
    text += "; " + Grouped(replay.undecided.size()) + " undecided";
  }
  text += "\n";
  for (const auto& [word, count] : replay.not_compared) {
    text += "not compared, because the record does not tell: " + word +
            ", of " + Counted(count, "use") + "\n";
  }
  return text;
}

json UseJson(const ReplayedUse& use) {
  // As the record has it; what was decided then is told apart.
  json entry = json::parse(WriteUse(*use.logged), nullptr, false);
  if (!entry.is_object()) entry = json::object();
  for (const std::string name : {"verdict", "reason"}) {
    if (entry.contains(name)) entry["recorded_" + name] = entry[name];
  }
  entry["verdict"] = VerdictName(use.verdict);
  entry["reason"] = ReasonName(use.reason);
  entry["rule"] = use.rule;
  entry["detail"] = use.detail;
  entry["package"] = use.package;
  entry["new"] = use.is_new;
  return entry;
}

}  // namespace

std::string ReplayText(const Replay& replay) {
  auto fresh = PointersTo(replay.denied);
  std::erase_if(fresh, [](const ReplayedUse* use) { return !use->is_new; });
  std::string text = CountsText(replay);
  text += GroupsText("new denials by package", GroupByName(fresh, PackageOf));
  text += GroupsText("new denials by program",
                     GroupByName(fresh, [](const ReplayedUse& use) {
                       return ProgramOf(*use.logged);
                     }));
  text += GroupsText(
      "new to these lists",
      GroupByName(PointersTo(replay.unknown),
                  [](const auto& content) { return FolderOf(content.path); }));
  text += GroupsText("undecided",
                     GroupByName(PointersTo(replay.undecided), PackageOf));
  return text;
}

json ReplayJson(const Replay& replay) {
  json all = {{"uses", replay.uses},
              {"denied", replay.denied.size()},
              {"new_denials", replay.new_denials},
              {"no_longer_denied", replay.no_longer_denied},
              {"undecided", replay.undecided.size()},
              {"not_compared", replay.not_compared},
              {"denials", json::array()},
              {"undecided_uses", json::array()},
              {"unknown", json::array()}};
  for (const ReplayedUse& use : replay.denied) {
    all["denials"].push_back(UseJson(use));
  }
  for (const ReplayedUse& use : replay.undecided) {
    json entry = UseJson(use);
    for (const char* name : {"verdict", "reason", "new"}) entry.erase(name);
    all["undecided_uses"].push_back(std::move(entry));
  }
  for (const Replay::Unknown& content : replay.unknown) {
    json digests = json::array();
    for (const Digest& digest : content.digests) {
      digests.push_back(digest.ToString());
    }
    all["unknown"].push_back({{"folder", FolderOf(content.path)},
                              {"path", content.path},
                              {"digests", std::move(digests)}});
  }
  return all;
}

}  // namespace assayfs
