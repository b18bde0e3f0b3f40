// SPDX-License-Identifier: Apache-2.0
// Policy: parsing rules and finding those that apply.
#include "policy/policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/numbers.h"

namespace assayfs {
namespace {

constexpr std::array<std::pair<std::string_view, Action>, 4> kActions = {{
    {"appraise", Action::kAppraise},
    {"dont_appraise", Action::kDontAppraise},
    {"measure", Action::kMeasure},
    {"dont_measure", Action::kDontMeasure},
}};

constexpr std::array<std::pair<std::string_view, Func>, 3> kFuncs = {{
    {"FILE_CHECK", Func::kFileCheck},
    {"BPRM_CHECK", Func::kBprmCheck},
    {"MMAP_CHECK", Func::kMmapCheck},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 3>
    kBuiltIns = {{
        {"files", "appraise func=FILE_CHECK\nappraise func=BPRM_CHECK\n"},
        {"exec", "appraise func=BPRM_CHECK\nappraise func=MMAP_CHECK\n"},
        {"measure", "measure func=FILE_CHECK\nmeasure func=BPRM_CHECK\n"},
    }};

template <typename Value, std::size_t kSize>
std::optional<Value> Find(
    const std::array<std::pair<std::string_view, Value>, kSize>& table,
    std::string_view name) {
  const auto row = std::ranges::find(
      table, name, &std::pair<std::string_view, Value>::first);
  if (row == table.end()) return std::nullopt;
  return row->second;
}

constexpr std::array<std::pair<std::string_view, bool Binding::*>, 5>
    kBindings = {{
        {"path", &Binding::path},
        {"mode", &Binding::mode},
        {"owner", &Binding::owner},
        {"caps", &Binding::caps},
        {"link", &Binding::link},
    }};

void AddBinding(const Binding& more, Binding& binding) {
  for (const auto& [name, what] : kBindings) binding.*what |= more.*what;
}

// Takes the next word off the front of line; empty at its end.
std::string_view TakeWord(std::string_view& line) {
  constexpr std::string_view kBlanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

// As ParseCondition, for this one.
std::string ParseDigestType(std::string_view value, Rule& rule) {
  if (rule.action != Action::kAppraise && rule.action != Action::kMeasure) {
    return "digest_type= is for appraise and measure only";
  }
  if (value != "verity") {
    return "digest_type=" + std::string(value) + " is not known";
  }
  rule.verity_only = true;
  return {};
}

// Reads one "name=value" into rule. Returns what is wrong, or nothing.
std::string ParseCondition(std::string_view word, Rule& rule) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) {
    return "\"" + std::string(word) + "\" is not a condition (name=value)";
  }
  const auto name = word.substr(0, equals);
  const auto value = word.substr(equals + 1);
  if (name == "func") {
    rule.func = Find(kFuncs, value);
    if (rule.func) return {};
    return "func=" + std::string(value) + " is not known";
  }
  if (name == "uid") {
    rule.uid = ParseNumber<uid_t>(value);
    if (rule.uid) return {};
    return "uid=" + std::string(value) + " is not a number";
  }
  if (name == "bind") {
    if (rule.action != Action::kAppraise) return "bind= is for appraise only";
    const auto binding = ParseBinding(value);
    if (!binding) return "bind=: " + binding.error().message();
    rule.bind = *binding;
    return {};
  }
  if (name == "digest_type") return ParseDigestType(value, rule);
  return "condition " + std::string(name) + "= is not known";
}

bool HookMatches(const Rule& rule, const Use& use) {
  if (!rule.func) return true;
  switch (*rule.func) {
    case Func::kFileCheck:
      return use.purpose == Use::Purpose::kRead;
    case Func::kBprmCheck:
      return use.purpose == Use::Purpose::kExec;
    case Func::kMmapCheck:
      return use.purpose == Use::Purpose::kRead && use.elf;
  }
  return false;
}

// Returns the first matching rule of either action if it is the wanted one.
const Rule* FirstMatch(const Policy& policy, const Use& use, Action wanted,
                       Action unwanted) {
  for (const Rule& rule : policy.rules) {
    if (rule.action != wanted && rule.action != unwanted) continue;
    if (rule.uid && *rule.uid != use.uid) continue;
    if (!HookMatches(rule, use)) continue;
    return rule.action == wanted ? &rule : nullptr;
  }
  return nullptr;
}

// Says whether two rules, either of which may be null, lead to the same answer
// for one and the same file.
bool AnswerAlike(const Rule* one, const Rule* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->verity_only == other->verity_only && one->bind == other->bind;
}

}  // namespace

Result<Binding> ParseBinding(std::string_view text) {
  Binding binding;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto word = text.substr(0, comma);
    const auto what = Find(kBindings, word);
    if (!what) {
      return Fail(EINVAL, "\"" + std::string(word) +
                              "\" is none of path, mode, owner, caps, link");
    }
    binding.*(*what) = true;
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return binding;
}

Result<Policy> ParsePolicy(std::string name, std::string text) {
  Policy policy;
  policy.name = std::move(name);
  std::string_view rest = text;
  for (unsigned number = 1; !rest.empty(); ++number) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::string_view words = line.substr(0, line.find('#'));
    const auto action_word = TakeWord(words);
    if (action_word.empty()) continue;
    Rule rule;
    rule.line = number;
    rule.text = line;
    std::string wrong;
    if (const auto action = Find(kActions, action_word)) {
      rule.action = *action;
      for (auto word = TakeWord(words); !word.empty() && wrong.empty();
           word = TakeWord(words)) {
        wrong = ParseCondition(word, rule);
      }
    } else {
      wrong = "action \"" + std::string(action_word) + "\" is not known";
    }
    if (!wrong.empty()) {
      return Fail(EINVAL,
                  policy.name + ":" + std::to_string(number) + ": " + wrong);
    }
    policy.rules.push_back(std::move(rule));
  }
  policy.text = std::move(text);
  return policy;
}

Result<Policy> BuiltInPolicy(std::string_view name) {
  const auto text = Find(kBuiltIns, name);
  if (!text) {
    return Fail(ENOENT, "no built-in policy \"" + std::string(name) +
                            "\" (files, exec, measure)");
  }
  return ParsePolicy(std::string(name), std::string(*text));
}

Demand Match(const Policy& policy, const Use& use) {
  return {
      .appraise =
          FirstMatch(policy, use, Action::kAppraise, Action::kDontAppraise),
      .measure =
          FirstMatch(policy, use, Action::kMeasure, Action::kDontMeasure),
  };
}

bool DependsOnOpen(const Policy& policy) {
  const bool by_user = std::ranges::any_of(
      policy.rules, [](const Rule& rule) { return rule.uid.has_value(); });
  const auto by_purpose = [&policy](bool elf) {
    Use use{.purpose = Use::Purpose::kRead, .uid = 0, .elf = elf};
    const Demand read = Match(policy, use);
    use.purpose = Use::Purpose::kExec;
    const Demand execute = Match(policy, use);
    return !AnswerAlike(read.appraise, execute.appraise) ||
           !AnswerAlike(read.measure, execute.measure);
  };
  return by_user || by_purpose(false) || by_purpose(true);
}

Policy Bind(Policy policy, const Binding& binding) {
  for (Rule& rule : policy.rules) {
    if (rule.action == Action::kAppraise) AddBinding(binding, rule.bind);
  }
  return policy;
}

Binding BindingOf(const Policy& policy) {
  Binding all;
  for (const Rule& rule : policy.rules) AddBinding(rule.bind, all);
  return all;
}

bool BindsLinks(const Policy& policy) {
  return std::ranges::any_of(policy.rules, [](const Rule& rule) {
    return rule.bind.link &&
           rule.func.value_or(Func::kFileCheck) == Func::kFileCheck;
  });
}

bool NeedsElf(const Policy& policy) {
  return std::ranges::any_of(policy.rules, [](const Rule& rule) {
    return rule.func == Func::kMmapCheck;
  });
}

}  // namespace assayfs
