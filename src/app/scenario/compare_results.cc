// SPDX-License-Identifier: Apache-2.0
// What steps gave, compared with what was expected.
#include "app/scenario/compare_results.h"

#include <cassert>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/bytes.h"

namespace assayfs {
namespace {

std::string ValueText(const std::string& text) { return text; }
std::string ValueText(unsigned number) { return std::to_string(number); }
std::string ValueText(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

// Collects the differences in one step.
class StepComparison {
 public:
  StepComparison(const Step& step, std::string expected_from,
                 std::string got_from, std::vector<Difference>& differences)
      : differences_(differences) {
    about_.line = step.line;
    about_.step = StepText(step);
    about_.expected_from = std::move(expected_from);
    about_.got_from = std::move(got_from);
  }

  template <typename Value>
  void Compare(const char* what, const Value& expected, const Value& got) {
    if (expected != got) Add(what, ValueText(expected), ValueText(got));
  }
  template <typename Value>
  void Compare(const char* what, const std::optional<Value>& expected,
               const Value& got) {
    if (expected) Compare(what, *expected, got);
  }
  void Add(const char* what, std::string expected, std::string got) {
    Difference difference = about_;
    difference.what = what;
    difference.expected = std::move(expected);
    difference.got = std::move(got);
    differences_.push_back(std::move(difference));
  }

 private:
  Difference about_;
  std::vector<Difference>& differences_;
};

// Names the asker as far as it is not root in no container.
std::string AskerText(const Step& step) {
  std::string text = " by uid " + std::to_string(step.uid);
  const auto add = [&text](const char* what, unsigned id) {
    text += std::string(" ") + what + " " + std::to_string(id);
  };
  if (step.gid != 0) add("gid", step.gid);
  if (step.euid) add("euid", *step.euid);
  if (step.egid) add("egid", *step.egid);
  if (!step.exe.empty()) text += " with " + step.exe;
  if (!step.container.empty()) text += " in container " + step.container;
  return text;
}

std::string_view PurposeText(Mask mask) {
  if ((mask & kMayExec) != 0) return "exec";
  if ((mask & kMayAppend) != 0) return "append";
  if ((mask & kMayWrite) == 0) return "read";
  return (mask & kMayRead) != 0 ? "read-write" : "write";
}

std::string ReloadText(const Step& step) {
  if (step.text.empty()) return "reload the same policy";
  return "reload another policy" +
         (step.signed_by.empty() ? "" : " signed by " + step.signed_by);
}

std::string UnescapedStepText(const Step& step) {
  using enum Step::Action;
  switch (step.action) {
    case kOpen:
      return "open " + step.path + " for " +
             std::string(PurposeText(step.mask)) + AskerText(step);
    case kWrite:
      return "write " + step.path;
    case kChange:
      return "change " + step.path + " below the mount";
    case kRename:
      return "rename " + step.path + " to " + step.to;
    case kRemove:
      return "remove " + step.path;
    case kSetOwner:
      return "give " + step.path + " to uid " + std::to_string(step.owner) +
             " below the mount";
    case kAddList:
      return "add list " + step.list;
    case kReplaceList:
      return "replace list " + step.list + " with " + step.to;
    case kRemoveList:
      return "remove list " + step.list;
    case kRevoke:
      return "revoke " + step.text;
    case kReload:
      return ReloadText(step);
  }
  return {};
}

}  // namespace

std::vector<Difference> CompareWithExpected(
    const Scenario& scenario, const std::vector<StepResult>& results,
    const std::string& got_from) {
  assert(results.size() == scenario.steps.size());
  std::vector<Difference> differences;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Expectation& expect = scenario.steps[i].expect;
    const StepResult& got = results[i];
    StepComparison step(scenario.steps[i], "expected", got_from, differences);
    step.Compare("verdict", expect.verdict, got.verdict);
    step.Compare("reason", expect.reason, got.reason);
    step.Compare("line", expect.line, got.line);
    step.Compare("records", expect.records, got.records);
    step.Compare("measured", expect.measured, got.measured);
    const std::string error = expect.error.value_or("");
    const bool as_expected = error.empty()
                                 ? got.error.empty()
                                 : got.error.find(error) != std::string::npos;
    if (!as_expected) step.Add("error", error, got.error);
  }
  return differences;
}

std::vector<Difference> CompareWays(const Scenario& scenario,
                                    const std::vector<StepResult>& alone,
                                    const std::vector<StepResult>& mounted) {
  assert(alone.size() == scenario.steps.size());
  assert(mounted.size() == scenario.steps.size());
  std::vector<Difference> differences;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    StepComparison step(scenario.steps[i], "alone", "mounted", differences);
    step.Compare("verdict", alone[i].verdict, mounted[i].verdict);
    step.Compare("reason", alone[i].reason, mounted[i].reason);
    step.Compare("line", alone[i].line, mounted[i].line);
    step.Compare("records", alone[i].records, mounted[i].records);
    step.Compare("measured", alone[i].measured, mounted[i].measured);
    const bool reloads = scenario.steps[i].action == Step::Action::kReload;
    const bool differ = reloads
                            ? alone[i].error.empty() != mounted[i].error.empty()
                            : alone[i].error != mounted[i].error;
    if (differ) {
      step.Add("error", alone[i].error, mounted[i].error);
    }
  }
  return differences;
}

std::string StepText(const Step& step) {
  return Printable(UnescapedStepText(step));
}

std::string StepErrorText(const Step& step, int code) {
  return step.path + (step.to.empty() ? "" : " to " + step.to) + ": " +
         std::generic_category().message(code);
}

std::string WithoutFolder(std::string message, const std::string& folder) {
  const std::string prefix = folder + "/";
  for (auto at = message.find(prefix); at != std::string::npos;
       at = message.find(prefix, at)) {
    message.erase(at, prefix.size());
  }
  return message;
}

bool ChangesTree(Step::Action action) {
  using enum Step::Action;
  return action == kChange || action == kRename || action == kRemove ||
         action == kSetOwner;
}

}  // namespace assayfs
