// SPDX-License-Identifier: Apache-2.0
#include "policy/match.h"

#include <algorithm>

#include "reference.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using testing::Chooser;
using testing::Described;
using testing::Parsed;
using testing::RandomPolicy;
using testing::RandomUse;

using Lines = std::vector<unsigned>;

Lines LinesOf(const DemandList& demands, const Rule* Demand::*which) {
  Lines lines;
  for (const Demand& demand : demands.all()) {
    if (demand.*which != nullptr) lines.push_back((demand.*which)->line);
  }
  return lines;
}

// The lines of the rules by which a use is appraised.
Lines Appraised(const Policy& policy, const Use& use) {
  return LinesOf(Match(policy, use), &Demand::appraise);
}
Lines Measured(const Policy& policy, const Use& use) {
  return LinesOf(Match(policy, use), &Demand::measure);
}
Lines Appraised(const std::string& text, const Use& use) {
  return Appraised(Parsed(text), use);
}

// Of an ordinary file that is not ELF, by root.
Use UseOf(Mask mask) {
  Use use;
  use.mask = mask;
  use.numbers = {0U, 0U, 0U, 0U, 0U, 0U, 0xef53U};
  use.text(TextFact::kPath) = {"/etc/passwd"};
  use.text(TextFact::kExe) = {"/bin/sh"};
  use.text(TextFact::kContainer) = {""};
  use.text(TextFact::kFsName) = {"ext4"};
  use.text(TextFact::kFsSubtype) = {""};
  use.text(TextFact::kFsUuid) = {"28b23254-9467-44c0-b6ba-34b12e85a26e"};
  use.elf = false;
  use.setuid = false;
  use.setgid = false;
  return use;
}
Use Reading() { return UseOf(kMayRead); }
Use Executing() { return UseOf(kMayExec); }
Use With(Use use, NumberFact which, std::optional<std::uint32_t> number) {
  use.number(which) = number;
  return use;
}
Use With(Use use, TextFact which, std::vector<std::string> texts) {
  use.text(which) = std::move(texts);
  return use;
}
Use At(Use use, std::string path) {
  return With(std::move(use), TextFact::kPath, {std::move(path)});
}
Use Elf(Use use, std::optional<bool> elf) {
  use.elf = elf;
  return use;
}
Use OwnedBy(Use use, std::optional<std::uint32_t> owner,
            std::optional<bool> setuid) {
  use.number(NumberFact::kFowner) = owner;
  use.setuid = setuid;
  return use;
}
Use OfGroup(Use use, std::optional<std::uint32_t> group,
            std::optional<bool> setgid) {
  use.number(NumberFact::kFgroup) = group;
  use.setgid = setgid;
  return use;
}

TEST(MatchTest, NoRuleDemandsNothing) {
  EXPECT_TRUE(Match(Parsed(""), Reading()).empty());
  EXPECT_TRUE(Match(Parsed("appraise uid=5\n"), Reading()).empty());
}

TEST(MatchTest, TheFirstRuleOfEachKindIsInForce) {
  const auto policy = Parsed(
      "dont_appraise uid=5\n"
      "measure uid=5\n"
      "audit\n"
      "appraise\n"
      "dont_measure\n"
      "measure\n"
      "dont_hash uid=5\n"
      "hash\n");
  const auto lines = [&policy](std::uint32_t uid) {
    const auto demands = Match(policy, With(Reading(), NumberFact::kUid, uid));
    EXPECT_EQ(demands.size(), 1U);
    const Demand& demand = demands.all()[0];
    const auto line = [](const Rule* rule) {
      return rule == nullptr ? 0U : rule->line;
    };
    return Lines{line(demand.appraise), line(demand.measure),
                 line(demand.audit), line(demand.hash)};
  };
  EXPECT_EQ(lines(5), (Lines{0, 2, 3, 0}));
  EXPECT_EQ(lines(6), (Lines{4, 0, 3, 8}));
}

