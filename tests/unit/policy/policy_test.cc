// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include "reference.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using testing::Asks;
using testing::BuiltIn;
using testing::ChangeAsker;
using testing::Chooser;
using testing::Described;
using testing::Parsed;
using testing::RandomPolicy;
using testing::RandomUse;
using testing::SameDemands;

Needs NeedsOf(const std::string& text) { return Parsed(text).needs; }

// The names of what is needed.
std::string Named(const Needs& needs) {
  std::string names;
  for (const auto& [name, what] :
       {std::pair("elf", &Needs::elf), std::pair("path", &Needs::path),
        std::pair("owner", &Needs::owner),
        std::pair("file_system", &Needs::file_system),
        std::pair("ids", &Needs::ids), std::pair("exe", &Needs::exe),
        std::pair("container", &Needs::container)}) {
    if (needs.*what) names += std::string(names.empty() ? "" : " ") + name;
  }
  return names;
}

TEST(NeedsTest, AreNoneWhereAllIsAskedAlike) {
  EXPECT_EQ(Named(NeedsOf("")), "");
  EXPECT_EQ(Named(NeedsOf("appraise\nmeasure\n")), "");
  EXPECT_EQ(Named(NeedsOf("appraise func=FILE_CHECK mask=MAY_READ\n"
                          "measure func=BPRM_CHECK\n")),
            "");
}

TEST(NeedsTest, FollowConditions) {
  for (const auto& [condition, needs] : {
           std::pair("uid=0", "ids"),
           std::pair("euid>0", "ids"),
           std::pair("gid<5", "ids"),
           std::pair("egid=0", "ids"),
           std::pair("fowner=0", "owner"),
           std::pair("fgroup=0", "owner"),
           std::pair("fsmagic=0", "file_system"),
           std::pair("fsname=a", "file_system"),
           std::pair("fs_subtype=a", "file_system"),
           std::pair("fsuuid=a*", "file_system"),
           std::pair("path=/a", "path"),
           std::pair("path!=/a", "path"),
           std::pair("exe=/a", "exe"),
           std::pair("container=a", "container"),
       }) {
    for (const std::string action :
         {"appraise", "dont_measure", "audit", "hash"}) {
      EXPECT_EQ(Named(NeedsOf(action + " func=FILE_CHECK " + condition + "\n")),
                needs)
          << action << condition;
    }
  }
}

TEST(NeedsTest, AreThoseOfAllRules) {
  EXPECT_EQ(Named(NeedsOf("appraise func=FILE_CHECK uid=0\n"
                          "measure func=FILE_CHECK fowner=0 path=/a\n")),
            "path owner ids");
}

TEST(NeedsTest, AskerIsWhateverIsAskedOfIt) {
  EXPECT_FALSE(NeedsOf("appraise fowner=0 path=/a\n").asker());
  EXPECT_TRUE(NeedsOf("appraise uid=0\n").asker());
  EXPECT_TRUE(NeedsOf("appraise exe=/a\n").asker());
  EXPECT_TRUE(NeedsOf("appraise container=a\n").asker());
}

TEST(NeedsTest, MappingNeedsToKnowElfFiles) {
  EXPECT_TRUE(NeedsOf("appraise func=MMAP_CHECK\n").elf);
  EXPECT_TRUE(NeedsOf("appraise\ndont_measure func=MMAP_CHECK\n").elf);
  EXPECT_TRUE(BuiltIn("exec").needs.elf);
}

TEST(NeedsTest, MappingThatIsAskedForAsReadingIsNeedsNothing) {
  EXPECT_FALSE(NeedsOf("appraise\nmeasure func=BPRM_CHECK\n").elf);
  EXPECT_FALSE(
      NeedsOf("appraise func=FILE_CHECK\nappraise func=MMAP_CHECK\n").elf);
  EXPECT_FALSE(BuiltIn("files").needs.elf);
}

TEST(NeedsTest, WhatTheKernelReadsIsKnownByItsPath) {
  for (const std::string func :
       {"MODULE_CHECK", "FIRMWARE_CHECK", "KEXEC_KERNEL_CHECK",
        "KEXEC_INITRAMFS_CHECK"}) {
    EXPECT_EQ(Named(NeedsOf("appraise func=" + func + "\n")), "path");
  }
}

