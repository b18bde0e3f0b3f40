// SPDX-License-Identifier: Apache-2.0
// What came of scenarios, printed in three forms.
#include "app/scenario/scenario_report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string_view>

#include "base/bytes.h"

namespace assayfs {
namespace {

enum class State { kPassed, kFailed, kBroken, kSkipped };
State StateOf(const ScenarioOutcome& outcome) {
  if (!outcome.error.empty()) return State::kBroken;
  if (!outcome.passed()) return State::kFailed;
  return outcome.skipped.empty() ? State::kPassed : State::kSkipped;
}

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;  // differ
  std::size_t broken = 0;  // could not be run
  std::size_t skipped = 0;
  std::size_t steps = 0;  // that were run
  double seconds = 0;
};

Totals TotalsOf(const std::vector<ScenarioOutcome>& outcomes) {
  Totals totals;
  for (const ScenarioOutcome& outcome : outcomes) {
    const State state = StateOf(outcome);
    if (state == State::kPassed) ++totals.passed;
    if (state == State::kSkipped) ++totals.skipped;
    if (state == State::kFailed) ++totals.failed;
    if (state == State::kBroken) ++totals.broken;
    if (state != State::kSkipped) totals.steps += outcome.steps;
    totals.seconds += outcome.seconds;
  }
  return totals;
}

// As Printable, but a backslash stays: most texts are printable already.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char character : text) {
    line += character == '\\' ? "\\" : Printable({&character, 1});
  }
  return line;
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.push_back(OneLine(line));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

std::string CountText(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string SecondsText(double seconds, int digits) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(),
                                 seconds, std::chars_format::fixed, digits);
  return end.ec == std::errc() ? std::string(text.data(), end.ptr) : "0";
}

std::string NameText(const ScenarioOutcome& outcome) {
  return OneLine(outcome.name) +
         (outcome.title.empty() ? "" : ": " + OneLine(outcome.title));
}

std::string SaidText(const std::string& from, const std::string& value) {
  return (from == "expected" ? from : from + " says") + " " +
         (value.empty() ? "nothing" : OneLine(value));
}

// Lines that only one side has, behind "-" and "+", between those at the
// beginning and at the end that both have.
std::string DiffText(const Difference& difference, const std::string& indent) {
  const std::vector<std::string> expected = LinesOf(difference.expected);
  const std::vector<std::string> got = LinesOf(difference.got);
  const auto first = std::ranges::mismatch(expected, got);
  const auto last =
      std::mismatch(expected.rbegin(), std::make_reverse_iterator(first.in1),
                    got.rbegin(), std::make_reverse_iterator(first.in2));
  std::string text;
  const auto add = [&](const char* mark, auto from, auto to) {
    for (; from != to; ++from) text += indent + mark + *from + "\n";
  };
  add("  ", expected.begin(), first.in1);
  add("- ", first.in1, last.first.base());
  add("+ ", first.in2, last.second.base());
  add("  ", last.first.base(), expected.end());
  return text;
}

std::string DifferenceText(const Difference& difference) {
  constexpr std::size_t kColumn = 10;
  const std::string indent(9, ' ');
  std::string what = difference.what;
  what.resize(std::max(what.size() + 1, kColumn), ' ');
  if (what.starts_with("records ") || what.starts_with("measured ")) {
    return indent + what + "- " + difference.expected_from + ", + " +
           difference.got_from + "\n" +
           DiffText(difference, indent + std::string(kColumn, ' '));
  }
  return indent + what +
         SaidText(difference.expected_from, difference.expected) + ", " +
         SaidText(difference.got_from, difference.got) + "\n";
}

std::string FailureText(const ScenarioOutcome& outcome) {
  const std::string indent(5, ' ');
  std::string text;
  if (!outcome.error.empty()) {
    text += indent + OneLine(outcome.error) + "\n";
  }
  auto differences = outcome.differences;
  std::ranges::stable_sort(differences, {}, &Difference::line);
  const Difference* before = nullptr;
  for (const Difference& difference : differences) {
    const bool same_step = before != nullptr &&
                           before->line == difference.line &&
                           before->step == difference.step;
    before = &difference;
    if (!same_step) {
      text += indent + OneLine(outcome.file) + ":" +
              std::to_string(difference.line) + ": " +
              OneLine(difference.step) + "\n";
    }
    text += DifferenceText(difference);
  }
  return text;
}

// Text between quotation marks, as YAML, and JSON, have it.
std::string YamlText(std::string_view text) {
  std::string quoted = "\"";
  for (const std::string& line : LinesOf(text)) {
    if (quoted.size() > 1) quoted += "\\n";
    for (const char character : line) {
      if (character == '"' || character == '\\') quoted += '\\';
      quoted += character;
    }
  }
  return quoted + "\"";
}

// In a description "#" begins a directive.
std::string TapText(const std::string& line) {
  std::string text;
  for (const char character : line) {
    if (character == '#' || character == '\\') text += '\\';
    text += character;
  }
  return text;
}

