// SPDX-License-Identifier: Apache-2.0
#include "reference.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace assayfs::testing {
namespace {

constexpr std::array kActions = {"measure",       "dont_measure", "appraise",
                                 "dont_appraise", "audit",        "dont_audit",
                                 "hash",          "dont_hash"};
// Those of opening a file are more frequent.
constexpr std::array kFuncs = {
    "FILE_CHECK",     "FILE_CHECK",         "MMAP_CHECK",
    "MMAP_CHECK",     "BPRM_CHECK",         "BPRM_CHECK",
    "CREDS_CHECK",    "CREDS_CHECK",        "MODULE_CHECK",
    "FIRMWARE_CHECK", "KEXEC_KERNEL_CHECK", "KEXEC_INITRAMFS_CHECK",
    "POLICY_CHECK",   "DIGEST_LIST_CHECK",  "PATH_CHECK",
    "FILE_MMAP",      "MMAP_CHECK_REQPROT"};
constexpr std::array kMasks = {"MAY_EXEC",   "MAY_WRITE",   "MAY_READ",
                               "MAY_APPEND", "^MAY_EXEC",   "^MAY_WRITE",
                               "^MAY_READ",  "^MAY_APPEND", "MAY_READ",
                               "^MAY_READ",  "MAY_EXEC",    "^MAY_EXEC"};
constexpr std::array kNumberNames = {"uid",  "euid",   "gid",
                                     "egid", "fowner", "fgroup"};
constexpr std::array kNumbers = {
    "=0",   "=1",          "=2",          "=1-3",       "=0,2,5-6",
    "<2",   ">1",          ">0",          "<1000",      "=1000-1999",
    ">999", "=4294967295", "<4294967295", ">4294967294"};
constexpr std::array kMagics = {"=0x9fa0", "=9fa0,1021994", "=ef53-ef55"};
constexpr std::array kPaths = {"/a",
                               "/a/b",
                               "/a/*",
                               "/a/**",
                               "/ab*",
                               "/a?",
                               "/a[b-d]",
                               "/**",
                               "**",
                               "**b",
                               "**/b/*",
                               "**.ko",
                               "/lib/**",
                               "/lib/firmware/a",
                               "/lib/a.ko",
                               "/boot/*",
                               "/boot/vmlinuz",
                               "/boot/initrd*",
                               "/a\\*",
                               "/a/b/c",
                               "/a/b/**",
                               "/a/b/c/d"};
constexpr std::array kPathParts = {
    "/a", "/a/b", "/b",    "/ab",       "/lib",     "/lib/firmware", "/boot",
    "/c", "*",    "/d.ko", "/vmlinuz1", "/initrd2", "/d.ko.xz"};
constexpr std::array kExes = {"/bin/sh", "/bin/*", "/usr/**", "**/rpm"};
constexpr std::array kContainers = {"web", "web*", "*", "?*"};
constexpr std::array kFsNames = {"ext4", "ext?", "fuse", "tmpfs"};
constexpr std::array kSubtypes = {"sshfs", "*", "a,b"};
constexpr std::array kUuids = {"28B23254-9467-44c0-b6ba-34b12e85a26e", "28*",
                               "[!2]*"};
constexpr std::array kAppraiseTerms = {"bind=path",
                                       "bind=mode,owner",
                                       "digest_type=verity",
                                       "appraise_algos=sha256,sha512",
                                       "list=a*",
                                       "package!=b",
                                       "signer=AB*"};
constexpr std::array kMeasureTerms = {"pcr=11", "pcr=12", "digest_type=verity",
                                      "digest_cache=data pcr=11",
                                      "digest_cache=data pcr=12 list=a*"};

std::string RandomTerms(Chooser& choose, std::string_view action) {
  if (action == "appraise") return choose.Of(kAppraiseTerms);
  return action == "measure" ? choose.Of(kMeasureTerms) : "";
}

std::string RandomRule(Chooser& choose, const Asks& asks) {
  const auto asked = [&choose](std::size_t cases) {
    return cases > 0 && choose.OneIn(cases);
  };
  const std::string action = choose.Of(kActions);
  std::string rule = action;
  std::string func;
  const auto add = [&rule](const std::string& word) { rule += " " + word; };
  if (asked(asks.func)) add("func=" + (func = choose.Of(kFuncs)));
  if (asked(asks.mask)) add("mask=" + choose.Of(kMasks));
  for (std::size_t i = 0; i < kNumberNames.size(); ++i) {
    if (!asked(i < 4 ? asks.asker : asks.file)) continue;
    add(kNumberNames[i] + choose.Of(kNumbers));
  }
  const std::string unless = choose.OneIn(4) ? "!=" : "=";
  if (asked(asks.asker)) add("exe" + unless + choose.Of(kExes));
  if (asked(asks.asker)) add("container" + unless + choose.Of(kContainers));
  if (asked(asks.path)) {
    std::string globs = choose.Of(kPaths);
    while (choose.OneIn(3)) globs += "," + choose.Of(kPaths);
    add("path" + unless + globs);
  }
  if (asked(asks.file)) add("fsmagic" + choose.Of(kMagics));
  if (asked(asks.file)) add("fsname=" + choose.Of(kFsNames));
  if (asked(asks.file)) add("fs_subtype=" + choose.Of(kSubtypes));
  if (asked(asks.file)) add("fsuuid=" + choose.Of(kUuids));
  const bool of_file = func != "POLICY_CHECK" && func != "DIGEST_LIST_CHECK";
  if (of_file && asked(asks.terms)) add(RandomTerms(choose, action));
  return rule;
}

// One of those that rules ask for, or one beside them; sometimes not known.
std::optional<std::uint32_t> RandomNumber(Chooser& choose) {
  constexpr std::array<std::uint32_t, 11> kValues = {
      0, 1, 2, 3, 5, 999, 1000, 1999, 2000, 4294967294, 4294967295};
  if (choose.OneIn(5)) return std::nullopt;
  return kValues[choose.Below(kValues.size())];
}

std::optional<std::uint32_t> RandomMagic(Chooser& choose) {
  constexpr std::array<std::uint32_t, 5> kValues = {0x9fa0, 0xef53, 0xef55,
                                                    0xef56, 0x1021994};
  if (choose.OneIn(5)) return std::nullopt;
  return kValues[choose.Below(kValues.size())];
}

std::optional<bool> RandomBool(Chooser& choose) {
  if (choose.OneIn(4)) return std::nullopt;
  return choose.OneIn(2);
}

void ChooseText(Chooser& choose, TextFact which,
                const std::vector<std::string>& values, Use& use) {
  use.text(which).clear();
  if (!choose.OneIn(4)) use.text(which) = {choose.Of(values)};
}

bool InSet(std::string_view glob, std::size_t& at, char byte) {
  const bool excludes = glob[1] == '!';
  bool has = false;
  at = excludes ? 2 : 1;
  for (bool first = true; first || glob[at] != ']'; first = false, ++at) {
    const auto low = static_cast<unsigned char>(glob[at]);
    auto high = low;
    if (glob[at + 1] == '-' && glob[at + 2] != ']') {
      high = static_cast<unsigned char>(glob[at + 2]);
      at += 2;
    }
    const auto wanted = static_cast<unsigned char>(byte);
    has = has || (low <= wanted && wanted <= high);
  }
  ++at;
  return byte != '/' && has != excludes;
}

bool TextHolds(const TextSet& condition, const std::vector<std::string>& texts,
               bool demands) {
  if (texts.empty()) return demands;
  for (const std::string& glob : condition.globs) {
    for (const std::string& text : texts) {
      if (PlainGlob(glob, text)) return !condition.excludes;
    }
  }
  return condition.excludes;
}

bool IsForOccasion(const Rule& rule, Func func, Mask mask) {
  if (rule.func ? *rule.func != func : func == Func::kPolicyCheck) return false;
  // Nothing but the path is known of a list, of what texts ask.
  if (!rule.func && func == Func::kDigestListCheck) {
    for (std::size_t i = 1; i < kTextCount; ++i) {
      if (rule.texts[i]) return false;
    }
  }
  if (rule.mask_is != 0) return rule.mask_is == mask;
  if (rule.mask_has != 0) return (rule.mask_has & mask) != 0;
  return (mask & kMayRead) != 0 || (mask & kMayExec) != 0;
}

// Says whether a rule that accepts a use asks for what is not known of it.
bool IsUnsure(const Rule& rule, const Use& use) {
  bool unsure = false;
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    unsure = unsure || (rule.numbers[i] && !use.numbers[i]);
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    unsure = unsure || (rule.texts[i] && use.texts[i].empty());
  }
  return unsure;
}