TEST(NeedsTest, WhatIsLeftForTheKernelsReadsNeedsThePathToo) {
  EXPECT_TRUE(NeedsOf("dont_appraise func=FILE_CHECK\nappraise\n").path);
}

TEST(NeedsTest, CredsOfAnotherUserNeedTheOwner) {
  EXPECT_TRUE(NeedsOf("appraise func=CREDS_CHECK euid=0\n").owner);
  EXPECT_TRUE(NeedsOf("appraise euid=0\n").owner);
  EXPECT_TRUE(NeedsOf("dont_appraise euid=1000\nappraise\n").owner);
  EXPECT_FALSE(NeedsOf("appraise func=BPRM_CHECK euid=0\n").owner);
  EXPECT_TRUE(NeedsOf("appraise func=CREDS_CHECK egid=0\n").owner);
  EXPECT_FALSE(NeedsOf("appraise func=BPRM_CHECK egid=0\n").owner);
}

// Rules for FILE_CHECK may stand for others in one kind of opens only.
TEST(NeedsTest, OpensForWritingAsWellCount) {
  const std::string reads = "appraise func=FILE_CHECK mask=MAY_READ\n";
  const std::string both = "appraise func=FILE_CHECK mask=^MAY_READ\n";
  EXPECT_TRUE(NeedsOf(reads + "appraise func=MODULE_CHECK\n").path);
  EXPECT_TRUE(NeedsOf(reads + "appraise func=MMAP_CHECK\n").elf);
  EXPECT_FALSE(NeedsOf(both + "appraise func=MODULE_CHECK\n").path);
  EXPECT_FALSE(NeedsOf("appraise func=FILE_CHECK mask=^MAY_EXEC\n" + both +
                       "appraise func=MMAP_CHECK\n")
                   .elf);
}

TEST(NeedsTest, WhatIsNotNeededChangesNothing) {
  Chooser choose(31);
  unsigned without = 0;
  for (unsigned round = 0; round < 4000; ++round) {
    const Asks asks = {.func = choose.Below(3),
                       .mask = choose.Below(3) * 2,
                       .asker = choose.Below(2) * 8,
                       .path = choose.Below(2) * 5,
                       .file = choose.Below(2) * 8,
                       .terms = choose.Below(3)};
    const Policy policy =
        Parsed(RandomPolicy(choose, 1 + choose.Below(5), asks));
    const Needs& needs = policy.needs;
    without += needs.elf && needs.path && needs.owner ? 0 : 1;
    for (unsigned i = 0; i < 10; ++i) {
      const Use use = RandomUse(choose);
      Use known = use;
      if (!needs.elf) known.elf.reset();
      if (!needs.path) known.text(TextFact::kPath).clear();
      if (!needs.owner) {
        known.number(NumberFact::kFowner).reset();
        known.number(NumberFact::kFgroup).reset();
        known.setuid.reset();
        known.setgid.reset();
      }
      if (!needs.file_system) {
        known.number(NumberFact::kFsMagic).reset();
        known.text(TextFact::kFsName).clear();
        known.text(TextFact::kFsSubtype).clear();
        known.text(TextFact::kFsUuid).clear();
      }
      if (!needs.ids) {
        for (const auto which : {NumberFact::kUid, NumberFact::kEuid,
                                 NumberFact::kGid, NumberFact::kEgid}) {
          known.number(which).reset();
        }
      }
      if (!needs.exe) known.text(TextFact::kExe).clear();
      if (!needs.container) known.text(TextFact::kContainer).clear();
      ASSERT_TRUE(SameDemands(Match(policy, use), Match(policy, known)))
          << "needs " << Named(needs) << "\n"
          << Described(Match(policy, use)) << "for " << Described(use) << "\n"
          << Described(Match(policy, known)) << "for " << Described(known)
          << "\nin:\n"
          << policy.text;
    }
  }
  EXPECT_GT(without, 1000U);
}

