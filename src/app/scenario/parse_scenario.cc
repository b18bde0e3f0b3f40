// SPDX-License-Identifier: Apache-2.0
// Reading scenarios from TOML.
#include "app/scenario/parse_scenario.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "app/scenario/parse_step.h"
#include "app/scenario/parse_tree.h"
#include "app/scenario/toml_reader.h"
#include "app/scenario/toml_values.h"
#include "policy/rule.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxSteps = 10'000;
// The last PCR that not everyone can reset; 16 is one that everyone can.
constexpr std::uint32_t kMaxPcr = 22;
constexpr std::uint32_t kDebugPcr = 16;

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
  reader.Read("pcr", kMaxPcr, scenario.pcr);
  if (scenario.pcr == kDebugPcr) {
    complaint.Add(reader.Find("pcr")->place, "anyone can reset PCR 16");
  }
  reader.Read("only_alone", scenario.only_alone);
  reader.Read("only_mounted", scenario.only_mounted);
  if (!scenario.only_alone.empty() && !scenario.only_mounted.empty()) {
    complaint.Add(reader.Find("only_mounted")->key_place,
                  "with \"only_alone\" too it would not run at all");
  }
}

// After the tree: rules may name its files.
void ReadPolicy(const TomlReader& reader, TomlComplaint& complaint,
                Scenario& scenario) {
  if (const TomlValue* policy = reader.Find("policy")) {
    TakeText(*policy, complaint, scenario.policy);
    CheckPolicy(*policy, scenario, complaint);
  }
  reader.ReadName("policy_signed_by", scenario.policy_signer);
  const TomlValue* include = reader.Find("include");
  if (include == nullptr || !IsTable(*include, complaint)) return;
  for (const TomlValue& item : include->items) {
    std::string name;
    TakeNameKey(item, complaint, name);
    if (name == kScenarioPolicy) {
      complaint.Add(item.key_place, "the policy itself has this name");
    }
    TakeText(item, complaint, scenario.includes[name]);
    CheckMarks(item, scenario, complaint);
  }
}

}  // namespace

Result<Scenario> ParseScenario(std::string name, std::string_view text) {
  constexpr std::array<std::string_view, 16> kKeys = {
      "title",   "policy",  "policy_signed_by", "mode",
      "bind",    "floors",  "read_only",        "pcr",
      "trusted", "include", "only_alone",       "only_mounted",
      "tree",    "lists",   "more_lists",       "step"};
  const std::string file = name + ".toml:";
  const auto root = ParseToml(text);
  if (!root) return Fail(root.error().code(), file + root.error().message());
  Scenario scenario;
  scenario.name = std::move(name);
  TomlComplaint complaint;
  const TomlReader reader(*root, kKeys, complaint);
  reader.Need("policy");
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
