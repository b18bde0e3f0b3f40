// SPDX-License-Identifier: Apache-2.0
// Reports of content that no list knows.
#include "app/uses/learn_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/report.h"
#include "app/uses/grouped.h"
#include "app/uses/logged_text.h"
#include "app/uses/use_records.h"
#include "base/bytes.h"

namespace assayfs {
namespace {

using nlohmann::json;
using Kind = UnknownContent::Kind;

// "made by /usr/bin/a and 2 more"
std::string OriginOf(const UnknownContent& content) {
  const bool made = !content.makers.empty();
  const auto& programs = made ? content.makers : content.users;
  std::string text = made ? "made by " : "used by ";
  text += programs.empty() ? "nobody" : *programs.begin();
  if (programs.size() > 1)
    text += " and " + Grouped(programs.size() - 1) + " more";
  return text;
}

std::string LineFor(const UnknownContent& content) {
  std::string line = content.taken ? "  + " : "    ";
  line.append(KindName(content.kind)).append("  ");
  line += Printable(content.path) + "  " + content.digests.front().ToString();
  if (!content.package.empty()) {
    line += " (" + Printable(content.package) + ")";
  }
  return line + "\n";
}

std::string FolderText(const std::vector<const UnknownContent*>& contents) {
  std::string text;
  for (const auto& group : GroupByName(contents, OriginOf)) {
    text += "  " + Printable(group.name) + ":\n";
    for (const UnknownContent* content : group.items) text += LineFor(*content);
  }
  return text;
}

std::string CountsText(const UnknownContents& contents) {
  std::string text =
      Counted(contents.all.size(), "content") + " that no list knows";
  char separator = ':';
  for (const Kind kind : {Kind::kConfiguration, Kind::kModified, Kind::kAlien,
                          Kind::kWithdrawn}) {
    const auto count = static_cast<std::size_t>(
        std::ranges::count(contents.all, kind, &UnknownContent::kind));
    if (count == 0) continue;
    text += separator;
    text += " " + Grouped(count) + " ";
    text += KindName(kind);
    separator = ',';
  }
  if (contents.undecided > 0) {
    text += "; " + Grouped(contents.undecided) +
            " left out, because lists have digests of another kind than the "
            "record";
  }
  return text + "\n";
}

json TextsJson(const std::set<std::string>& texts) {
  json all = json::array();
  for (const std::string& text : texts) all.push_back(ToLoggedText(text));
  return all;
}

}  // namespace

std::string LearnText(const UnknownContents& contents) {
  std::string text;
  const auto folders = GroupByName(
      PointersTo(contents.all),
      [](const UnknownContent& content) { return FolderOf(content.path); });
  for (const auto& folder : folders) {
    text += Printable(folder.name) + "\n" + FolderText(folder.items);
  }
  return text + CountsText(contents);
}

json LearnJson(const UnknownContents& contents) {
  json all = {{"unknown", contents.all.size()},
              {"undecided", contents.undecided},
              {"contents", json::array()}};
  for (const UnknownContent& content : contents.all) {
    json digests = json::array();
    for (const Digest& digest : content.digests) {
      digests.push_back(digest.ToString());
    }
    all["contents"].push_back({{"path", ToLoggedText(content.path)},
                               {"folder", ToLoggedText(FolderOf(content.path))},
                               {"kind", KindName(content.kind)},
                               {"package", content.package},
                               {"digests", std::move(digests)},
                               {"made_by", TextsJson(content.makers)},
                               {"used_by", TextsJson(content.users)},
                               {"taken", content.taken}});
  }
  return all;
}

}  // namespace assayfs