TEST(DependsOnOpenTest, AnswersThatAreTheSameForEveryOpenDoNot) {
  for (const char* text :
       {"", "appraise\nmeasure\n", "appraise func=FILE_CHECK\n",
        "appraise func=FILE_CHECK\nappraise func=BPRM_CHECK\n",
        "appraise func=FILE_CHECK mask=^MAY_READ\nappraise func=BPRM_CHECK\n",
        "appraise mask=MAY_READ\nappraise mask=MAY_EXEC\n",
        "dont_appraise fsname=tmpfs\nappraise\n", "appraise bind=caps\n",
        "appraise func=DIGEST_LIST_CHECK signer=a\nmeasure func=POLICY_CHECK\n",
        "appraise func=FILE_CHECK\nappraise func=MMAP_CHECK\n",
        "appraise func=FILE_CHECK mask=MAY_READ\nappraise func=MODULE_CHECK\n"
        "appraise func=BPRM_CHECK\n"}) {
    EXPECT_FALSE(DependsOnOpen(Parsed(text))) << text;
  }
  EXPECT_FALSE(DependsOnOpen(BuiltIn("files")));
  EXPECT_FALSE(DependsOnOpen(BuiltIn("measure")));
}

// Pages may be kept of another content, which was not judged.
TEST(DependsOnOpenTest, ThosePerBeginningOfTheFileDo) {
  EXPECT_TRUE(DependsOnOpen(Parsed("appraise func=MMAP_CHECK\n")));
}

// It may change while pages are kept of what was not judged.
TEST(DependsOnOpenTest, ThosePerOwnerDo) {
  EXPECT_TRUE(DependsOnOpen(Parsed("appraise fowner=0\n")));
  EXPECT_TRUE(DependsOnOpen(BuiltIn("appraise_tcb")));
}

TEST(DependsOnOpenTest, ThosePerAskerDo) {
  for (const std::string condition :
       {"uid=0", "euid=0", "gid=0", "egid=0", "exe=/bin/sh", "container=a"}) {
    EXPECT_TRUE(DependsOnOpen(Parsed("appraise " + condition + "\n")));
    EXPECT_TRUE(DependsOnOpen(Parsed("dont_audit " + condition + "\n")));
  }
}

TEST(DependsOnOpenTest, ThosePerPathDo) {
  EXPECT_TRUE(DependsOnOpen(Parsed("appraise path=/usr/**\n")));
  EXPECT_TRUE(DependsOnOpen(Parsed("appraise func=MODULE_CHECK\n")));
  EXPECT_TRUE(DependsOnOpen(BuiltIn("tcb")));
  EXPECT_TRUE(DependsOnOpen(BuiltIn("secure_boot")));
}

TEST(DependsOnOpenTest, ThosePerPurposeDo) {
  for (const char* text :
       {"appraise func=BPRM_CHECK\n", "appraise func=CREDS_CHECK\n",
        "measure func=FILE_CHECK mask=MAY_READ\n",
        "measure func=FILE_CHECK mask=MAY_EXEC\n",
        "dont_appraise func=BPRM_CHECK\nappraise\n",
        "appraise func=FILE_CHECK\nmeasure func=BPRM_CHECK\n"}) {
    EXPECT_TRUE(DependsOnOpen(Parsed(text))) << text;
  }
  EXPECT_TRUE(DependsOnOpen(BuiltIn("exec")));
}

TEST(DependsOnOpenTest, ThoseThatAskMoreOfOnePurposeDo) {
  for (const std::string more :
       {"digest_type=verity", "bind=path", "bind=caps", "appraise_algos=sha512",
        "list=a", "package=a", "signer=a", "digest_cache=data"}) {
    EXPECT_TRUE(DependsOnOpen(
        Parsed("appraise func=BPRM_CHECK " + more + "\nappraise\n")))
        << more;
    EXPECT_FALSE(DependsOnOpen(Parsed("appraise " + more + "\n"))) << more;
  }
  EXPECT_TRUE(
      DependsOnOpen(Parsed("measure func=BPRM_CHECK pcr=11\nmeasure\n")));
}

TEST(DependsOnOpenTest, WhereItSaysNoNobodyIsAnsweredOtherwise) {
  Chooser choose(32);
  unsigned independent = 0;
  for (unsigned round = 0; round < 8000; ++round) {
    const bool rarely = choose.OneIn(4);
    const Asks asks = {.func = choose.Below(3),
                       .mask = choose.Below(3) * 2,
                       .asker = rarely ? 20U : 0U,
                       .path = rarely ? 20U : 0U,
                       .file = 8,
                       .terms = choose.Below(3)};
    const Policy policy =
        Parsed(RandomPolicy(choose, 1 + choose.Below(6), asks));
    if (DependsOnOpen(policy)) continue;
    ++independent;
    for (unsigned i = 0; i < 8; ++i) {
      Use one = RandomUse(choose);
      one.mask = kMayRead;
      Use other = one;
      ChangeAsker(choose, other);
      other.mask = choose.OneIn(2) ? kMayRead : kMayExec;
      other.text(TextFact::kPath) = RandomUse(choose).text(TextFact::kPath);
      ASSERT_TRUE(SameDemands(Match(policy, one), Match(policy, other)))
          << Described(Match(policy, one)) << "for " << Described(one) << "\n"
          << Described(Match(policy, other)) << "for " << Described(other)
          << "\nin:\n"
          << policy.text;
    }
  }
  EXPECT_GT(independent, 800U);
}