TEST(MatchTest, AnExceptionBehindTheMatchChangesNothing) {
  EXPECT_EQ(Appraised("appraise\ndont_appraise\n", Reading()), Lines{1});
}

TEST(MatchTest, AnExceptionIsOfItsKindOnly) {
  const auto policy = Parsed("dont_appraise\nappraise\nmeasure\n");
  EXPECT_EQ(Appraised(policy, Reading()), Lines{});
  EXPECT_EQ(Measured(policy, Reading()), Lines{3});
}

TEST(MatchTest, EveryConditionMustHold) {
  const std::string text = "appraise uid=0 fowner=0 path=/etc/** fsname=ext4\n";
  EXPECT_EQ(Appraised(text, Reading()), Lines{1});
  EXPECT_EQ(Appraised(text, With(Reading(), NumberFact::kUid, 1)), Lines{});
  EXPECT_EQ(Appraised(text, With(Reading(), NumberFact::kFowner, 1)), Lines{});
  EXPECT_EQ(Appraised(text, At(Reading(), "/usr/a")), Lines{});
  EXPECT_EQ(Appraised(text, With(Reading(), TextFact::kFsName, {"xfs"})),
            Lines{});
}

TEST(MatchTest, EachNumberIsAskedForByItsName) {
  using enum NumberFact;
  for (const auto& [which, name] :
       {std::pair(kUid, "uid"), std::pair(kEuid, "euid"),
        std::pair(kGid, "gid"), std::pair(kEgid, "egid"),
        std::pair(kFowner, "fowner"), std::pair(kFgroup, "fgroup")}) {
    const auto policy = Parsed("appraise " + std::string(name) + "=7\n");
    EXPECT_EQ(Appraised(policy, Reading()), Lines{}) << name;
    EXPECT_EQ(Appraised(policy, With(Reading(), which, 7)), Lines{1}) << name;
  }
  const auto policy = Parsed("appraise fsmagic=0x9fa0\n");
  EXPECT_EQ(Appraised(policy, Reading()), Lines{});
  EXPECT_EQ(Appraised(policy, With(Reading(), kFsMagic, 0x9fa0)), Lines{1});
}

TEST(MatchTest, EachTextIsAskedForByItsName) {
  using enum TextFact;
  for (const auto& [which, name] :
       {std::pair(kPath, "path"), std::pair(kExe, "exe"),
        std::pair(kContainer, "container"), std::pair(kFsName, "fsname"),
        std::pair(kFsSubtype, "fs_subtype"), std::pair(kFsUuid, "fsuuid")}) {
    const auto policy = Parsed("appraise " + std::string(name) + "=/x*\n");
    EXPECT_EQ(Appraised(policy, Reading()), Lines{}) << name;
    EXPECT_EQ(Appraised(policy, With(Reading(), which, {"/x"})), Lines{1})
        << name;
  }
}

TEST(MatchTest, LessAndGreaterLeaveTheNumberItselfOut) {
  const auto less = Parsed("appraise uid<10\n");
  const auto greater = Parsed("appraise uid>10\n");
  for (const auto& [uid, is_less, is_greater] :
       {std::tuple(9U, true, false), std::tuple(10U, false, false),
        std::tuple(11U, false, true)}) {
    const Use use = With(Reading(), NumberFact::kUid, uid);
    EXPECT_EQ(!Match(less, use).empty(), is_less) << uid;
    EXPECT_EQ(!Match(greater, use).empty(), is_greater) << uid;
  }
}

TEST(MatchTest, NotEqualHoldsWhereNoPatternMatches) {
  const std::string text = "appraise path!=/etc/**,/usr/**\n";
  EXPECT_EQ(Appraised(text, At(Reading(), "/etc/a")), Lines{});
  EXPECT_EQ(Appraised(text, At(Reading(), "/usr/a")), Lines{});
  EXPECT_EQ(Appraised(text, At(Reading(), "/opt/a")), Lines{1});
}

