// SPDX-License-Identifier: Apache-2.0
// Reports of a replay.
#include "app/uses/replay_report.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "app/report.h"
#include "app/uses/grouped.h"
#include "app/uses/logged_text.h"
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

std::string UserOf(const ReplayedUse& use) {
  for (const NumberFact which : {NumberFact::kEuid, NumberFact::kUid}) {
    const auto& uid = use.logged->use.numbers[static_cast<std::size_t>(which)];
    if (uid) return "uid " + std::to_string(*uid);
  }
  return "an unknown user";
}

std::string RuleOf(const ReplayedUse& use) {
  return use.rule.empty() ? "no rule" : use.rule;
}

// What is marked.
bool IsNew(const ReplayedUse& use) { return use.is_new; }
bool IsNew(const Replay::Unknown&) { return false; }

// What is shown of one use, and of one content.
std::string LineFor(const ReplayedUse& use) {
  std::string line = Printable(use.logged->path()) + ": ";
  line += ReasonName(use.reason);
  if (!use.rule.empty()) line += ", " + Printable(use.rule);
  if (!use.detail.empty()) line += " (" + Printable(use.detail) + ")";
  return line;
}

std::string LineFor(const Replay::Unknown& content) {
  return Printable(content.path) + ": " + content.digests.front().ToString();
}

// The first items, those that look alike once, new ones before others.
template <typename Item>
std::string LinesOf(const NamedGroup<Item>& group) {
  std::vector<std::pair<bool, std::string>> lines;
  lines.reserve(group.items.size());
  for (const Item* item : group.items) {
    lines.emplace_back(!IsNew(*item), LineFor(*item));
  }
  std::ranges::sort(lines);
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kMostPaths); ++i) {
    text += (lines[i].first ? "      " : "    + ") + lines[i].second + "\n";
  }
  if (lines.size() > kMostPaths) {
    text += "      and " + Grouped(lines.size() - kMostPaths) + " more\n";
  }
  return text;
}

template <typename Item>
std::size_t CountNew(const NamedGroup<Item>& group) {
  return static_cast<std::size_t>(std::ranges::count_if(
      group.items, [](const Item* item) { return IsNew(*item); }));
}

enum class Lines { kShow, kLeaveOut };

template <typename Item>
std::string GroupsText(std::string_view title,
                       std::vector<NamedGroup<Item>> groups,
                       Lines lines = Lines::kShow) {
  if (groups.empty()) return {};
  std::ranges::stable_sort(groups, std::greater(), CountNew<Item>);
  std::string text = "\n" + std::string(title) + ":\n";
  std::size_t shown = 0;
  for (const auto& group : groups) {
    if (shown++ == kMostGroups) break;
    text += "  " + Printable(group.name) + ": " + Grouped(group.items.size());
    const std::size_t fresh = CountNew(group);
    if (fresh > 0) text += ", " + Grouped(fresh) + " new";
    text += "\n";
    if (lines == Lines::kShow) text += LinesOf(group);
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
  const auto denied = PointersTo(replay.denied);
  std::string text = CountsText(replay);
  text += GroupsText("denied, by package", GroupByName(denied, PackageOf));
  text += GroupsText("denied, by program",
                     GroupByName(denied, [](const ReplayedUse& use) {
                       return ProgramOf(*use.logged);
                     }));
  text += GroupsText("denied, by user", GroupByName(denied, UserOf),
                     Lines::kLeaveOut);
  text += GroupsText("denied, by rule", GroupByName(denied, RuleOf),
                     Lines::kLeaveOut);
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
    all["unknown"].push_back({{"folder", ToLoggedText(FolderOf(content.path))},
                              {"path", ToLoggedText(content.path)},
                              {"digests", std::move(digests)}});
  }
  return all;
}

}  // namespace assayfs