TEST(AppraisedReadsTest, AreAllWhereNoConditionStandsBeforeTheRule) {
  EXPECT_EQ(AppraisedReads(Parsed("appraise\n")), Extent::kAll);
  EXPECT_EQ(AppraisedReads(Parsed("measure\nappraise func=FILE_CHECK\n")),
            Extent::kAll);
  EXPECT_EQ(AppraisedReads(Parsed("appraise func=FILE_CHECK mask=^MAY_READ\n")),
            Extent::kAll);
  EXPECT_EQ(AppraisedReads(Parsed("dont_appraise func=BPRM_CHECK\nappraise\n")),
            Extent::kAll);
  EXPECT_EQ(AppraisedReads(Parsed("dont_measure uid=0\nappraise\n")),
            Extent::kAll);
  EXPECT_EQ(AppraisedReads(BuiltIn("files")), Extent::kAll);
}

TEST(AppraisedReadsTest, AreAllWhereEveryConditionIsOfARuleThatDemands) {
  EXPECT_EQ(AppraisedReads(Parsed("appraise uid=0 bind=path\nappraise\n")),
            Extent::kAll);
}

TEST(AppraisedReadsTest, AreSomeWhereAConditionExcepts) {
  EXPECT_EQ(AppraisedReads(Parsed("dont_appraise uid=0\nappraise\n")),
            Extent::kSome);
  EXPECT_EQ(AppraisedReads(Parsed("dont_appraise fsname=tmpfs\n"
                                  "appraise func=FILE_CHECK\n")),
            Extent::kSome);
}

TEST(AppraisedReadsTest, AreSomeWhereAConditionDemands) {
  EXPECT_EQ(AppraisedReads(Parsed("appraise uid=0\n")), Extent::kSome);
  EXPECT_EQ(AppraisedReads(Parsed("appraise uid=0\ndont_appraise\n")),
            Extent::kSome);
  EXPECT_EQ(AppraisedReads(BuiltIn("appraise_tcb")), Extent::kSome);
}

TEST(AppraisedReadsTest, AreSomeWhereElfFilesAre) {
  EXPECT_EQ(AppraisedReads(Parsed("dont_appraise func=FILE_CHECK\n"
                                  "appraise func=MMAP_CHECK\n")),
            Extent::kSome);
  EXPECT_EQ(AppraisedReads(BuiltIn("exec")), Extent::kSome);
}

TEST(AppraisedReadsTest, AreNoneWhereNothingAppraises) {
  for (const char* text :
       {"", "measure\naudit\nhash\n", "appraise func=DIGEST_LIST_CHECK\n",
        "appraise func=POLICY_CHECK\n", "dont_appraise\n"}) {
    EXPECT_EQ(AppraisedReads(Parsed(text)), Extent::kNone) << text;
  }
  EXPECT_EQ(AppraisedReads(BuiltIn("measure")), Extent::kNone);
}

TEST(AppraisedReadsTest, AreWhatMatchSaysOfThem) {
  Chooser choose(33);
  const Asks asks = {
      .func = 3, .mask = 4, .asker = 8, .path = 8, .file = 0, .terms = 0};
  unsigned all = 0;
  unsigned none = 0;
  for (unsigned round = 0; round < 6000; ++round) {
    const Policy policy =
        Parsed(RandomPolicy(choose, 1 + choose.Below(6), asks));
    const Extent extent = AppraisedReads(policy);
    all += extent == Extent::kAll ? 1 : 0;
    none += extent == Extent::kNone ? 1 : 0;
    if (extent == Extent::kSome) continue;
    for (unsigned i = 0; i < 8; ++i) {
      Use use = RandomUse(choose);
      use.mask = kMayRead;
      const DemandList demands = Match(policy, use);
      bool appraised = false;
      for (const Demand& demand : demands.all()) {
        appraised = appraised || demand.appraise != nullptr;
      }
      ASSERT_EQ(appraised, extent == Extent::kAll)
          << Described(use) << "\nin:\n"
          << policy.text;
    }
  }
  EXPECT_GT(all, 300U);
  EXPECT_GT(none, 300U);
}