std::vector<const Rule*> PlainAll(const Policy& policy, ActionClass kind,
                                  Func func, const Use& use) {
  std::vector<const Rule*> rules;
  for (const Rule& rule : policy.rules) {
    if (ClassOf(rule.action) != kind) continue;
    if (!PlainlyAccepts(rule, func, use)) continue;
    if (!Demands(rule.action)) return rules;
    rules.push_back(&rule);
    if (!IsUnsure(rule, use)) return rules;
  }
  return rules;
}

bool SameTerms(const Rule* one, const Rule* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->terms == other->terms;
}

bool Has(const DemandList& demands, const Demand& wanted) {
  return std::ranges::any_of(demands.all(), [&wanted](const Demand& demand) {
    return SameDemand(demand, wanted);
  });
}

}  // namespace

std::string RandomPolicy(Chooser& choose, std::size_t rules, const Asks& asks) {
  std::string text;
  for (std::size_t i = 0; i < rules; ++i) {
    text += RandomRule(choose, asks) + "\n";
  }
  return text;
}

std::string RandomPath(Chooser& choose) {
  return "/" + choose.Some(kPathParts, 1, 3).substr(1);
}

void ChangeAsker(Chooser& choose, Use& use) {
  use.uid = choose.OneIn(2) ? 0 : 1000;
  use.pid = static_cast<pid_t>(choose.Below(3));
  for (const auto which : {NumberFact::kUid, NumberFact::kEuid,
                           NumberFact::kGid, NumberFact::kEgid}) {
    use.number(which) = RandomNumber(choose);
  }
  ChooseText(choose, TextFact::kExe, {"/bin/sh", "/usr/bin/rpm", "/rpm"}, use);
  ChooseText(choose, TextFact::kContainer, {"", "web", "web2", "db"}, use);
}

