// SPDX-License-Identifier: Apache-2.0
// What is likely to be wrong with one rule: what is never so, what is easily
// arranged, what is no fingerprint.
#include "policy/check_rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/glob.h"
#include "policy/parse_condition.h"
#include "policy/rule_overlap.h"
#include "policy/rule_words.h"

namespace assayfs {
namespace {

using Severity = PolicyFinding::Severity;

constexpr std::array<std::string_view, kTextCount> kTextNames = {
    "path", "exe", "container", "fsname", "fs_subtype", "fsuuid"};

std::string NameOf(TextFact which) {
  return std::string(kTextNames[static_cast<std::size_t>(which)]);
}

std::string WithFunc(Func func) {
  return "func=" + std::string(FuncName(func));
}

// Returns where a word with that name is in the line, from 1; 0 if nowhere.
unsigned ColumnOf(std::string_view line, std::string_view name) {
  for (const RuleWord& word : WordsOf(line)) {
    if (SplitCondition(word.text).name == name) return word.column;
  }
  return 0;
}

// For a rule that asks for a mask which no open has on its occasion.
PolicyFinding WrongMask(const Rule& rule) {
  if (!rule.func || rule.func == Func::kFileCheck) {
    return FindingOf(Severity::kWarning, rule, "mask",
                     "never so: an open that appends also has MAY_WRITE",
                     "mask=^MAY_APPEND");
  }
  constexpr std::array kOfExecution = {Func::kMmapCheck, Func::kBprmCheck,
                                       Func::kCredsCheck};
  const std::string mask = std::ranges::count(kOfExecution, *rule.func) > 0
                               ? "mask=MAY_EXEC"
                               : "mask=MAY_READ";
  return FindingOf(
      Severity::kWarning, rule, "mask",
      "never so: " + WithFunc(*rule.func) + " comes with " + mask + " only",
      mask);
}

// Says whether a condition accepts no text at all.
bool AcceptsNothing(TextFact which, const TextSet& texts) {
  return texts.excludes &&
         std::ranges::any_of(texts.globs, [which](const std::string& glob) {
           return MatchesEvery(which, glob);
         });
}

// Says whether no path that a rule asks for is one of files that stand for what
// the kernel reads on its occasion. Only yes is certain.
bool IsElsewhere(const Rule& rule) {
  const auto& paths = rule.text_of(TextFact::kPath);
  if (!paths || paths->excludes || !rule.func) return false;
  const auto patterns = PathsOf(*rule.func);
  // The tree itself may be below /lib/firmware. Other patterns are of the last
  // name in a path, which all spellings of it have in common.
  if (patterns.empty() || rule.func == Func::kFirmwareCheck) return false;
  return std::ranges::all_of(paths->globs, [patterns](const auto& glob) {
    bool all = false;
    const std::string path = LiteralPrefix(glob, all);
    return all && std::ranges::none_of(patterns, [&path](auto pattern) {
             return GlobMatches(pattern, path);
           });
  });
}

bool MayBeHexDigit(std::string_view piece) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return std::ranges::any_of(kDigits, [piece](const char& digit) {
    return GlobMatches(piece, std::string_view(&digit, 1));
  });
}

constexpr std::size_t kOpenPgpDigits = 40;
constexpr std::size_t kCertificateDigits = 64;

// glob: in lower case.
bool MayBeFingerprint(std::string_view glob) {
  std::size_t digits = 0;
  bool open = false;
  while (!glob.empty()) {
    const auto piece = glob.substr(0, GlobPieceLength(glob));
    glob.remove_prefix(piece.size());
    if (piece == "*") {
      open = true;
      continue;
    }
    if (!MayBeHexDigit(piece)) return false;
    ++digits;
  }
  return open ? digits <= kCertificateDigits
              : digits == kOpenPgpDigits || digits == kCertificateDigits;
}

// Returns glob without what other programs put into fingerprints; empty if that
// may be none either.
std::string BareFingerprint(std::string glob) {
  std::erase(glob, ':');
  if (glob.starts_with("0x")) glob.erase(0, 2);
  return !glob.empty() && MayBeFingerprint(glob) ? glob : std::string();
}

// Says whether what the text is like keeps a use from being appraised.
bool IsExempted(const Rule& rule, TextFact which) {
  const auto& texts = rule.text_of(which);
  if (!texts) return false;
  if (!Demands(rule.action)) return true;
  // What lists are not appraised count for nothing.
  return texts->excludes && rule.func != Func::kDigestListCheck;
}

// Says whether a pattern matches no name of a list. Only yes is certain.
bool IsNoListName(std::string_view glob) {
  bool all = false;
  std::string name = LiteralPrefix(glob, all);
  if (name.find('/') != std::string::npos) return true;
  constexpr std::string_view kDigits = "0123456789";
  const auto after = name.find_first_not_of(kDigits);
  if (after != 0 && after != std::string::npos && name[after] == '-') {
    name.erase(0, after + 1);
  }
  return all && !name.starts_with("tlv-") && !name.starts_with("rpm-");
}

// Says whether a pattern is the beginning of the 64 digits of a container.
bool IsShortContainer(std::string_view glob) {
  constexpr std::size_t kShort = 12;  // as docker writes them
  constexpr std::size_t kDigits = 64;
  bool all = false;
  const std::string id = LiteralPrefix(glob, all);
  return all && id.size() >= kShort && id.size() < kDigits &&
         std::ranges::all_of(id, [](const char& digit) {
           return MayBeHexDigit(std::string_view(&digit, 1));
         });
}

}  // namespace