TEST(AppraisesFilesTest, SaysSoOfRulesForFiles) {
  for (const char* text : {"appraise\n", "appraise func=BPRM_CHECK uid=0\n",
                           "measure\nappraise func=MODULE_CHECK\n",
                           "dont_appraise\nappraise mask=MAY_WRITE\n"}) {
    EXPECT_TRUE(AppraisesFiles(Parsed(text))) << text;
  }
}

TEST(AppraisesFilesTest, DoesNotSaySoOfListsAndPolicies) {
  for (const char* text :
       {"", "measure\n", "dont_appraise\n", "appraise func=POLICY_CHECK\n",
        "appraise func=DIGEST_LIST_CHECK\n"}) {
    EXPECT_FALSE(AppraisesFiles(Parsed(text))) << text;
  }
}

TEST(AppraisedListsTest, AreAllWhereNothingIsAskedOfThem) {
  for (const char* text :
       {"appraise\n", "appraise func=DIGEST_LIST_CHECK\n",
        "measure\nappraise func=DIGEST_LIST_CHECK appraise_type=imasig\n",
        "dont_appraise func=FILE_CHECK\nappraise\ndont_appraise\n",
        "dont_appraise mask=MAY_EXEC\nappraise\n"}) {
    EXPECT_EQ(Parsed(text).appraised_lists, Extent::kAll) << text;
  }
  EXPECT_EQ(BuiltIn("files").appraised_lists, Extent::kAll);
  EXPECT_EQ(BuiltIn("exec").appraised_lists, Extent::kAll);
  EXPECT_EQ(BuiltIn("secure_boot").appraised_lists, Extent::kAll);
}

TEST(AppraisedListsTest, AreNoneWhereNoRuleIsForThem) {
  for (const char* text :
       {"", "measure func=DIGEST_LIST_CHECK\n", "appraise func=FILE_CHECK\n",
        "dont_appraise func=DIGEST_LIST_CHECK\nappraise\n",
        "appraise func=POLICY_CHECK\n", "appraise mask=MAY_EXEC\n",
        "appraise exe=/bin/sh\n",
        "appraise func=DIGEST_LIST_CHECK fsuuid=28b23254*\n"}) {
    EXPECT_EQ(Parsed(text).appraised_lists, Extent::kNone) << text;
  }
  EXPECT_EQ(BuiltIn("measure").appraised_lists, Extent::kNone);
}

TEST(AppraisedListsTest, AreSomeWhereRulesAskForMore) {
  for (const char* text :
       {"appraise func=DIGEST_LIST_CHECK signer=ab\n",
        "appraise func=DIGEST_LIST_CHECK list=a\n",
        "appraise func=DIGEST_LIST_CHECK package=a\n", "appraise fowner=0\n",
        "dont_appraise func=DIGEST_LIST_CHECK path=/tmp/**\nappraise\n",
        "appraise func=DIGEST_LIST_CHECK fsname=ext4 signer=ab\nappraise\n",
        "dont_appraise func=DIGEST_LIST_CHECK fsname=tmpfs\nappraise\n",
        "appraise func=DIGEST_LIST_CHECK path=/a\n"
        "dont_appraise func=DIGEST_LIST_CHECK\n"}) {
    EXPECT_EQ(Parsed(text).appraised_lists, Extent::kSome) << text;
  }
  EXPECT_EQ(BuiltIn("appraise_tcb").appraised_lists, Extent::kSome);
}