Use RandomUse(Chooser& choose) {
  constexpr std::array<Mask, 8> kUseMasks = {kMayRead,
                                             kMayRead,
                                             kMayExec,
                                             kMayExec,
                                             kMayRead | kMayWrite,
                                             kMayWrite,
                                             kMayWrite | kMayAppend,
                                             kMayRead | kMayWrite | kMayAppend};
  Use use;
  use.mask = kUseMasks[choose.Below(kUseMasks.size())];
  ChangeAsker(choose, use);
  use.number(NumberFact::kFowner) = RandomNumber(choose);
  use.number(NumberFact::kFgroup) = RandomNumber(choose);
  use.number(NumberFact::kFsMagic) = RandomMagic(choose);
  // The third is more than the index looks up.
  for (std::size_t i = choose.Below(9) / 2; i > 0; --i) {
    if (i < 4) use.text(TextFact::kPath).push_back(RandomPath(choose));
  }
  ChooseText(choose, TextFact::kFsName, {"ext4", "ext3", "fuse"}, use);
  ChooseText(choose, TextFact::kFsSubtype, {"sshfs", "a", ""}, use);
  ChooseText(choose, TextFact::kFsUuid,
             {"28b23254-9467-44c0-b6ba-34b12e85a26e", "38b2"}, use);
  use.elf = RandomBool(choose);
  use.setuid = RandomBool(choose);
  use.setgid = RandomBool(choose);
  return use;
}

bool PlainGlob(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob.starts_with("**")) {
    return PlainGlob(glob.substr(2), text) ||
           (!text.empty() && PlainGlob(glob, text.substr(1)));
  }
  if (glob.front() == '*') {
    return PlainGlob(glob.substr(1), text) ||
           (!text.empty() && text.front() != '/' &&
            PlainGlob(glob, text.substr(1)));
  }
  if (text.empty()) return false;
  std::size_t length = 1;
  bool matches = glob.front() == text.front();
  if (glob.front() == '?') matches = text.front() != '/';
  if (glob.front() == '[') matches = InSet(glob, length, text.front());
  if (glob.front() == '\\') {
    length = 2;
    matches = glob[1] == text.front();
  }
  return matches && PlainGlob(glob.substr(length), text.substr(1));
}

bool PlainlyAccepts(const Rule& rule, Func func, const Use& use) {
  if (!IsForOccasion(rule, func, use.mask)) return false;
  const bool demands = Demands(rule.action);
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    if (!rule.numbers[i]) continue;
    const auto& value = use.numbers[i];
    bool holds = value ? false : demands;
    for (const auto& [first, last] : rule.numbers[i]->ranges()) {
      holds = holds || (value && first <= *value && *value <= last);
    }
    if (!holds) return false;
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto& condition = rule.texts[i];
    if (condition && !TextHolds(*condition, use.texts[i], demands)) {
      return false;
    }
  }
  return true;
}