TEST(FindExceptionTest, IsTheFirstThatHoldsForCertain) {
  const Policy policy = Parsed(
      "dont_measure\ndont_appraise path=/a uid=5\n"
      "dont_appraise func=BPRM_CHECK path=/b\ndont_appraise path=/a\n");
  const auto line = [&policy](const std::string& path, Mask mask,
                              std::optional<std::uint32_t> uid) {
    Use use{.mask = mask};
    use.text(TextFact::kPath) = {path};
    use.number(NumberFact::kUid) = uid;
    const Rule* rule = FindException(policy, use);
    return rule == nullptr ? 0U : rule->line;
  };
  EXPECT_EQ(line("/a", kMayRead, 5), 2U);
  EXPECT_EQ(line("/a", kMayRead, 6), 4U);
  EXPECT_EQ(line("/a", kMayRead, std::nullopt), 4U);
  EXPECT_EQ(line("/b", kMayExec, 6), 3U);
  EXPECT_EQ(line("/b", kMayRead, 6), 0U);
}

TEST(MatchTest, OneOfTheSpellingsOfAPathIsEnough) {
  const Use both = With(Reading(), TextFact::kPath, {"/bin/a", "/usr/bin/a"});
  EXPECT_EQ(Appraised("appraise path=/bin/*\n", both), Lines{1});
  EXPECT_EQ(Appraised("appraise path=/usr/bin/*\n", both), Lines{1});
  EXPECT_EQ(Appraised("appraise path!=/bin/*\n", both), Lines{});
  EXPECT_EQ(Appraised("appraise path=/opt/*\n", both), Lines{});
}

TEST(MatchTest, AKnownContainerMayBeNone) {
  const std::string text = "appraise container!=web*\n";
  EXPECT_EQ(Appraised(text, Reading()), Lines{1});
  EXPECT_EQ(Appraised(text, With(Reading(), TextFact::kContainer, {"web2"})),
            Lines{});
  EXPECT_EQ(Appraised("appraise container=?*\n", Reading()), Lines{});
}

TEST(MatchTest, AMaskIsExact) {
  const std::string text = "appraise func=FILE_CHECK mask=MAY_READ\n";
  EXPECT_EQ(Appraised(text, UseOf(kMayRead)), Lines{1});
  EXPECT_EQ(Appraised(text, UseOf(kMayRead | kMayWrite)), Lines{});
  EXPECT_EQ(Appraised(text, UseOf(kMayWrite)), Lines{});
  EXPECT_EQ(Appraised(text, UseOf(kMayExec)), Lines{});
}

TEST(MatchTest, ACaretTakesWhatHasTheBitAmongOthers) {
  const std::string text = "appraise func=FILE_CHECK mask=^MAY_READ\n";
  EXPECT_EQ(Appraised(text, UseOf(kMayRead)), Lines{1});
  EXPECT_EQ(Appraised(text, UseOf(kMayRead | kMayWrite)), Lines{1});
  EXPECT_EQ(Appraised(text, UseOf(kMayWrite)), Lines{});
}

TEST(MatchTest, EachMaskIsAskedForByItsName) {
  for (const auto& [mask, name] :
       {std::pair(kMayExec, "MAY_EXEC"), std::pair(kMayWrite, "MAY_WRITE"),
        std::pair(kMayRead, "MAY_READ"), std::pair(kMayAppend, "MAY_APPEND")}) {
    for (const std::string caret : {"", "^"}) {
      const auto policy =
          Parsed("appraise func=FILE_CHECK mask=" + caret + name + "\n");
      for (const Mask other : {kMayExec, kMayWrite, kMayRead, kMayAppend}) {
        EXPECT_EQ(!Match(policy, UseOf(other)).empty(), other == mask)
            << caret << name << " for " << other;
      }
    }
  }
}

TEST(MatchTest, WhatOnlyWritesIsAskedForByMaskOnly) {
  for (const Mask mask : {kMayWrite, kMayWrite | kMayAppend}) {
    EXPECT_EQ(Appraised("appraise\n", UseOf(mask)), Lines{});
    EXPECT_EQ(Appraised("appraise func=FILE_CHECK\n", UseOf(mask)), Lines{});
    EXPECT_EQ(Appraised("appraise mask=^MAY_WRITE\n", UseOf(mask)), Lines{1});
    EXPECT_EQ(Appraised("appraise mask=^MAY_READ\n", Elf(UseOf(mask), true)),
              Lines{});
  }
}

