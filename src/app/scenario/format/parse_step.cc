// SPDX-License-Identifier: Apache-2.0
// Reading one step of a scenario.
#include "app/scenario/format/parse_step.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/scenario/format/parse_rules.h"
#include "app/scenario/format/parse_tree.h"
#include "assayfs/verdict.h"

namespace assayfs {
namespace {

using Words = std::vector<std::string_view>;

// The key that says what a step does, and the keys that it may have beside it.
struct Form {
  std::string_view key;
  Step::Action action;
  Words others;
};

const std::vector<Form>& Forms() {
  using enum Step::Action;
  static const std::vector<Form> kForms = {
      {"open",
       kOpen,
       {"for", "uid", "gid", "euid", "egid", "exe", "container", "verdict",
        "reason", "line", "error"}},
      {"write", kWrite, {"content", "verdict", "reason", "line", "error"}},
      {"change", kChange, {"content", "error"}},
      {"rename", kRename, {"to", "error"}},
      {"remove", kRemove, {"error"}},
      {"chown", kSetOwner, {"owner", "error"}},
      {"add_list", kAddList, {}},
      {"replace_list", kReplaceList, {"with"}},
      {"remove_list", kRemoveList, {}},
      {"revoke", kRevoke, {}},
      {"reload", kReload, {"signed_by", "error"}},
  };
  return kForms;
}

Words WordsOf(const Form& form) {
  Words words = {form.key};
  words.insert(words.end(), form.others.begin(), form.others.end());
  words.insert(words.end(), {"records", "measured"});
  return words;
}

// Names the key that no step has, which is the likely reason.
std::string WhyNoForm(const TomlValue& value) {
  for (const TomlValue& item : value.items) {
    const bool known = std::ranges::any_of(Forms(), [&](const Form& form) {
      const Words words = WordsOf(form);
      return std::ranges::find(words, item.key) != words.end();
    });
    if (!known) return "\"" + item.key + "\" is not known in a step";
  }
  return "the step does nothing";
}

// Returns the one form that the step has; null if there is none, or two.
const Form* FindForm(const TomlValue& value, TomlComplaint& complaint) {
  const Form* found = nullptr;
  Words keys;
  for (const Form& form : Forms()) {
    keys.push_back(form.key);
    const auto item = std::ranges::find(value.items, form.key, &TomlValue::key);
    if (item == value.items.end()) continue;
    if (found != nullptr) {
      complaint.Add(item->key_place, "the step does two things, " +
                                         std::string(found->key) + " and " +
                                         std::string(form.key));
      return nullptr;
    }
    found = &form;
  }
  if (found == nullptr) {
    complaint.Add(value.place, WhyNoForm(value) +
                                   "; it must have one of: " + JoinWords(keys));
  }
  return found;
}

Mask MaskFor(const TomlReader& step) {
  constexpr std::array<std::pair<std::string_view, Mask>, 5> kMasks = {{
      {"read", kMayRead},
      {"write", kMayWrite},
      {"append", kMayWrite | kMayAppend},
      {"read-write", kMayRead | kMayWrite},
      {"exec", kMayExec},
  }};
  Words words;
  for (const auto& [word, mask] : kMasks) words.push_back(word);
  std::string word = "read";
  step.ReadWord("for", words, word);
  return std::ranges::find(kMasks, word,
                           [](const auto& entry) { return entry.first; })
      ->second;
}

bool IsContainerId(std::string_view text) {
  return text.size() == 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void ReadAsker(const TomlReader& reader, TomlComplaint& complaint, Step& step) {
  reader.Read("uid", kMaxId, step.uid);
  reader.Read("gid", kMaxId, step.gid);
  if (reader.Find("euid")) reader.Read("euid", kMaxId, step.euid.emplace());
  if (reader.Find("egid")) reader.Read("egid", kMaxId, step.egid.emplace());
  reader.ReadPath("exe", step.exe);
  if (!step.exe.empty() && step.mask != kMayRead) {
    complaint.Add(reader.Find("exe")->key_place,
                  "with \"exe\", a file can only be opened for reading");
  }
  reader.Read("container", step.container);
  if (!step.container.empty() && !IsContainerId(step.container)) {
    complaint.Add(reader.Find("container")->place,
                  "the id of a container is 64 digits of 0-9 and a-f");
  }
}

Words VerdictNames() {
  Words names;
  for (const Verdict verdict :
       {Verdict::kAllow, Verdict::kDeny, Verdict::kUnjudged, Verdict::kError}) {
    names.push_back(VerdictName(verdict));
  }
  return names;
}

Words ReasonNames() {
  Words names;
  for (auto reason = Reason::kKnown;;
       reason = static_cast<Reason>(static_cast<int>(reason) + 1)) {
    names.push_back(ReasonName(reason));
    if (reason == Reason::kIoError) return names;
  }
}

void ReadExpectation(const TomlReader& reader, TomlComplaint& complaint,
                     Expectation& expect) {
  if (reader.Find("verdict")) {
    reader.ReadWord("verdict", VerdictNames(), expect.verdict.emplace());
  }
  if (reader.Find("reason")) {
    reader.ReadWord("reason", ReasonNames(), expect.reason.emplace());
  }
  if (reader.Find("line")) {
    reader.Read("line", kMaxTomlBytes, expect.line.emplace());
  }
  if (const TomlValue* records = reader.Find("records")) {
    TakeTexts(*records, complaint, expect.records.emplace());
  }
  if (const TomlValue* measured = reader.Find("measured")) {
    TakeTexts(*measured, complaint, expect.measured.emplace());
  }
  if (reader.Find("error")) reader.ReadFilled("error", expect.error.emplace());
}

void CheckList(const TomlValue& value, const Scenario& scenario,
               TomlComplaint& complaint) {
  if (scenario.lists.contains(value.text) ||
      scenario.more_lists.contains(value.text)) {
    return;
  }
  Words names;
  for (const auto& [name, list] : scenario.lists) names.push_back(name);
  for (const auto& [name, list] : scenario.more_lists) names.push_back(name);
  complaint.Add(value.place, "there is no list \"" + value.text + "\" (" +
                                 JoinWords(names) + ")");
}

// A list keeps its file, and so its format.
void ReadReplacement(const TomlReader& reader, const Scenario& scenario,
                     TomlComplaint& complaint, Step& step) {
  reader.Need("with");
  const TomlValue* const with = reader.Find("with");
  if (with == nullptr) return;
  TakeText(*with, complaint, step.to);
  CheckList(*with, scenario, complaint);
  const auto is_package = [&scenario](const std::string& name) {
    for (const auto* lists : {&scenario.lists, &scenario.more_lists}) {
      const auto found = lists->find(name);
      if (found != lists->end()) return !found->second.package.empty();
    }
    return false;
  };
  if (is_package(step.list) == is_package(step.to)) return;
  complaint.Add(with->place, "only one of the two is of a package");
}

// The same policy again has the signature that it had.
void ForbidSigner(const TomlReader& reader, TomlComplaint& complaint) {
  if (const TomlValue* signer = reader.Find("signed_by")) {
    complaint.Add(signer->key_place, "\"signed_by\" is for other rules");
  }
}

// Reads what the form's own key says, and what must be beside it.
void ReadAction(const Form& form, const TomlReader& reader,
                const Scenario& scenario, TomlComplaint& complaint,
                Step& step) {
  using enum Step::Action;
  const TomlValue& value = *reader.Find(form.key);
  switch (form.action) {
    case kAddList:
    case kRemoveList:
      TakeText(value, complaint, step.list);
      return CheckList(value, scenario, complaint);
    case kReplaceList:
      TakeText(value, complaint, step.list);
      CheckList(value, scenario, complaint);
      return ReadReplacement(reader, scenario, complaint, step);
    case kRevoke:
      TakeText(value, complaint, step.text);
      return CheckMarks(value, scenario, complaint);
    case kReload:
      TakeText(value, complaint, step.text);
      if (step.text.empty()) return ForbidSigner(reader, complaint);
      CheckPolicy(value, scenario, complaint);
      return reader.ReadName("signed_by", step.signed_by);
    default:
      TakePath(value, complaint, step.path);
  }
  if (form.action == kWrite || form.action == kChange) reader.Need("content");
  reader.Read("content", step.text);
  if (form.action == kRename) reader.Need("to");
  reader.ReadPath("to", step.to);
  if (form.action == kSetOwner) reader.Need("owner");
  reader.Read("owner", kMaxId, step.owner);
}

}  // namespace

Step ParseStep(const TomlValue& value, const Scenario& scenario,
               TomlComplaint& complaint) {
  Step step;
  step.line = value.place.line;
  if (!IsTable(value, complaint)) return step;
  RefuseSettings(value, complaint);
  const Form* form = FindForm(value, complaint);
  if (form == nullptr) return step;
  step.action = form->action;
  const TomlReader reader(value, WordsOf(*form), complaint);
  ReadAction(*form, reader, scenario, complaint, step);
  step.mask = MaskFor(reader);
  ReadAsker(reader, complaint, step);
  ReadExpectation(reader, complaint, step.expect);
  return step;
}

}  // namespace assayfs
