// SPDX-License-Identifier: Apache-2.0
// Parsing policies: lines, sets, included files, and what rules must have.
#include "policy/parse_policy.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/numbers.h"
#include "policy/parse_condition.h"

namespace assayfs {
namespace {

constexpr std::string_view kBlanks = " \t\r";

struct Word {
  std::string_view text;
  unsigned column = 0;  // from 1
};

// Returns the words of a line, without its comment.
std::vector<Word> WordsOf(std::string_view line) {
  std::vector<Word> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    if (line[at] == '#') break;
    const auto end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back({line.substr(at, end - at), static_cast<unsigned>(at) + 1});
    at = end;
  }
  return words;
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

std::size_t ValueCount(const Rule& rule) {
  std::size_t count = rule.terms.algorithms.size();
  for (const auto& numbers : rule.numbers) {
    if (numbers) count += numbers->ranges().size();
  }
  for (const auto& texts : rule.texts) {
    if (texts) count += texts->globs.size();
  }
  for (const auto& texts :
       {rule.terms.list, rule.terms.package, rule.terms.signer}) {
    if (texts) count += texts->globs.size();
  }
  return count;
}

// Returns what is wrong with a rule as a whole; nothing if it is good.
std::string_view WhatIsWrong(const Rule& rule) {
  const Terms& terms = rule.terms;
  const bool of_list = rule.func == Func::kDigestListCheck;
  const bool of_policy = rule.func == Func::kPolicyCheck;
  if (of_list && terms.digest_cache) {
    return "digest_cache=data is for files: lists are not looked up in lists";
  }
  if ((of_list || of_policy) && terms.bind.any()) {
    return "bind= is for files: no list says where lists and policies are";
  }
  if ((of_list || of_policy) &&
      (terms.verity_only || !terms.algorithms.empty())) {
    return "digest_type= and appraise_algos= are for files: lists and policies "
           "have signatures of their own";
  }
  if (of_policy && (terms.list || terms.package)) {
    return "list= and package= are for files and lists: no list has a policy";
  }
  if (rule.action != Action::kMeasure) return {};
  if (terms.digest_cache && !terms.pcr) {
    return "digest_cache=data needs pcr=: what is recorded depends on lists, "
           "so it needs a PCR of its own";
  }
  const bool names_lists = terms.list || terms.package || terms.signer;
  if (names_lists && !terms.digest_cache && !of_list && !of_policy) {
    return "list=, package= and signer= need digest_cache=data, without which "
           "no list is asked";
  }
  return {};
}

class Parser {
 public:
  explicit Parser(const PolicyIncluder& include) : include_(include) {}

  // Reads one file. Errors: see ParsePolicy.
  Result<void> Read(PolicySource source, unsigned depth);

  Policy policy;

 private:
  // Where in which file.
  struct Line {
    const std::string& file;
    unsigned number;
    std::string_view text;
    unsigned depth;
  };
  tl::unexpected<Error> FailAt(const Line& line, unsigned column, int code,
                               std::string_view message) const;
  Result<void> ReadLine(const Line& line);
  Result<void> ReadRule(const Line& line, Action action,
                        const std::vector<Word>& words);
  Result<void> ReadSet(const Line& line, const std::vector<Word>& words);
  Result<void> ReadInclude(const Line& line, const std::vector<Word>& words);
  Result<void> ReadVersion(const Line& line, const std::vector<Word>& words);