TEST(MatchTest, ReadingIsAnOccasionOfItsOwn) {
  EXPECT_EQ(Appraised("appraise func=FILE_CHECK\n", Reading()), Lines{1});
  EXPECT_EQ(Appraised("appraise func=BPRM_CHECK\n", Reading()), Lines{});
  EXPECT_EQ(Appraised("appraise func=CREDS_CHECK\n", Reading()), Lines{});
  EXPECT_EQ(Appraised("appraise func=MMAP_CHECK\n", Reading()), Lines{});
}

TEST(MatchTest, ExecutionOpensTheFileToo) {
  EXPECT_EQ(Appraised("appraise func=FILE_CHECK\n", Executing()), Lines{1});
  EXPECT_EQ(Appraised("appraise func=FILE_CHECK mask=MAY_EXEC\n", Executing()),
            Lines{1});
  EXPECT_EQ(Appraised("appraise func=FILE_CHECK mask=^MAY_READ\n", Executing()),
            Lines{});
}

TEST(MatchTest, ExecutionIsFourOccasions) {
  const auto policy = Parsed(
      "appraise func=FILE_CHECK bind=path\n"
      "appraise func=BPRM_CHECK bind=mode\n"
      "appraise func=CREDS_CHECK bind=owner\n"
      "appraise func=MMAP_CHECK bind=caps\n");
  EXPECT_EQ(Appraised(policy, Elf(Executing(), true)), (Lines{1, 4, 2, 3}));
  EXPECT_EQ(Appraised(policy, Elf(Executing(), false)), (Lines{1, 2, 3}));
}

TEST(MatchTest, ExecutionOccasionsHaveTheMaskOfExecution) {
  for (const std::string func : {"MMAP_CHECK", "BPRM_CHECK", "CREDS_CHECK"}) {
    const Use use = Elf(Executing(), true);
    EXPECT_EQ(Appraised("appraise func=" + func + " mask=MAY_EXEC\n", use),
              Lines{1});
    EXPECT_EQ(Appraised("appraise func=" + func + " mask=^MAY_READ\n", use),
              Lines{});
  }
}

TEST(MatchTest, ElfFilesThatAreReadMayBeMapped) {
  const std::string text = "appraise func=MMAP_CHECK\n";
  EXPECT_EQ(Appraised(text, Elf(Reading(), true)), Lines{1});
  EXPECT_EQ(Appraised(text, Elf(UseOf(kMayRead | kMayWrite), true)), Lines{1});
  EXPECT_EQ(Appraised(text, Elf(UseOf(kMayWrite), true)), Lines{});
  EXPECT_EQ(Appraised(text, Elf(Reading(), std::nullopt)), Lines{1});
}

TEST(MatchTest, AnExceptionIsOfItsOccasionOnly) {
  const auto policy = Parsed(
      "dont_appraise func=FILE_CHECK\n"
      "appraise func=MMAP_CHECK\n"
      "appraise func=BPRM_CHECK\n");
  EXPECT_EQ(Appraised(policy, Reading()), Lines{});
  EXPECT_EQ(Appraised(policy, Elf(Reading(), true)), Lines{2});
  // Both ask for the same, which is demanded once.
  EXPECT_EQ(Appraised(policy, Elf(Executing(), true)), Lines{2});
  EXPECT_EQ(Appraised(policy, Executing()), Lines{3});
}

TEST(MatchTest, AnExceptionFromEveryOccasionIsFromAll) {
  EXPECT_TRUE(Match(Parsed("dont_appraise path=/etc/**\nappraise\n"),
                    Elf(Executing(), true))
                  .empty());
}