std::string TapDiagnostics(const ScenarioOutcome& outcome) {
  std::string text = "  ---\n";
  text += "  file: " + YamlText(outcome.file) + "\n";
  if (!outcome.error.empty()) {
    text += "  message: " + YamlText(outcome.error) + "\n";
  }
  if (!outcome.differences.empty()) text += "  differences:\n";
  for (const Difference& difference : outcome.differences) {
    const auto add = [&text](std::string_view key, const std::string& value) {
      text += "      " + std::string(key) + ": " + value + "\n";
    };
    text += "    - line: " + std::to_string(difference.line) + "\n";
    add("step", YamlText(difference.step));
    add("what", YamlText(difference.what));
    add("expected", YamlText(difference.expected));
    add("got", YamlText(difference.got));
    add("expected_from", YamlText(difference.expected_from));
    add("got_from", YamlText(difference.got_from));
  }
  return text + "  ...\n";
}

// text: printable ASCII, and newlines.
std::string XmlText(std::string_view text) {
  constexpr std::string_view kSpecial = "&<>\"";
  constexpr std::array<std::string_view, 4> kEntities = {"&amp;", "&lt;",
                                                         "&gt;", "&quot;"};
  std::string escaped;
  for (const char& character : text) {
    const auto special = kSpecial.find(character);
    escaped += special == kSpecial.npos ? std::string_view(&character, 1)
                                        : kEntities[special];
  }
  return escaped;
}

std::string Attribute(const std::string& name, const std::string& line) {
  return " " + name + "=\"" + XmlText(line) + "\"";
}

std::string CountAttributes(const std::vector<ScenarioOutcome>& outcomes) {
  const Totals totals = TotalsOf(outcomes);
  return Attribute("tests", std::to_string(outcomes.size())) +
         Attribute("failures", std::to_string(totals.failed)) +
         Attribute("errors", std::to_string(totals.broken)) +
         Attribute("skipped", std::to_string(totals.skipped)) +
         Attribute("time", SecondsText(totals.seconds, 3));
}

// What is in the element of one test case; empty if it passed.
std::string JunitResult(const ScenarioOutcome& outcome) {
  if (StateOf(outcome) == State::kSkipped) {
    return "      <skipped" + Attribute("message", OneLine(outcome.skipped)) +
           "/>\n";
  }
  if (outcome.passed()) return {};
  const bool broken = !outcome.error.empty();
  const std::string element = broken ? "error" : "failure";
  const std::string message =
      broken ? OneLine(outcome.error)
             : CountText(outcome.differences.size(), "difference");
  return "      <" + element + Attribute("message", message) + ">\n" +
         XmlText(FailureText(outcome)) + "      </" + element + ">\n";
}

}  // namespace

std::string OutcomeText(const ScenarioOutcome& outcome) {
  switch (StateOf(outcome)) {
    case State::kPassed:
      return "ok   " + NameText(outcome) + " (" +
             CountText(outcome.steps, "step") + ")\n";
    case State::kSkipped:
      return "skip " + OneLine(outcome.name) + ": " + OneLine(outcome.skipped) +
             "\n";
    case State::kFailed:
      return "FAIL " + NameText(outcome) + "\n" + FailureText(outcome);
    default:
      return "ERROR " + NameText(outcome) + "\n" + FailureText(outcome);
  }
}

std::string CountsText(const std::vector<ScenarioOutcome>& outcomes) {
  const Totals totals = TotalsOf(outcomes);
  const std::string broken =
      totals.broken == 0
          ? ""
          : std::to_string(totals.broken) + " could not be run, ";
  return CountText(outcomes.size(), "scenario") + ", " +
         std::to_string(totals.passed) + " passed, " +
         std::to_string(totals.failed) + " failed, " + broken +
         std::to_string(totals.skipped) + " skipped, " +
         CountText(totals.steps, "step") + " in " +
         SecondsText(totals.seconds, 1) + " s\n";
}

std::string TapHead(std::size_t count) {
  return "TAP version 14\n1.." + std::to_string(count) + "\n";
}

std::string OutcomeTap(const ScenarioOutcome& outcome, std::size_t number) {
  const State state = StateOf(outcome);
  const bool ok = state == State::kPassed || state == State::kSkipped;
  std::string text = (ok ? "ok " : "not ok ") + std::to_string(number) + " - " +
                     TapText(NameText(outcome));
  if (state == State::kSkipped) {
    text += " # SKIP " + TapText(OneLine(outcome.skipped));
  }
  text += "\n";
  return ok ? text : text + TapDiagnostics(outcome);
}

std::string OutcomesJunit(const std::vector<ScenarioOutcome>& outcomes) {
  const std::string counts = CountAttributes(outcomes);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += "<testsuites" + counts + ">\n";
  text += "  <testsuite" + Attribute("name", "assayfs policy test") + counts +
          ">\n";
  for (const ScenarioOutcome& outcome : outcomes) {
    const std::string name = OneLine(outcome.name);
    const std::string title = OneLine(outcome.title);
    const std::string result = JunitResult(outcome);
    text += "    <testcase" + Attribute("classname", name) +
            Attribute("name", title.empty() ? name : title) +
            Attribute("file", OneLine(outcome.file)) +
            Attribute("time", SecondsText(outcome.seconds, 3));
    text += result.empty() ? "/>\n" : ">\n" + result + "    </testcase>\n";
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace assayfs
