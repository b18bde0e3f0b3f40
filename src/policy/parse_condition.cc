// SPDX-License-Identifier: Apache-2.0
// Conditions and options: one table of names, and how conditions are read.
#include "policy/parse_condition.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/numbers.h"
#include "policy/glob.h"
#include "policy/near_word.h"
#include "policy/parse_occasion.h"
#include "policy/parse_option.h"

namespace assayfs {
namespace {

using Outcome = Result<std::string>;

Outcome ReadNumber(NumberFact which, const ConditionWord& word,
                   const NamedSets& sets, Rule& rule) {
  auto numbers = word.relation == "="
                     ? ParseNumbers(word.value, sets,
                                    which == NumberFact::kFsMagic ? 16 : 10)
                     : ParseLimit(word.relation.front(), word.value);
  if (!numbers) return Fail(numbers.error());
  rule.numbers[static_cast<std::size_t>(which)] = std::move(*numbers);
  return std::string();
}

Result<TextSet> ParseTexts(const ConditionWord& word, const NamedSets& sets) {
  auto globs = ParseGlobs(word.value, sets);
  if (!globs) return Fail(globs.error());
  return TextSet{word.relation == "!=", std::move(*globs)};
}

// Says whether a pattern may be that of a UUID.
bool MayBeUuid(std::string_view glob) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  bool literal = false;
  const std::string text = LiteralPrefix(glob, literal);
  return !literal || std::ranges::equal(text, kForm, [](char c, char form) {
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    return form == 'x' ? is_digit : c == form;
  });
}

// Errors: EINVAL for a pattern that matches no path as the kernel writes them.
Result<void> CheckPath(const std::string& glob) {
  const auto refuse = [&glob](const std::string& what) {
    return Fail(EINVAL, Quoted(glob) + " matches no path" + what);
  };
  if (!glob.starts_with('/') && !glob.starts_with("**")) {
    return refuse(": begin it with \"/\"");
  }
  if (glob.ends_with('/')) return refuse("; write " + glob + "**");
  const std::string ended = glob + "/";
  for (const auto* part : {"//", "/./", "/../"}) {
    if (ended.find(part) == std::string::npos) continue;
    const std::string normal =
        std::filesystem::path(glob).lexically_normal().string();
    return refuse(": none has " + Quoted(part) + "; write " + normal);
  }
  return {};
}

Outcome ParseText(TextFact which, const ConditionWord& word,
                  const NamedSets& sets, Rule& rule) {
  auto texts = ParseTexts(word, sets);
  if (!texts) return Fail(texts.error());
  const bool is_path = which == TextFact::kPath || which == TextFact::kExe;
  for (std::string& glob : texts->globs) {
    if (is_path) {
      if (auto path = CheckPath(glob); !path) return Fail(path.error());
    }
    if (which != TextFact::kFsUuid) continue;
    glob = LowerHex(std::move(glob));
    if (!MayBeUuid(glob)) return Fail(EINVAL, Quoted(glob) + " is not a UUID");
  }
  rule.texts[static_cast<std::size_t>(which)] = std::move(*texts);
  return std::string();
}

Outcome ParseLists(std::optional<TextSet> Terms::*which,
                   const ConditionWord& word, const NamedSets& sets,
                   Rule& rule) {
  auto texts = ParseTexts(word, sets);
  if (!texts) return Fail(texts.error());
  if (which == &Terms::signer) {
    for (std::string& glob : texts->globs) glob = LowerHex(std::move(glob));
  }
  rule.terms.*which = std::move(*texts);
  return std::string();
}

// For which rules a word is.
enum class For { kAll, kMeasure, kAppraise, kMeasureAndAppraise };

bool IsFor(For what, Action action) {
  switch (what) {
    case For::kAll:
      return true;
    case For::kMeasure:
      return action == Action::kMeasure;
    case For::kAppraise:
      return action == Action::kAppraise;
    case For::kMeasureAndAppraise:
      return action == Action::kMeasure || action == Action::kAppraise;
  }
  return false;
}

std::string_view Restriction(For what) {
  switch (what) {
    case For::kAll:
      return {};
    case For::kMeasure:
      return "is for measure only";
    case For::kAppraise:
      return "is for appraise only";
    case For::kMeasureAndAppraise:
      return "is for appraise and measure only";
  }
  return {};
}

// With what a word can be asked.
enum class Relations { kEqual, kOrder, kUnequal };

bool Allows(Relations relations, std::string_view relation) {
  if (relation == "=") return true;
  if (relations == Relations::kUnequal) return relation == "!=";
  return relations == Relations::kOrder && (relation == "<" || relation == ">");
}

std::string TextOf(Relations relations) {
  switch (relations) {
    case Relations::kEqual:
      return "\"=\"";
    case Relations::kOrder:
      return "\"=\", \"<\" or \">\"";
    case Relations::kUnequal:
      return "\"=\" or \"!=\"";
  }
  return {};
}

struct Keyword {
  std::string_view name;
  Relations relations;
  For what;
  Outcome (*parse)(const ConditionWord&, const NamedSets&, Rule&);
};

template <NumberFact kWhich>
Outcome ReadNumbers(const ConditionWord& word, const NamedSets& sets,
                    Rule& rule) {
  return ReadNumber(kWhich, word, sets, rule);
}
template <TextFact kWhich>
Outcome ReadText(const ConditionWord& word, const NamedSets& sets, Rule& rule) {
  return ParseText(kWhich, word, sets, rule);
}
template <Outcome (*kParse)(std::string_view, Rule&)>
Outcome ReadValue(const ConditionWord& word, const NamedSets&, Rule& rule) {
  return kParse(word.value, rule);
}
template <Outcome (*kParse)(std::string_view)>
Outcome ReadWord(const ConditionWord& word, const NamedSets&, Rule&) {
  return kParse(word.value);
}
template <std::optional<TextSet> Terms::*kWhich>
Outcome ReadLists(const ConditionWord& word, const NamedSets& sets,
                  Rule& rule) {
  return ParseLists(kWhich, word, sets, rule);
}
template <Outcome (*kParse)(std::string_view, const NamedSets&, Rule&)>
Outcome ReadValues(const ConditionWord& word, const NamedSets& sets,
                   Rule& rule) {
  return kParse(word.value, sets, rule);
}
Outcome Nothing(const ConditionWord&, const NamedSets&, Rule&) {
  return std::string();  // O_DIRECT is always permitted: what it reads is
                         // checked
}

constexpr std::array<Keyword, 27> kKeywords = {{
    {"func", Relations::kEqual, For::kAll, ReadValue<ParseFunc>},
    {"mask", Relations::kEqual, For::kAll, ReadValue<ParseMask>},
    {"fsmagic", Relations::kEqual, For::kAll,
     ReadNumbers<NumberFact::kFsMagic>},
    {"fsname", Relations::kEqual, For::kAll, ReadText<TextFact::kFsName>},
    {"fs_subtype", Relations::kEqual, For::kAll,
     ReadText<TextFact::kFsSubtype>},
    {"fsuuid", Relations::kEqual, For::kAll, ReadText<TextFact::kFsUuid>},
    {"uid", Relations::kOrder, For::kAll, ReadNumbers<NumberFact::kUid>},
    {"euid", Relations::kOrder, For::kAll, ReadNumbers<NumberFact::kEuid>},
    {"gid", Relations::kOrder, For::kAll, ReadNumbers<NumberFact::kGid>},
    {"egid", Relations::kOrder, For::kAll, ReadNumbers<NumberFact::kEgid>},
    {"fowner", Relations::kOrder, For::kAll, ReadNumbers<NumberFact::kFowner>},
    {"fgroup", Relations::kOrder, For::kAll, ReadNumbers<NumberFact::kFgroup>},
    {"path", Relations::kUnequal, For::kAll, ReadText<TextFact::kPath>},
    {"exe", Relations::kUnequal, For::kAll, ReadText<TextFact::kExe>},
    {"container", Relations::kUnequal, For::kAll,
     ReadText<TextFact::kContainer>},
    {"list", Relations::kUnequal, For::kMeasureAndAppraise,
     ReadLists<&Terms::list>},
    {"package", Relations::kUnequal, For::kMeasureAndAppraise,
     ReadLists<&Terms::package>},
    {"signer", Relations::kUnequal, For::kMeasureAndAppraise,
     ReadLists<&Terms::signer>},
    {"bind", Relations::kEqual, For::kAppraise, ReadValues<ParseBind>},
    {"digest_cache", Relations::kEqual, For::kMeasureAndAppraise,
     ReadValue<ParseDigestCache>},
    {"digest_type", Relations::kEqual, For::kMeasureAndAppraise,
     ReadValue<ParseDigestType>},
    {"appraise_type", Relations::kEqual, For::kAppraise,
     ReadWord<ParseAppraiseType>},
    {"appraise_flag", Relations::kEqual, For::kAppraise, ReadWord<ParseFlag>},
    {"appraise_algos", Relations::kEqual, For::kAppraise,
     ReadValues<ParseAlgorithms>},
    {"pcr", Relations::kEqual, For::kMeasure, ReadValue<ParsePcr>},
    {"template", Relations::kEqual, For::kMeasure, ReadWord<ParseTemplate>},
    {"permit_directio", Relations::kEqual, For::kAll, Nothing},
}};

// What Linux knows, and a FUSE server cannot tell.
struct Untold {
  std::string_view name, why;
};
constexpr std::string_view kLabels =
    "security modules do not tell file systems of their labels; uid=, fowner= "
    "or path= may serve";
constexpr std::array<Untold, 8> kUntold = {{
    {"subj_user", kLabels},
    {"subj_role", kLabels},
    {"subj_type", kLabels},
    {"obj_user", kLabels},
    {"obj_role", kLabels},
    {"obj_type", kLabels},
    {"keyrings", "it is for func=KEY_CHECK, which no file system sees"},
    {"label", "it is for func=CRITICAL_DATA, which no file system sees"},
}};

std::string NearCondition(std::string_view name) {
  std::array<std::string_view, kKeywords.size()> names;
  std::ranges::transform(kKeywords, names.begin(), &Keyword::name);
  const auto near = NearWord(name, names);
  return near.empty() ? "" : "; write " + std::string(near) + "=";
}

}  // namespace