  const PolicyIncluder& include_;
  NamedSets sets_;
  std::size_t values_ = 0;
};

tl::unexpected<Error> Parser::FailAt(const Line& line, unsigned column,
                                     int code, std::string_view message) const {
  return Fail(code, line.file + ":" + std::to_string(line.number) + ":" +
                        std::to_string(column) + ": " + std::string(message));
}

Result<void> Parser::ReadRule(const Line& line, Action action,
                              const std::vector<Word>& words) {
  if (policy.rules.size() == kMaxRules) {
    return FailAt(line, 1, EFBIG,
                  "more than " + std::to_string(kMaxRules) + " rules");
  }
  Rule rule;
  rule.action = action;
  rule.file = line.file;
  rule.line = line.number;
  rule.text = line.text;
  std::set<std::string_view> seen;
  const auto warn = [&](unsigned column, std::string text) {
    policy.warnings.push_back(
        {line.file, line.number, column, std::move(text)});
  };
  if (ClassOf(action) == ActionClass::kHash) {
    warn(words.front().column,
         "content is hashed and remembered; security.ima is not written");
  }
  for (const Word& word : std::span(words).subspan(1)) {
    const ConditionWord condition = SplitCondition(word.text);
    auto parsed = ParseCondition(condition, sets_, rule);
    if (!parsed) {
      return FailAt(line, word.column, parsed.error().code(),
                    parsed.error().message());
    }
    if (!seen.insert(condition.name).second) {
      return FailAt(line, word.column, EINVAL,
                    std::string(condition.name) + "= is there twice");
    }
    if (!parsed->empty()) {
      warn(word.column, std::string(word.text) + ": " + *parsed);
    }
  }
  if (const auto wrong = WhatIsWrong(rule); !wrong.empty()) {
    return FailAt(line, words.front().column, EINVAL, wrong);
  }
  if (rule.func == Func::kPolicyCheck && rule.terms.digest_cache) {
    warn(words.front().column,
         "digest_cache=data changes nothing: no list stands for a policy");
  }
  values_ += ValueCount(rule);
  if (values_ > kMaxPolicyValues) {
    return FailAt(line, 1, EFBIG,
                  "more than " + std::to_string(kMaxPolicyValues) +
                      " numbers and patterns in all rules");
  }
  policy.rules.push_back(std::move(rule));
  return {};
}

Result<void> Parser::ReadSet(const Line& line, const std::vector<Word>& words) {
  if (words.size() != 3) {
    return FailAt(line, words.front().column, EINVAL,
                  "a set is \"set NAME VALUE,VALUE...\"");
  }
  const std::string name(words[1].text);
  if (!IsSetName(name)) {
    return FailAt(
        line, words[1].column, EINVAL,
        "the name of a set has letters, digits, \"_\" and \"-\" only");
  }
  std::vector<std::string> members;
  auto read = ForEachValue(words[2].text, sets_,
                           [&members](std::string_view value) -> Result<void> {
                             members.emplace_back(value);
                             return {};
                           });
  if (!read) {
    return FailAt(line, words[2].column, read.error().code(),
                  read.error().message());
  }
  values_ += members.size();
  if (values_ > kMaxPolicyValues) {
    return FailAt(line, 1, EFBIG, "too many values in sets");
  }
  if (!sets_.emplace(name, std::move(members)).second) {
    return FailAt(line, words[1].column, EINVAL,
                  "there is a set \"" + name + "\" already");
  }
  return {};
}

Result<void> Parser::ReadInclude(const Line& line,
                                 const std::vector<Word>& words) {
  if (words.size() != 2) {
    return FailAt(line, words.front().column, EINVAL,
                  "an include is \"include FILE\" or \"include NAME\"");
  }
  if (!include_) {
    return FailAt(line, words.front().column, EINVAL,
                  "nothing can be included here");
  }
  if (line.depth == kMaxIncludes) {
    return FailAt(line, words[1].column, EFBIG,
                  "more than " + std::to_string(kMaxIncludes) +
                      " files, one included in another");
  }
  auto source = include_(line.file, std::string(words[1].text));
  if (!source) {
    return FailAt(line, words[1].column, source.error().code(),
                  source.error().message());
  }
  return Read(std::move(*source), line.depth + 1);
}

Result<void> Parser::ReadVersion(const Line& line,
                                 const std::vector<Word>& words) {
  const auto number = words.size() == 2
                          ? ParseNumber<std::uint32_t>(words[1].text)
                          : std::nullopt;
  if (!number || *number == 0) {
    return FailAt(line, words.front().column, EINVAL,
                  "a version is \"version N\", with a number from 1");
  }
  if (policy.version != 0 || line.depth > 0) {
    return FailAt(line, words.front().column, EINVAL,
                  line.depth > 0 ? "the version stands in the policy itself, "
                                   "not in what it includes"
                                 : "there is a version already");
  }
  policy.version = *number;
  return {};
}

Result<void> Parser::ReadLine(const Line& line) {
  const std::vector<Word> words = WordsOf(line.text);
  if (words.empty()) return {};
  const std::string_view first = words.front().text;
  if (first == "set") return ReadSet(line, words);
  if (first == "include") return ReadInclude(line, words);
  if (first == "version") return ReadVersion(line, words);
  if (const auto action = ActionFrom(first)) {
    return ReadRule(line, *action, words);
  }
  return FailAt(line, words.front().column, EINVAL,
                "action \"" + std::string(first) + "\" is not known");
}

Result<void> Parser::Read(PolicySource source, unsigned depth) {
  // So that no text of one file could be taken for two.
  const std::string boundary =
      depth == 0 ? ""
                 : "# include " + std::to_string(source.text.size()) + " " +
                       source.name + "\n";
  // What was read so far, with its boundaries, is within the limit.
  const std::size_t left = kMaxPolicyBytes - policy.text.size();
  if (boundary.size() > left || source.text.size() > left - boundary.size()) {
    return Fail(EFBIG, source.name + ": more than " +
                           std::to_string(kMaxPolicyBytes) +
                           " bytes of policy");
  }
  policy.text += boundary + source.text;
  std::string_view rest = source.text;
  for (unsigned number = 1; !rest.empty(); ++number) {
    const auto text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    auto read = ReadLine({source.name, number, text, depth});
    if (!read) return read;
  }
  return {};
}

}  // namespace

Result<Policy> ParsePolicy(PolicySource source, const PolicyIncluder& include) {
  Parser parser(include);
  parser.policy.name = source.name;
  auto read = parser.Read(std::move(source), 0);
  if (!read) return Fail(read.error());
  Compile(parser.policy);
  return std::move(parser.policy);
}

}  // namespace assayfs