TEST(AppraisedListsTest, AreWhatMatchSaysOfThem) {
  Chooser choose(34);
  const Asks asks = {.func = 2, .mask = 6, .asker = 8, .path = 8, .file = 8};
  unsigned certain = 0;
  for (unsigned round = 0; round < 3000; ++round) {
    const Policy policy =
        Parsed(RandomPolicy(choose, 1 + choose.Below(6), asks));
    if (policy.appraised_lists == Extent::kSome) continue;
    ++certain;
    for (unsigned i = 0; i < 6; ++i) {
      Use use = RandomUse(choose);
      use.mask = kMayRead;
      // Of a list these are never known.
      for (const auto which :
           {TextFact::kExe, TextFact::kContainer, TextFact::kFsName,
            TextFact::kFsSubtype, TextFact::kFsUuid}) {
        use.text(which).clear();
      }
      ASSERT_EQ(!MatchList(policy, ActionClass::kAppraise, use).empty(),
                policy.appraised_lists == Extent::kAll)
          << Described(use) << "\nin:\n"
          << policy.text;
    }
  }
  EXPECT_GT(certain, 300U);
}

TEST(PcrsOfTest, AreEachOnceAndSorted) {
  EXPECT_EQ(PcrsOf(Parsed("measure pcr=12\nmeasure func=DIGEST_LIST_CHECK "
                          "pcr=9\nappraise\nmeasure uid=0 pcr=12\nmeasure\n")),
            (std::vector<std::uint32_t>{9, 12}));
  EXPECT_TRUE(PcrsOf(Parsed("measure\nappraise\n")).empty());
}

TEST(BindTest, BindsEveryRuleThatAppraisesFiles) {
  const auto policy = Bind(
      Parsed("appraise uid=1\nmeasure\ndont_appraise\nappraise bind=mode\n"
             "appraise func=DIGEST_LIST_CHECK\nappraise func=POLICY_CHECK\n"),
      {.path = true});
  EXPECT_EQ(policy.rules[0].terms.bind, Binding{.path = true});
  EXPECT_FALSE(policy.rules[1].terms.bind.any());
  EXPECT_FALSE(policy.rules[2].terms.bind.any());
  EXPECT_EQ(policy.rules[3].terms.bind, (Binding{.path = true, .mode = true}));
  EXPECT_FALSE(policy.rules[4].terms.bind.any());
  EXPECT_FALSE(policy.rules[5].terms.bind.any());
}

TEST(BindTest, KeepsThePolicyReadyToBeMatched) {
  const auto policy = Bind(Parsed("appraise\n"), {.caps = true});
  const auto demands = Match(policy, {});
  ASSERT_EQ(demands.size(), 1U);
  EXPECT_EQ(demands.all()[0].appraise, policy.rules.data());
  EXPECT_TRUE(demands.all()[0].appraise->terms.bind.caps);
}

TEST(BindingOfTest, IsWhatAnyRuleBinds) {
  EXPECT_EQ(BindingOf(Parsed("appraise uid=0 bind=path\n"
                             "appraise bind=mode,caps,link\n")),
            (Binding{.path = true, .mode = true, .caps = true, .link = true}));
  EXPECT_FALSE(BindingOf(Parsed("appraise\nmeasure\n")).any());
}

TEST(BindsLinksTest, RulesForReadingDo) {
  EXPECT_TRUE(BindsLinks(Parsed("appraise bind=link\n")));
  EXPECT_TRUE(BindsLinks(Parsed("appraise func=FILE_CHECK bind=link\n")));
  EXPECT_TRUE(BindsLinks(Parsed("appraise mask=^MAY_READ bind=path,link\n")));
}

TEST(BindsLinksTest, OthersDoNot) {
  for (const char* text :
       {"appraise func=BPRM_CHECK bind=link\n",
        "appraise func=MMAP_CHECK bind=link\n",
        "appraise mask=MAY_EXEC bind=link\n", "appraise bind=path,mode\n"}) {
    EXPECT_FALSE(BindsLinks(Parsed(text))) << text;
  }
}

TEST(CompileTest, CopiesShareTheIndexAndOwnTheirRules) {
  const Policy policy = Parsed("appraise\n");
  const Policy copy = policy;
  EXPECT_EQ(copy.index, policy.index);
  const auto demands = Match(copy, {});
  ASSERT_EQ(demands.size(), 1U);
  EXPECT_EQ(demands.all()[0].appraise, copy.rules.data());
}

TEST(CompileTest, SeesRulesThatWerePutIn) {
  Policy policy = Parsed("");
  policy.rules.emplace_back().func = Func::kMmapCheck;
  Compile(policy);
  EXPECT_TRUE(policy.needs.elf);
  EXPECT_EQ(Match(policy, {}).size(), 1U);
}

}  // namespace
}  // namespace assayfs
