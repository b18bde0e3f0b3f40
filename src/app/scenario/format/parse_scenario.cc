// SPDX-License-Identifier: Apache-2.0
// Reading scenarios from TOML.
#include "app/scenario/format/parse_scenario.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "app/scenario/format/parse_rules.h"
#include "app/scenario/format/parse_step.h"
#include "app/scenario/format/parse_tree.h"
#include "app/scenario/format/toml_reader.h"
#include "app/scenario/format/toml_values.h"
#include "policy/built_in_policies.h"
#include "policy/rule.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxSteps = 10'000;

void ParseSteps(const TomlValue& value, TomlComplaint& complaint,
                Scenario& scenario) {
  if (value.kind != TomlValue::Kind::kArray || value.items.empty()) {
    return complaint.Add(value.key_place,
                         "steps are written [[step]], each by itself");
  }
  if (value.items.size() > kMaxSteps) {
    return complaint.Add(value.items[kMaxSteps].place,
                         "more than " + std::to_string(kMaxSteps) + " steps");
  }
  for (const TomlValue& item : value.items) {
    scenario.steps.push_back(ParseStep(item, scenario, complaint));
  }
}

void ReadTitle(const TomlReader& reader, TomlComplaint& complaint,
               std::string& out) {
  const TomlValue* title = reader.Need("title");
  if (title == nullptr) return;
  TakeText(*title, complaint, out);
  const bool one_line = std::ranges::none_of(
      out, [](char character) { return character >= 0 && character < ' '; });
  if (out.empty() || !one_line) {
    complaint.Add(title->place, "\"title\" must be one line of text");
  }
}

void ReadTrusted(const TomlReader& reader, TomlComplaint& complaint,
                 Scenario& scenario) {
  const TomlValue* trusted = reader.Find("trusted");
  if (trusted == nullptr) return;
  TakeTexts(*trusted, complaint, scenario.trusted);
  for (const TomlValue& item : trusted->items) {
    std::string name;
    TakeName(item, complaint, name);
  }
}

void ReadSettings(const TomlReader& reader, TomlComplaint& complaint,
                  Scenario& scenario) {
  constexpr std::array<std::string_view, 2> kModes = {"enforce", "log"};
  ReadTitle(reader, complaint, scenario.title);
  ReadTrusted(reader, complaint, scenario);
  reader.ReadWord("mode", kModes, scenario.mode);
  reader.Read("bind", scenario.bind);
  if (const TomlValue* bind = reader.Find("bind")) {
    const auto binding = ParseBinding(scenario.bind);
    if (!binding) complaint.Add(bind->place, binding.error().message());
  }
  reader.Read("read_only", scenario.read_only);
  reader.Read("floors", scenario.floors);
  reader.Read("pcr", ~0U, scenario.pcr);
  if (const TomlValue* pcr = reader.Find("pcr")) {
    if (!CanBeExtended(scenario.pcr)) {
      complaint.Add(pcr->place, "\"pcr\" must be " + std::string(kPcrRange));
    }
  }
  reader.ReadFilled("only_alone", scenario.only_alone);
  reader.ReadFilled("only_mounted", scenario.only_mounted);
  if (!scenario.only_alone.empty() && !scenario.only_mounted.empty()) {
    complaint.Add(reader.Find("only_mounted")->key_place,
                  "with \"only_alone\" too it would not run at all");
  }
}

RulesPlace PlaceOf(const TomlValue& value, const Scenario& scenario) {
  const bool spread = value.first_line != 0;
  return {.file = scenario.name + ".toml",
          .line = spread ? value.first_line : value.place.line,
          .spread = spread};
}

void ReadIncludes(const TomlReader& reader, TomlComplaint& complaint,
                  Scenario& scenario) {
  const TomlValue* include = reader.Find("include");
  if (include == nullptr || !IsTable(*include, complaint)) return;
  for (const TomlValue& item : include->items) {
    std::string name;
    TakeNameKey(item, complaint, name);
    if (name == kScenarioPolicy) {
      complaint.Add(item.key_place, "the policy itself has this name");
    }
    if (FindBuiltInPolicy(name, scenario.pcr)) {
      complaint.Add(item.key_place, "a built-in policy has this name");
    }
    TakeText(item, complaint, scenario.includes[name]);
    scenario.rules[name] = PlaceOf(item, scenario);
  }
  RefuseSettings(*include, complaint);
  for (const TomlValue& item : include->items) {
    CheckRules(item, scenario, complaint);
  }
}

void ReadPolicyFile(const TomlReader& reader, TomlComplaint& complaint,
                    Scenario& scenario) {
  const TomlValue* file = reader.Find("policy_file");
  if (file == nullptr) return;
  TakeText(*file, complaint, scenario.policy_file);
  if (!IsTomlPath("/" + scenario.policy_file)) {
    complaint.Add(file->place,
                  "\"policy_file\" must be a path from the folder that the "
                  "scenario is in, and not lead out of it");
  }
}

// After the tree: rules may name its files.
void ReadPolicy(const TomlReader& reader, TomlComplaint& complaint,
                Scenario& scenario) {
  ReadIncludes(reader, complaint, scenario);
  ReadPolicyFile(reader, complaint, scenario);
  const TomlValue* policy = reader.Find("policy");
  const TomlValue* file = reader.Find("policy_file");
  if (policy != nullptr && file != nullptr) {
    complaint.Add(file->key_place, "there is a \"policy\" already");
  }
  if (file == nullptr) policy = reader.Need("policy");
  if (policy != nullptr) {
    TakeText(*policy, complaint, scenario.policy);
    CheckPolicy(*policy, scenario, complaint);
    scenario.rules[kScenarioPolicy] = PlaceOf(*policy, scenario);
  }
  reader.ReadName("policy_signed_by", scenario.policy_signer);
}

}  // namespace

Result<Scenario> ParseScenario(std::string name, std::string_view text) {
  std::vector<std::string_view> keys(kSettings.begin(), kSettings.end());
  keys.insert(keys.end(), {"include", "tree", "lists", "more_lists", "step"});
  const std::string file = name + ".toml:";
  const auto root = ParseToml(text);
  if (!root) return Fail(root.error().code(), file + root.error().message());
  Scenario scenario;
  scenario.name = std::move(name);
  TomlComplaint complaint;
  const TomlReader reader(*root, keys, complaint);
  ReadSettings(reader, complaint, scenario);
  if (const TomlValue* tree = reader.Find("tree")) {
    ParseTree(*tree, complaint, scenario);
  }
  ReadPolicy(reader, complaint, scenario);
  if (const TomlValue* lists = reader.Find("lists")) {
    ParseLists(*lists, scenario, complaint, scenario.lists);
  }
  if (const TomlValue* lists = reader.Find("more_lists")) {
    ParseLists(*lists, scenario, complaint, scenario.more_lists);
  }
  if (const TomlValue* steps = reader.Need("step")) {
    ParseSteps(*steps, complaint, scenario);
  }
  if (complaint.first()) return Fail(EINVAL, file + *complaint.first());
  return scenario;
}

}  // namespace assayfs
