// SPDX-License-Identifier: Apache-2.0
// What is likely to be wrong with one rule: what is never so, what is easily
// arranged, what is no fingerprint.
#include "policy/check_rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/glob.h"
#include "policy/rule_overlap.h"

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
  constexpr std::string_view kBlanks = " \t\r";
  auto at = line.find_first_not_of(kBlanks);
  while (at != std::string_view::npos) {
    const auto end = std::min(line.find_first_of(kBlanks, at), line.size());
    const auto word = line.substr(at, end - at);
    if (word.starts_with(name) && word.find_first_of("=<>!") == name.size()) {
      return static_cast<unsigned>(at) + 1;
    }
    at = line.find_first_not_of(kBlanks, end);
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
  if (!texts.excludes) return false;
  // No name of a container has a "/".
  return std::ranges::count(texts.globs, "**") > 0 ||
         (which == TextFact::kContainer &&
          std::ranges::count(texts.globs, "*") > 0);
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

// Returns how long the piece at the front of glob is that stands for one byte.
std::size_t PieceLength(std::string_view glob) {
  if (glob.front() == '\\') return 2;
  if (glob.front() != '[') return 1;
  const std::size_t first = glob.starts_with("[!") ? 2 : 1;
  return glob.find(']', first + 1) + 1;  // as the first, it is a member
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
    const auto piece = glob.substr(0, PieceLength(glob));
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
  if (rule.action != Action::kDontAppraise) return findings;
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
    if (!rule.text_of(which)) continue;
    findings.push_back(
        FindingOf(severity, rule, NameOf(which), std::string(why)));
  }
  return findings;
}

std::vector<PolicyFinding> FindWrongSigners(const Rule& rule) {
  std::vector<PolicyFinding> findings;
  if (!rule.terms.signer) return findings;
  for (const std::string& glob : rule.terms.signer->globs) {
    if (MayBeFingerprint(glob)) continue;
    findings.push_back(
        FindingOf(Severity::kWarning, rule, "signer",
                  "\"" + glob +
                      "\" matches no fingerprint: those have 40 hexadecimal "
                      "digits, of X.509 certificates 64",
                  BareFingerprint(glob)));
  }
  return findings;
}

}  // namespace assayfs