PolicyFinding FindingOf(Severity severity, const Rule& rule,
                        std::string_view name, std::string text,
                        std::string instead) {
  return {.severity = severity,
          .file = rule.file,
          .line = rule.line,
          .column = name.empty() ? 0 : ColumnOf(rule.text, name),
          .text = std::move(text),
          .instead = std::move(instead)};
}

std::string LineOf(const Rule& rule, const Rule& other) {
  const std::string line = "line " + std::to_string(rule.line);
  return rule.file == other.file ? line : line + " of " + rule.file;
}

bool IsOfRoot(const Rule& rule) {
  constexpr std::array kOwners = {NumberFact::kUid, NumberFact::kEuid,
                                  NumberFact::kFowner};
  return std::ranges::any_of(kOwners, [&rule](NumberFact which) {
    const auto& numbers = rule.number(which);
    return numbers && std::ranges::all_of(
                          numbers->ranges(),
                          [](const auto& range) { return range.last == 0; });
  });
}

std::optional<PolicyFinding> FindNever(const Rule& rule) {
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto which = static_cast<TextFact>(i);
    const auto& texts = rule.texts[i];
    if (!texts || !AcceptsNothing(which, *texts)) continue;
    return FindingOf(Severity::kWarning, rule, NameOf(which),
                     "never so: the pattern matches everything" +
                         std::string(which == TextFact::kContainer
                                         ? ", also what is in no container"
                                         : ""),
                     which == TextFact::kContainer ? "container!=?*" : "");
  }
  if (IsElsewhere(rule)) {
    return FindingOf(Severity::kWarning, rule, "path",
                     "never so: files with such names are not taken for those "
                     "of " +
                         WithFunc(*rule.func));
  }
  if (OccasionsOf(rule).any()) return std::nullopt;
  Rule unmasked = rule;
  unmasked.mask_is = unmasked.mask_has = 0;
  const auto in_vain = rule.AskedInVain();
  if (OccasionsOf(unmasked).any() || !in_vain) return WrongMask(rule);
  const std::string name = NameOf(*in_vain);
  if (rule.func == Func::kDigestListCheck) {
    return FindingOf(Severity::kWarning, rule, name,
                     "never counts: " + name +
                         "= is not known of a list, and a list counts by a "
                         "rule that holds for certain only; say which by "
                         "signer=, list= or path=");
  }
  return FindingOf(Severity::kWarning, rule, name,
                   "never so: " + name +
                       "= is not known when the program "
                       "itself reads a list or a policy");
}

std::vector<PolicyFinding> FindWeakConditions(const Rule& rule) {
  std::vector<PolicyFinding> findings;
  if (const auto in_vain = rule.AskedInVain(); !rule.IsOfFiles() && in_vain) {
    const std::string name = NameOf(*in_vain);
    findings.push_back(FindingOf(Severity::kWarning, rule, name,
                                 "always so: " + name +
                                     "= is not known when the program "
                                     "itself reads a list or a policy"));
  }
  if (ClassOf(rule.action) != ActionClass::kAppraise) return findings;
  struct Weakness {
    TextFact which;
    Severity severity;
    std::string_view why;
  };
  constexpr std::array<Weakness, 3> kWeaknesses = {{
      {TextFact::kExe, Severity::kWarning,
       "easily got round: who controls a process can give its program such a "
       "name"},
      {TextFact::kContainer, Severity::kWarning,
       "easily got round: who controls a process can give its control group "
       "such a name"},
      {TextFact::kPath, Severity::kNote,
       "who controls a file can give it such a name"},
  }};
  for (const auto& [which, severity, why] : kWeaknesses) {
    if (!IsExempted(rule, which)) continue;
    // Who can use it can do anything.
    findings.push_back(FindingOf(IsOfRoot(rule) ? Severity::kNote : severity,
                                 rule, NameOf(which), std::string(why)));
  }
  return findings;
}

std::vector<PolicyFinding> FindWrongPatterns(const Rule& rule) {
  std::vector<PolicyFinding> findings;
  const auto find = [&](const std::optional<TextSet>& texts,
                        std::string_view name,
                        bool (*is_wrong)(std::string_view),
                        const std::string& why, auto instead) {
    if (!texts) return;
    for (const std::string& glob : texts->globs) {
      if (!is_wrong(glob)) continue;
      findings.push_back(FindingOf(Severity::kWarning, rule, name,
                                   Quoted(glob) + why, instead(glob)));
    }
  };
  const auto nothing = [](const std::string&) { return std::string(); };
  find(
      rule.terms.signer, "signer",
      [](std::string_view glob) { return !MayBeFingerprint(glob); },
      " matches no fingerprint: those have 40 hexadecimal digits, of X.509 "
      "certificates 64",
      BareFingerprint);
  find(rule.terms.list, "list", IsNoListName,
       " matches no list: their names begin with tlv- or rpm-, maybe with a "
       "number and - before that, and have no /",
       nothing);
  find(rule.text_of(TextFact::kContainer), "container", IsShortContainer,
       " matches no container: those of docker and the like have 64 digits",
       [](const std::string& glob) { return glob + "*"; });
  return findings;
}

}  // namespace assayfs