ConditionWord SplitCondition(std::string_view word) {
  const auto at = std::min(word.find_first_of("=<>!"), word.size());
  auto end = word.find_first_not_of("=<>!", at);
  end = std::min(end, word.size());
  return {word.substr(0, at), word.substr(at, end - at), word.substr(end)};
}

Result<std::string> ParseCondition(const ConditionWord& word,
                                   const NamedSets& sets, Rule& rule) {
  const auto untold = std::ranges::find(kUntold, word.name, &Untold::name);
  if (untold != kUntold.end()) {
    return Fail(EOPNOTSUPP, std::string(word.name) + "= is not possible: " +
                                std::string(untold->why) +
                                "; leave this rule out");
  }
  const auto keyword = std::ranges::find(kKeywords, word.name, &Keyword::name);
  const bool is_flag = word.name == "permit_directio";
  if (keyword == kKeywords.end() || word.name.empty()) {
    if (word.relation.empty()) {
      return Fail(EINVAL,
                  Quoted(word.name) + " is not a condition (name=value)");
    }
    return Fail(EINVAL, "condition " + Quoted(word.name) + " is not known" +
                            NearCondition(word.name));
  }
  if (is_flag != word.relation.empty()) {
    return Fail(EINVAL, std::string(word.name) +
                            (is_flag ? " has no value" : " needs a value"));
  }
  if (!is_flag && !Allows(keyword->relations, word.relation)) {
    return Fail(EINVAL, std::string(word.name) + " can be asked with " +
                            TextOf(keyword->relations) + " only");
  }
  if (!IsFor(keyword->what, rule.action)) {
    return Fail(EINVAL, std::string(word.name) + "= " +
                            std::string(Restriction(keyword->what)));
  }
  if (!is_flag && word.value.empty()) {
    return Fail(EINVAL, std::string(word.name) + "= needs a value");
  }
  auto parsed = keyword->parse(word, sets, rule);
  if (!parsed) {
    return Fail(
        Error(parsed.error()).WithContext(std::string(word.name) + "="));
  }
  return parsed;
}

}  // namespace assayfs