TEST(MatchTest, WhatIsAskedForAgainIsDemandedOnce) {
  const auto policy = Parsed(
      "appraise func=FILE_CHECK\nappraise func=BPRM_CHECK\n"
      "appraise func=CREDS_CHECK\n");
  EXPECT_EQ(Appraised(policy, Executing()), Lines{1});
}

TEST(MatchTest, CredsOfOrdinaryFilesAreThoseOfTheAsker) {
  const std::string text = "appraise func=CREDS_CHECK euid=0\n";
  const Use user = With(Executing(), NumberFact::kEuid, 1000);
  EXPECT_EQ(Appraised(text, Executing()), Lines{1});
  EXPECT_EQ(Appraised(text, user), Lines{});
  EXPECT_EQ(Appraised(text, OwnedBy(user, 0, false)), Lines{});
}

TEST(MatchTest, CredsOfSetUserIdFilesAreThoseOfTheirOwner) {
  const std::string text = "appraise func=CREDS_CHECK euid=0\n";
  const Use user = With(Executing(), NumberFact::kEuid, 1000);
  EXPECT_EQ(Appraised(text, OwnedBy(user, 0, true)), Lines{1});
  EXPECT_EQ(Appraised(text, OwnedBy(Executing(), 1000, true)), Lines{});
}

TEST(MatchTest, CredsOfSetGroupIdFilesAreThoseOfTheirGroup) {
  const std::string text = "appraise func=CREDS_CHECK egid=0\n";
  const Use user = With(Executing(), NumberFact::kEgid, 1000);
  EXPECT_EQ(Appraised(text, OfGroup(user, 0, true)), Lines{1});
  EXPECT_EQ(Appraised(text, OfGroup(user, 0, false)), Lines{});
  EXPECT_EQ(Appraised(text, OfGroup(Executing(), 1000, true)), Lines{});
  EXPECT_EQ(Appraised(text, OfGroup(user, 0, std::nullopt)), Lines{1});
  EXPECT_EQ(Appraised(text, OfGroup(user, std::nullopt, true)), Lines{1});
  EXPECT_EQ(
      Appraised("appraise func=BPRM_CHECK egid=0\n", OfGroup(user, 0, true)),
      Lines{});
}

TEST(UseTest, WhatAFileLendsIsInItsMode) {
  Use use;
  use.set_mode(0106755);
  EXPECT_TRUE(use.setuid == true && use.setgid == true);
  use.set_mode(0100755);
  EXPECT_TRUE(use.setuid == false && use.setgid == false);
  // Without the right to execute it, the bit lends nothing.
  use.set_mode(0102745);
  EXPECT_EQ(use.setgid, false);
}

TEST(MatchTest, CredsAreThoseOfTheOwnerForRulesWithoutFuncToo) {
  const Use user = With(Executing(), NumberFact::kEuid, 1000);
  EXPECT_EQ(Appraised("appraise euid=0\n", OwnedBy(user, 0, true)), Lines{1});
  EXPECT_EQ(Appraised("appraise euid=0\n", user), Lines{});
}

TEST(MatchTest, OtherOccasionsOfSetUserIdFilesHaveTheUserWhoAsks) {
  const Use user = OwnedBy(With(Executing(), NumberFact::kEuid, 1000), 0, true);
  EXPECT_EQ(Appraised("appraise func=BPRM_CHECK euid=0\n", user), Lines{});
  EXPECT_EQ(Appraised("appraise func=FILE_CHECK euid=0\n", user), Lines{});
  EXPECT_EQ(Appraised("appraise func=CREDS_CHECK uid=0\n",
                      With(user, NumberFact::kUid, 1000)),
            Lines{});
}

TEST(MatchTest, CredsThatAreNotKnownAreThoseThatARuleDemands) {
  const Use user = With(Executing(), NumberFact::kEuid, 1000);
  const std::string demands = "appraise func=CREDS_CHECK euid=0\n";
  const std::string excepts =
      "dont_appraise func=CREDS_CHECK euid=1000\nappraise func=CREDS_CHECK\n";
  for (const Use& use :
       {OwnedBy(user, 0, std::nullopt), OwnedBy(user, std::nullopt, true)}) {
    EXPECT_EQ(Appraised(demands, use), Lines{1});
    EXPECT_EQ(Appraised(excepts, use), Lines{2});
  }
  EXPECT_EQ(Appraised(excepts, user), Lines{});
}