std::vector<Demand> PlainMatchOccasion(const Policy& policy, Func func,
                                       const Use& use) {
  const auto appraise = PlainAll(policy, ActionClass::kAppraise, func, use);
  const auto measure = PlainAll(policy, ActionClass::kMeasure, func, use);
  const auto audit = PlainAll(policy, ActionClass::kAudit, func, use);
  const auto hash = PlainAll(policy, ActionClass::kHash, func, use);
  std::vector<Demand> demands;
  const auto at = [](const auto& rules, std::size_t i) -> const Rule* {
    return i < rules.size() ? rules[i] : nullptr;
  };
  for (std::size_t i = 0;; ++i) {
    const Demand demand = {.appraise = at(appraise, i),
                           .measure = at(measure, i),
                           .audit = at(audit, i),
                           .hash = at(hash, i)};
    if (!demand.any()) return demands;
    const auto same = [&demand](const Demand& other) {
      return SameDemand(demand, other);
    };
    if (std::ranges::none_of(demands, same)) demands.push_back(demand);
  }
}

std::vector<Demand> PlainMatch(const Policy& policy, const Use& use) {
  std::vector<Demand> demands;
  const auto ask = [&](Func func, const Use& on) {
    for (const Demand& demand : PlainMatchOccasion(policy, func, on)) {
      const auto same = [&demand](const Demand& other) {
        return SameDemand(demand, other);
      };
      if (std::ranges::none_of(demands, same)) demands.push_back(demand);
    }
  };
  ask(Func::kFileCheck, use);
  Use mapped = use;
  mapped.mask = kMayExec;
  const bool only_writes = (use.mask & (kMayRead | kMayExec)) == 0;
  if (!only_writes && use.elf != false) ask(Func::kMmapCheck, mapped);
  if ((use.mask & kMayExec) != 0) {
    ask(Func::kBprmCheck, mapped);
    Use after = mapped;
    if (use.setuid == true) {
      after.number(NumberFact::kEuid) = use.numbers[4];
    } else if (!use.setuid) {
      after.number(NumberFact::kEuid).reset();
    }
    if (use.setgid == true) {
      after.number(NumberFact::kEgid) = use.numbers[5];
    } else if (!use.setgid) {
      after.number(NumberFact::kEgid).reset();
    }
    ask(Func::kCredsCheck, after);
  }
  if ((use.mask & kMayRead) == 0) return demands;
  Use loaded = use;
  loaded.mask = kMayRead;
  const auto& paths = use.texts[static_cast<std::size_t>(TextFact::kPath)];
  for (const Func func :
       {Func::kModuleCheck, Func::kFirmwareCheck, Func::kKexecKernelCheck,
        Func::kKexecInitramfsCheck}) {
    bool may_be = paths.empty();
    for (const std::string_view glob : PathsOf(func)) {
      for (const std::string& path : paths) {
        may_be = may_be || PlainGlob(glob, path);
      }
    }
    if (may_be) ask(func, loaded);
  }
  return demands;
}

bool SameDemand(const Demand& one, const Demand& other) {
  return SameTerms(one.appraise, other.appraise) &&
         SameTerms(one.measure, other.measure) &&
         SameTerms(one.audit, other.audit) && SameTerms(one.hash, other.hash);
}

bool SameDemands(const DemandList& one, const DemandList& other) {
  return std::ranges::all_of(one.all(),
                             [&](const Demand& d) { return Has(other, d); }) &&
         std::ranges::all_of(other.all(),
                             [&](const Demand& d) { return Has(one, d); });
}

std::string Described(const Use& use) {
  constexpr std::array kNames = {"uid",    "euid",   "gid",    "egid",
                                 "fowner", "fgroup", "fsmagic"};
  constexpr std::array kTextNames = {"path",   "exe",        "container",
                                     "fsname", "fs_subtype", "fsuuid"};
  std::ostringstream out;
  out << "mask=" << use.mask;
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    if (use.numbers[i]) out << ' ' << kNames[i] << '=' << *use.numbers[i];
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    for (const std::string& text : use.texts[i]) {
      out << ' ' << kTextNames[i] << '=' << text;
    }
  }
  if (use.elf) out << " elf=" << *use.elf;
  if (use.setuid) out << " setuid=" << *use.setuid;
  if (use.setgid) out << " setgid=" << *use.setgid;
  return out.str();
}

std::string Described(const DemandList& demands) {
  std::ostringstream out;
  const auto line = [](const Rule* rule) {
    return rule == nullptr ? 0U : rule->line;
  };
  for (const Demand& demand : demands.all()) {
    out << "[appraise " << line(demand.appraise) << " measure "
        << line(demand.measure) << " audit " << line(demand.audit) << " hash "
        << line(demand.hash) << "] ";
  }
  return out.str();
}

}  // namespace assayfs::testing
