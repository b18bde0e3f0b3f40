// SPDX-License-Identifier: Apache-2.0
// Checking the rules, and the words between "%", of a scenario.
#include "app/scenario/format/parse_rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "policy/built_in_policies.h"
#include "policy/parse_policy.h"

namespace assayfs {
namespace {

using Words = std::vector<std::string_view>;

// Says whether word, between "%", stands for something.
bool IsMark(std::string_view word, const Scenario& scenario) {
  constexpr std::array<std::string_view, 3> kMarks = {"FSMAGIC", "FSNAME",
                                                      "FSUUID"};
  constexpr std::string_view kKey = "KEY ";
  if (word.empty()) return true;  // two stand for one
  if (std::ranges::find(kMarks, word) != kMarks.end()) return true;
  if (word.starts_with(kKey)) return IsTomlName(word.substr(kKey.size()));
  const auto entry = scenario.tree.find(std::string(word));
  return entry != scenario.tree.end() &&
         entry->second.kind == TreeEntry::Kind::kFile;
}

}  // namespace

void CheckMarks(const TomlValue& value, const Scenario& scenario,
                TomlComplaint& complaint) {
  const std::string_view text = value.text;
  for (auto at = text.find('%'); at != text.npos;) {
    const auto end = text.find('%', at + 1);
    if (end == text.npos) {
      return complaint.Add(value.place, "there is one \"%\" without another");
    }
    const auto word = text.substr(at + 1, end - at - 1);
    if (!IsMark(word, scenario)) {
      return complaint.Add(value.place,
                           "\"%" + std::string(word) +
                               "%\" stands for nothing: it must be a file of "
                               "the tree, KEY NAME, FSMAGIC, FSNAME or FSUUID; "
                               "\"%%\" stands for one \"%\"");
    }
    at = text.find('%', end + 1);
  }
}

void CheckRules(const TomlValue& value, const Scenario& scenario,
                TomlComplaint& complaint) {
  CheckMarks(value, scenario, complaint);
  Words names;
  for (const auto& [name, text] : scenario.includes) names.push_back(name);
  for (const BuiltInPolicy& policy : BuiltInPolicies()) {
    names.push_back(policy.name);
  }
  for (const std::string& name : IncludedNames(value.text)) {
    if (std::ranges::find(names, name) != names.end()) continue;
    complaint.Add(value.place, "there is no \"" + name +
                                   "\" to include: it must be in [include], or "
                                   "a built-in policy (" +
                                   JoinWords(names) + ")");
  }
}

void CheckPolicy(const TomlValue& value, const Scenario& scenario,
                 TomlComplaint& complaint) {
  if (value.kind != TomlValue::Kind::kText) return;
  CheckRules(value, scenario, complaint);
  if (value.text.find_first_of(" \t\n") != std::string::npos) return;
  Words names;
  for (const BuiltInPolicy& policy : BuiltInPolicies()) {
    if (policy.name == value.text) return;
    names.push_back(policy.name);
  }
  complaint.Add(value.place, "\"" + value.text +
                                 "\" is neither rules nor a built-in policy (" +
                                 JoinWords(names) + ")");
}

}  // namespace assayfs