TEST(MatchTest, WhatTheKernelReadsIsKnownByItsPath) {
  for (const auto& [func, path] :
       {std::pair("MODULE_CHECK", "/lib/modules/6.1/kernel/a.ko"),
        std::pair("MODULE_CHECK", "/a/b.ko.gz"),
        std::pair("MODULE_CHECK", "/a/b.ko.xz"),
        std::pair("MODULE_CHECK", "/a/b.ko.zst"),
        std::pair("FIRMWARE_CHECK", "/usr/lib/firmware/a/b.bin"),
        std::pair("KEXEC_KERNEL_CHECK", "/boot/vmlinuz-6.1"),
        std::pair("KEXEC_KERNEL_CHECK", "/boot/vmlinux"),
        std::pair("KEXEC_INITRAMFS_CHECK", "/boot/initrd.img-6.1"),
        std::pair("KEXEC_INITRAMFS_CHECK", "/boot/initramfs-6.1.img")}) {
    const auto policy = Parsed("appraise func=" + std::string(func) + "\n");
    EXPECT_EQ(Appraised(policy, At(Reading(), path)), Lines{1}) << path;
    EXPECT_EQ(Appraised(policy, At(Executing(), path)), Lines{}) << path;
    EXPECT_EQ(Appraised(policy, At(UseOf(kMayWrite), path)), Lines{}) << path;
    EXPECT_EQ(Appraised(policy, Reading()), Lines{}) << func;
    EXPECT_EQ(Appraised(policy, With(Reading(), TextFact::kPath, {})), Lines{1})
        << func;
  }
}

TEST(MatchTest, WhatTheKernelReadsIsAlsoOpened) {
  const auto policy =
      Parsed("dont_appraise func=FILE_CHECK\nappraise func=MODULE_CHECK\n");
  EXPECT_EQ(Appraised(policy, At(Reading(), "/a.ko")), Lines{2});
  EXPECT_EQ(Appraised(policy, At(Reading(), "/a.txt")), Lines{});
}

TEST(MatchTest, ListsAndPoliciesAreNoOccasionsOfOpening) {
  EXPECT_TRUE(Match(Parsed("appraise func=DIGEST_LIST_CHECK\n"
                           "measure func=POLICY_CHECK\n"),
                    Elf(Reading(), true))
                  .empty());
}

TEST(MatchTest, UnknownFactsHoldForRulesThatDemand) {
  Use unknown;
  for (const std::string condition :
       {"uid=5", "euid>5", "gid=5", "egid<5", "fowner=5", "fgroup=5",
        "fsmagic=5", "path=/x", "path!=/**", "exe=/x", "exe!=/**",
        "container=x", "container!=**", "fsname=x", "fs_subtype=x",
        "fsuuid=x*"}) {
    EXPECT_EQ(
        Appraised("appraise func=FILE_CHECK " + condition + "\n", unknown),
        Lines{1})
        << condition;
    EXPECT_EQ(Appraised("dont_appraise func=FILE_CHECK " + condition +
                            "\nappraise func=FILE_CHECK\n",
                        unknown),
              Lines{2})
        << condition;
  }
}

TEST(MatchTest, AnUnknownFactDoesNotMakeUpForAKnownOne) {
  Use use = With(Reading(), NumberFact::kUid, std::nullopt);
  EXPECT_EQ(Appraised("appraise uid=5 path=/usr/**\n", use), Lines{});
  EXPECT_EQ(Appraised("appraise uid=5 path=/etc/**\n", use), Lines{1});
}

