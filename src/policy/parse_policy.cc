// SPDX-License-Identifier: Apache-2.0
// Parsing policies: lines, sets, included files, and what rules must have.
#include "policy/parse_policy.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/numbers.h"
#include "policy/near_word.h"
#include "policy/parse_condition.h"
#include "policy/rule_words.h"
#include "policy/whole_rule.h"

namespace assayfs {
namespace {

constexpr std::array<std::string_view, 11> kFirstWords = {
    "measure",      "appraise",      "audit",      "hash",
    "dont_measure", "dont_appraise", "dont_audit", "dont_hash",
    "set",          "include",       "version"};

// Takes the first line off what is left.
std::string_view TakeLine(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

std::optional<Action> ActionFrom(std::string_view name) {
  for (std::size_t i = 0; i < kActionCount; ++i) {
    const auto action = static_cast<Action>(i);
    if (ActionName(action) == name) return action;
  }
  return std::nullopt;
}

bool IsSetName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Returns the range that "<" and ">" are together, such as "uid=5-9"; empty if
// they are none.
std::string RangeOf(const ConditionWord& one, const ConditionWord& other) {
  const bool rises = one.relation == ">" && other.relation == "<";
  if (!rises && !(one.relation == "<" && other.relation == ">")) return {};
  const auto above =
      ParseNumber<std::uint32_t>(rises ? one.value : other.value);
  const auto below =
      ParseNumber<std::uint32_t>(rises ? other.value : one.value);
  if (!above || !below || *below < 2 || *above > *below - 2) return {};
  return std::string(one.name) + "=" + std::to_string(*above + 1) + "-" +
         std::to_string(*below - 1);
}

class Parser {
 public:
  // limit: of mistakes, with which reading ends.
  Parser(const PolicyIncluder& include, std::size_t limit)
      : include_(include), limit_(limit) {}

  // Reads one file.
  void Read(PolicySource source, unsigned depth);

  Policy policy;
  std::vector<PolicyMistake> mistakes;

 private:
  // Where in which file.
  struct Line {
    const std::string& file;
    unsigned number;
    std::string_view text;
    unsigned depth;
  };
  // What is over a limit would be so line by line.
  bool IsDone() const {
    return mistakes.size() >= limit_ ||
           (!mistakes.empty() && mistakes.back().code == EFBIG);
  }
  void Fail(const Line& line, unsigned column, int code, std::string text) {
    mistakes.push_back(
        {{line.file, line.number, column, std::move(text)}, code});
  }
  void Warn(const Line& line, unsigned column, std::string text) {
    policy.warnings.push_back(
        {line.file, line.number, column, std::move(text)});
  }
  void ReadLine(const Line& line);
  void ReadRule(const Line& line, Action action,
                const std::vector<RuleWord>& words);
  bool ReadConditions(const Line& line, const std::vector<RuleWord>& words,
                      Rule& rule);
  void ReadSet(const Line& line, const std::vector<RuleWord>& words);
  void ReadInclude(const Line& line, const std::vector<RuleWord>& words);
  void ReadVersion(const Line& line, const std::vector<RuleWord>& words);

  const PolicyIncluder& include_;
  const std::size_t limit_;
  NamedSets sets_;
  std::size_t values_ = 0;         // in rules
  std::size_t members_ = 0;        // of sets
  std::vector<std::string> open_;  // files that are being read
};

// Reads the words behind the action; false if one is wrong.
bool Parser::ReadConditions(const Line& line,
                            const std::vector<RuleWord>& words, Rule& rule) {
  std::map<std::string_view, ConditionWord> seen;
  for (const RuleWord& word : std::span(words).subspan(1)) {
    const ConditionWord condition = SplitCondition(word.text);
    auto parsed = ParseCondition(condition, sets_, rule);
    if (!parsed) {
      Fail(line, word.column, parsed.error().code(), parsed.error().message());
      return false;
    }
    const auto [first, is_new] = seen.emplace(condition.name, condition);
    if (!is_new) {
      const std::string range = RangeOf(first->second, condition);
      Fail(line, word.column, EINVAL,
           std::string(condition.name) +
               (condition.relation.empty() ? "" : "=") + " is there twice" +
               (range.empty() ? "" : "; write " + range));
      return false;
    }
    if (!parsed->empty()) {
      Warn(line, word.column, std::string(word.text) + ": " + *parsed);
    }
  }
  return true;
}

void Parser::ReadRule(const Line& line, Action action,
                      const std::vector<RuleWord>& words) {
  const unsigned column = words.front().column;
  if (policy.rules.size() == kMaxRules) {
    return Fail(line, column, EFBIG,
                "more than " + std::to_string(kMaxRules) + " rules");
  }
  Rule rule;
  rule.action = action;
  rule.file = line.file;
  rule.line = line.number;
  rule.text = line.text;
  if (ClassOf(action) == ActionClass::kHash) {
    Warn(line, column,
         "content is hashed and remembered; security.ima is not written");
  }
  if (!ReadConditions(line, words, rule)) return;
  if (auto wrong = FinishRule(rule); !wrong.empty()) {
    return Fail(line, column, EINVAL, std::move(wrong));
  }
  if (rule.func == Func::kPolicyCheck && rule.terms.digest_cache) {
    Warn(line, column,
         "digest_cache=data changes nothing: no list stands for a policy");
  }
  values_ += ValueCount(rule);
  if (values_ > kMaxPolicyValues) {
    return Fail(line, column, EFBIG,
                "more than " + std::to_string(kMaxPolicyValues) +
                    " numbers and patterns in all rules");
  }
  policy.rules.push_back(std::move(rule));
}

void Parser::ReadSet(const Line& line, const std::vector<RuleWord>& words) {
  const unsigned column = words.front().column;
  if (words.size() != 3) {
    return Fail(line, column, EINVAL, "a set is \"set NAME VALUE,VALUE...\"");
  }
  const std::string name(words[1].text);
  if (!IsSetName(name)) {
    return Fail(line, words[1].column, EINVAL,
                "the name of a set has letters, digits, \"_\" and \"-\" only");
  }
  std::vector<std::string> members;
  auto read = ForEachValue(words[2].text, sets_,
                           [&members](std::string_view value) -> Result<void> {
                             members.emplace_back(value);
                             return {};
                           });
  if (!read) {
    return Fail(line, words[2].column, read.error().code(),
                read.error().message());
  }
  members_ += members.size();
  if (members_ > kMaxPolicyValues) {
    return Fail(line, column, EFBIG,
                "more than " + std::to_string(kMaxPolicyValues) +
                    " values in all sets");
  }
  if (!sets_.emplace(name, std::move(members)).second) {
    Fail(line, words[1].column, EINVAL,
         "there is a set \"" + name + "\" already");
  }
}

void Parser::ReadInclude(const Line& line, const std::vector<RuleWord>& words) {
  if (words.size() != 2) {
    return Fail(line, words.front().column, EINVAL,
                "an include is \"include FILE\" or \"include NAME\"");
  }
  if (!include_) {
    return Fail(line, words.front().column, EINVAL,
                "nothing can be included here");
  }
  const unsigned column = words[1].column;
  if (line.depth == kMaxIncludes) {
    return Fail(line, column, EFBIG,
                "more than " + std::to_string(kMaxIncludes) +
                    " files, one included in another");
  }
  auto source = include_(line.file, std::string(words[1].text));
  if (!source) {
    return Fail(line, column, source.error().code(), source.error().message());
  }
  if (std::ranges::count(open_, source->name) > 0) {
    return Fail(line, column, EINVAL, source->name + " includes itself");
  }
  Read(std::move(*source), line.depth + 1);
}

void Parser::ReadVersion(const Line& line, const std::vector<RuleWord>& words) {
  const unsigned column = words.front().column;
  const auto number = words.size() == 2
                          ? ParseNumber<std::uint32_t>(words[1].text)
                          : std::nullopt;
  if (!number || *number == 0) {
    return Fail(line, column, EINVAL,
                "a version is \"version N\", with a number from 1");
  }
  // A file may be included twice.
  const auto [version, added] = policy.versions.try_emplace(
      std::string(line.file), Policy::Version{*number, line.number});
  if (!added && version->second.line != line.number) {
    return Fail(line, column, EINVAL, "there is a version already");
  }
  Warn(line, column,
       "counts where the policy is signed and the mount keeps --floors");
}

void Parser::ReadLine(const Line& line) {
  const std::vector<RuleWord> words = WordsOf(line.text);
  if (words.empty()) return;
  const std::string_view first = words.front().text;
  if (first == "set") return ReadSet(line, words);
  if (first == "include") return ReadInclude(line, words);
  if (first == "version") return ReadVersion(line, words);
  if (const auto action = ActionFrom(first)) {
    return ReadRule(line, *action, words);
  }
  Fail(line, words.front().column, EINVAL,
       "action " + Quoted(first) + " is not known" +
           WriteInstead(first, kFirstWords));
}

void Parser::Read(PolicySource source, unsigned depth) {
  // So that no text of one file could be taken for two.
  const std::string boundary =
      depth == 0 ? ""
                 : "# include " + std::to_string(source.text.size()) + " " +
                       source.name + "\n";
  // What was read so far, with its boundaries, is within the limit.
  const std::size_t left = kMaxPolicyBytes - policy.text.size();
  if (boundary.size() > left || source.text.size() > left - boundary.size()) {
    return Fail(
        {source.name, 0, {}, depth}, 0, EFBIG,
        "more than " + std::to_string(kMaxPolicyBytes) + " bytes of policy");
  }
  policy.text += boundary + source.text;
  open_.push_back(source.name);
  std::string_view rest = source.text;
  for (unsigned number = 1; !rest.empty() && !IsDone(); ++number) {
    ReadLine({source.name, number, TakeLine(rest), depth});
  }
  open_.pop_back();
}

// Returns a mistake as an error with its place.
Error ErrorOf(const PolicyMistake& mistake) {
  const PolicyWarning& what = mistake.what;
  std::string place = what.file + ":";
  if (what.line > 0) {
    place +=
        std::to_string(what.line) + ":" + std::to_string(what.column) + ":";
  }
  return {mistake.code, place + " " + what.text};
}

}  // namespace

std::vector<std::string> IncludedNames(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const auto words = WordsOf(TakeLine(text));
    if (words.size() < 2 || words[0].text != "include") continue;
    names.emplace_back(words[1].text);
  }
  return names;
}

Result<Policy> ParsePolicy(PolicySource source, const PolicyIncluder& include,
                           std::vector<PolicyMistake>* mistakes) {
  Parser parser(include, mistakes == nullptr ? 1 : kMaxMistakes);
  parser.policy.name = source.name;
  parser.Read(std::move(source), 0);
  if (mistakes != nullptr) {
    *mistakes = std::move(parser.mistakes);
  } else if (!parser.mistakes.empty()) {
    return Fail(ErrorOf(parser.mistakes.front()));
  }
  Compile(parser.policy);
  return std::move(parser.policy);
}

}  // namespace assayfs
