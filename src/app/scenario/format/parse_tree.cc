// SPDX-License-Identifier: Apache-2.0
// Reading the tree and the lists that a scenario begins with.
#include "app/scenario/format/parse_tree.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.h"

namespace assayfs {
namespace {

void ReadMode(const TomlReader& reader, TomlComplaint& complaint, mode_t& out) {
  const TomlValue* value = reader.Find("mode");
  if (value == nullptr) return;
  std::string text;
  TakeText(*value, complaint, text);
  const auto mode = ParseNumber<mode_t>(text, 8);
  if (mode && *mode <= 07777) {
    out = *mode;
  } else {
    complaint.Add(value->place,
                  "\"mode\" must be octal digits, from \"0000\" to \"7777\"");
  }
}

// Sets the kind by the one key that says it, and what is the default for it.
void ReadKind(const TomlValue& value, const TomlReader& reader,
              TomlComplaint& complaint, TreeEntry& entry) {
  const TomlValue* link = reader.Find("link");
  const TomlValue* folder = reader.Find("folder");
  const int kinds = (reader.Find("content") != nullptr ? 1 : 0) +
                    (link != nullptr ? 1 : 0) + (folder != nullptr ? 1 : 0);
  if (kinds != 1) {
    return complaint.Add(value.place,
                         "exactly one of these must be here: content, link, "
                         "folder");
  }
  reader.Read("content", entry.content);
  if (link != nullptr) {
    entry.kind = TreeEntry::Kind::kLink;
    reader.Read("link", entry.content);
    if (entry.content.empty() ||
        entry.content.find('\0') != entry.content.npos) {
      complaint.Add(link->place, "a link must lead to a path");
    }
    if (const TomlValue* mode = reader.Find("mode")) {
      complaint.Add(mode->key_place, "a link has no mode");
    }
  }
  if (folder != nullptr) {
    bool is_folder = true;
    reader.Read("folder", is_folder);
    if (!is_folder) {
      complaint.Add(folder->place, "\"folder\" can only be true");
    }
    entry.kind = TreeEntry::Kind::kFolder;
    entry.mode = 0755;
  }
}

TreeEntry ParseEntry(const TomlValue& value, TomlComplaint& complaint) {
  constexpr std::array<std::string_view, 6> kKeys = {
      "content", "link", "folder", "mode", "owner", "group"};
  TreeEntry entry;
  if (value.kind == TomlValue::Kind::kText) {
    entry.content = value.text;
    return entry;
  }
  if (value.kind != TomlValue::Kind::kTable) {
    complaint.Add(value.place, "an entry of the tree is text, or a table of " +
                                   JoinWords(kKeys));
    return entry;
  }
  const TomlReader reader(value, kKeys, complaint);
  ReadKind(value, reader, complaint, entry);
  ReadMode(reader, complaint, entry.mode);
  reader.Read("owner", kMaxId, entry.owner);
  reader.Read("group", kMaxId, entry.group);
  return entry;
}

void ReadAlgorithm(const TomlReader& reader, HashAlgorithm& out) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kHashAlgorithmCount; ++i) {
    names.push_back(AlgorithmName(static_cast<HashAlgorithm>(i)));
  }
  std::string name(AlgorithmName(out));
  reader.ReadWord("algorithm", names, name);
  out = *AlgorithmFromName(name);
}

// A list of a package may also have the links of the tree.
void ReadFiles(const TomlValue& value, const Scenario& scenario,
               TomlComplaint& complaint, ScenarioList& list) {
  using enum TreeEntry::Kind;
  TakeTexts(value, complaint, list.files);
  for (const TomlValue& item : value.items) {
    const auto entry = scenario.tree.find(item.text);
    if (entry == scenario.tree.end()) {
      complaint.Add(item.place, "\"" + item.text + "\" is not in the tree");
    } else if (entry->second.kind == kFolder ||
               (entry->second.kind == kLink && list.package.empty())) {
      complaint.Add(item.place, "\"" + item.text +
                                    "\" is no file (links may be in a list "
                                    "with \"package\")");
    }
  }
}

void ReadContents(const TomlValue& value, TomlComplaint& complaint,
                  ScenarioList& list) {
  if (!IsTable(value, complaint)) return;
  for (const TomlValue& item : value.items) {
    std::string path;
    TakePathKey(item, complaint, path);
    TakeText(item, complaint, list.contents[path]);
  }
}

ScenarioList ParseList(const TomlValue& value, const Scenario& scenario,
                       TomlComplaint& complaint) {
  constexpr std::array<std::string_view, 7> kKeys = {
      "files",   "contents", "signed_by", "algorithm",
      "package", "version",  "owner"};
  ScenarioList list;
  RefuseSettings(value, complaint);
  const TomlReader reader(value, kKeys, complaint);
  reader.Read("signed_by", list.signer);
  if (!list.signer.empty()) reader.ReadName("signed_by", list.signer);
  ReadAlgorithm(reader, list.algorithm);
  reader.ReadName("package", list.package);
  reader.Read("version", list.version);
  if (const TomlValue* version = reader.Find("version");
      version != nullptr && list.package.empty()) {
    complaint.Add(version->key_place, "\"version\" is for a \"package\"");
  }
  reader.Read("owner", kMaxId, list.owner);
  if (const TomlValue* files = reader.Find("files")) {
    ReadFiles(*files, scenario, complaint, list);
  }
  if (const TomlValue* contents = reader.Find("contents")) {
    ReadContents(*contents, complaint, list);
  }
  return list;
}

}  // namespace

void RefuseSettings(const TomlValue& table, TomlComplaint& complaint) {
  for (const TomlValue& item : table.items) {
    if (item.kind == TomlValue::Kind::kTable ||
        std::ranges::find(kSettings, item.key) == kSettings.end()) {
      continue;
    }
    complaint.Add(item.key_place,
                  "\"" + item.key +
                      "\" is a setting, and settings stand before the first "
                      "table");
  }
}

void ParseTree(const TomlValue& value, TomlComplaint& complaint,
               Scenario& scenario) {
  if (!IsTable(value, complaint)) return;
  RefuseSettings(value, complaint);
  for (const TomlValue& item : value.items) {
    std::string path;
    TakePathKey(item, complaint, path);
    scenario.tree[path] = ParseEntry(item, complaint);
  }
  // What is below a link would land where it leads, which may be anywhere.
  for (const TomlValue& item : value.items) {
    for (auto end = item.key.find('/', 1); end != std::string::npos;
         end = item.key.find('/', end + 1)) {
      const auto above = scenario.tree.find(item.key.substr(0, end));
      if (above == scenario.tree.end() ||
          above->second.kind == TreeEntry::Kind::kFolder) {
        continue;
      }
      complaint.Add(item.key_place, "\"" + above->first +
                                        "\" is no folder, so nothing can be "
                                        "in it");
    }
  }
}

void ParseLists(const TomlValue& value, const Scenario& scenario,
                TomlComplaint& complaint,
                std::map<std::string, ScenarioList>& out) {
  if (!IsTable(value, complaint)) return;
  RefuseSettings(value, complaint);
  for (const TomlValue& item : value.items) {
    std::string name;
    TakeNameKey(item, complaint, name);
    if (scenario.lists.contains(name)) {
      complaint.Add(item.key_place,
                    "there is a list \"" + name + "\" in \"lists\"");
    }
    out[name] = ParseList(item, scenario, complaint);
  }
}

}  // namespace assayfs