TEST(MatchTest, KnowingLessNeverFreesFromADemand) {
  Chooser choose(21);
  for (unsigned round = 0; round < 1000; ++round) {
    const Policy policy =
        Parsed(RandomPolicy(choose, 1 + choose.Below(10), {.terms = 0}));
    for (unsigned i = 0; i < 20; ++i) {
      const Use use = RandomUse(choose);
      Use less = use;
      for (auto& number : less.numbers) {
        if (choose.OneIn(3)) number.reset();
      }
      for (auto& texts : less.texts) {
        if (choose.OneIn(3)) texts.clear();
      }
      if (choose.OneIn(3)) less.elf.reset();
      if (choose.OneIn(3)) less.setuid.reset();
      if (choose.OneIn(3)) less.setgid.reset();
      for (const auto which : {&Demand::appraise, &Demand::measure,
                               &Demand::audit, &Demand::hash}) {
        ASSERT_TRUE(LinesOf(Match(policy, use), which).empty() ||
                    !LinesOf(Match(policy, less), which).empty())
            << Described(use) << "\nand " << Described(less) << "\nin:\n"
            << policy.text;
      }
    }
  }
}

std::vector<unsigned> ListLines(const std::string& text, const Use& use) {
  const auto policy = Parsed(text);
  std::vector<unsigned> lines;
  for (const Rule* rule : MatchList(policy, ActionClass::kAppraise, use)) {
    lines.push_back(rule->line);
  }
  return lines;
}

TEST(MatchListTest, ARuleCountsIfItMatchesForCertain) {
  const Use use = At(With(Use(), NumberFact::kFowner, 0), "/l/tlv-a");
  const auto lines = [&use](const std::string& text) {
    return ListLines(text, use);
  };
  const std::string lists = "func=DIGEST_LIST_CHECK ";
  EXPECT_EQ(lines("appraise " + lists + "fowner=0 path=/l/*\n"), Lines{1});
  EXPECT_EQ(lines("appraise fowner=5\nappraise\n"), Lines{2});
  EXPECT_EQ(lines("dont_appraise\nappraise\n"), Lines{});
  EXPECT_EQ(lines("measure\n"), Lines{});
  for (const std::string unknown : {"fsuuid=28b23254*", "fsname=ext4", "exe=/a",
                                    "container=c", "fgroup=0"}) {
    const std::string rule = "appraise " + lists + unknown;
    EXPECT_EQ(lines(rule + "\n"), Lines{}) << unknown;
    // What it demands may be due.
    EXPECT_EQ(lines(rule + "\nappraise\n"), (Lines{1, 2})) << unknown;
    EXPECT_EQ(lines("dont_" + rule + "\nappraise\n"), Lines{}) << unknown;
    EXPECT_EQ(lines("appraise\ndont_" + rule + "\n"), Lines{1}) << unknown;
  }
}

TEST(MatchListTest, ProgramsAndFileSystemsAreNotOfListsUnlessTheRuleIs) {
  for (const std::string unknown :
       {"fsuuid=28b23254*", "fsname=ext4", "exe=/a", "container=c"}) {
    const std::string rules =
        "appraise " + unknown + "\ndont_appraise " + unknown + "\n";
    EXPECT_EQ(ListLines(rules, Reading()), Lines{});
    EXPECT_EQ(ListLines(rules + "appraise\n", Reading()), Lines{3});
  }
}

TEST(MatchListTest, WhatIsNotKnownNeverMakesAListCount) {
  Chooser choose(37);
  unsigned counted = 0;
  for (unsigned round = 0; round < 1000; ++round) {
    const Policy policy = Parsed(
        RandomPolicy(choose, 1 + choose.Below(6), {.func = 2, .mask = 6}));
    for (unsigned i = 0; i < 20; ++i) {
      Use use = RandomUse(choose);
      use.mask = kMayRead;
      Use less = use;
      for (auto& number : less.numbers) {
        if (choose.OneIn(3)) number.reset();
      }
      for (auto& texts : less.texts) {
        if (choose.OneIn(3)) texts.clear();
      }
      const auto rules = MatchList(policy, ActionClass::kAppraise, less);
      if (rules.empty()) continue;
      const auto first = MatchList(policy, ActionClass::kAppraise, use);
      const auto is_asked = [&rules](const Rule* rule) {
        return std::ranges::count(rules, rule) > 0;
      };
      ASSERT_TRUE(!first.empty() && std::ranges::all_of(first, is_asked))
          << Described(use) << "\nand " << Described(less) << "\nin:\n"
          << policy.text;
      ++counted;
    }
  }
  EXPECT_GT(counted, 100U);
}

TEST(MatchOccasionTest, ListsAreJudgedByTheirRules) {
  const auto policy = Parsed(
      "measure func=DIGEST_LIST_CHECK pcr=11\n"
      "dont_appraise func=DIGEST_LIST_CHECK fowner>0\n"
      "appraise func=DIGEST_LIST_CHECK\n"
      "appraise func=FILE_CHECK\n");
  const Demand own =
      testing::TheOne(MatchOccasion(policy, Func::kDigestListCheck, Reading()));
  ASSERT_NE(own.appraise, nullptr);
  EXPECT_EQ(own.appraise->line, 3U);
  ASSERT_NE(own.measure, nullptr);
  EXPECT_EQ(own.measure->line, 1U);
  const Demand other = testing::TheOne(MatchOccasion(
      policy, Func::kDigestListCheck, OwnedBy(Reading(), 5, false)));
  EXPECT_EQ(other.appraise, nullptr);
  EXPECT_NE(other.measure, nullptr);
}

TEST(MatchOccasionTest, RulesWithoutFuncAreForListsButNotForPolicies) {
  const auto policy = Parsed("appraise\nmeasure\n");
  EXPECT_TRUE(
      testing::TheOne(MatchOccasion(policy, Func::kDigestListCheck, Reading()))
          .any());
  EXPECT_FALSE(
      testing::TheOne(MatchOccasion(policy, Func::kPolicyCheck, Reading()))
          .any());
}

TEST(MatchOccasionTest, PoliciesAreJudgedByRulesThatNameThem) {
  const auto policy = Parsed("appraise func=POLICY_CHECK signer=ab*\n");
  EXPECT_TRUE(
      testing::TheOne(MatchOccasion(policy, Func::kPolicyCheck, Reading()))
          .any());
  EXPECT_FALSE(
      testing::TheOne(MatchOccasion(policy, Func::kDigestListCheck, Reading()))
          .any());
}

TEST(DemandTest, TheAnswerDependsOnAppraisalFirst) {
  const Rule appraise;
  const Rule measure;
  const Rule audit;
  const Rule hash;
  EXPECT_EQ((Demand{&appraise, &measure, &audit, &hash}.rule()), &appraise);
  EXPECT_EQ((Demand{nullptr, &measure, &audit, &hash}.rule()), &measure);
  EXPECT_EQ((Demand{nullptr, nullptr, &audit, &hash}.rule()), &audit);
  EXPECT_EQ((Demand{nullptr, nullptr, nullptr, &hash}.rule()), &hash);
  EXPECT_EQ(Demand{}.rule(), nullptr);
  EXPECT_FALSE(Demand{}.any());
  EXPECT_TRUE(Demand{.hash = &hash}.any());
}

TEST(DemandListTest, LeavesOutWhatDemandsNothingOrTheSameAgain) {
  const Rule rule;
  Rule alike;
  alike.func = Func::kBprmCheck;
  Rule other;
  other.terms.verity_only = true;
  DemandList demands;
  demands.Add({});
  EXPECT_TRUE(demands.empty());
  demands.Add({.appraise = &rule});
  demands.Add({.appraise = &alike});
  EXPECT_EQ(demands.size(), 1U);
  EXPECT_EQ(demands.all()[0].appraise, &rule);
  demands.Add({.appraise = &other});
  demands.Add({.measure = &rule});
  demands.Add({.appraise = &rule, .measure = &rule});
  EXPECT_EQ(demands.size(), 4U);
}

}  // namespace
}  // namespace assayfs
