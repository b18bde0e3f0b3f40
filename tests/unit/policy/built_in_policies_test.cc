// SPDX-License-Identifier: Apache-2.0
#include "policy/built_in_policies.h"

#include "policy/match.h"
#include "reference.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using testing::BuiltIn;
using testing::FailsSaying;
using testing::Must;

bool Appraises(const Policy& policy, const Use& use) {
  const DemandList demands = Match(policy, use);
  bool appraises = false;
  for (const Demand& demand : demands.all()) {
    appraises = appraises || demand.appraise != nullptr;
  }
  return appraises;
}
bool Measures(const Policy& policy, const Use& use) {
  const DemandList demands = Match(policy, use);
  bool measures = false;
  for (const Demand& demand : demands.all()) {
    measures = measures || demand.measure != nullptr;
  }
  return measures;
}

// Of a text file on ext4 that root owns, by a user.
Use UseOf(Mask mask) {
  Use use;
  use.mask = mask;
  use.numbers = {1000U, 1000U, 1000U, 1000U, 0U, 0U, 0xef53U};
  use.text(TextFact::kPath) = {"/etc/passwd"};
  use.elf = false;
  use.setuid = false;
  use.setgid = false;
  return use;
}
Use ByRoot(Use use) {
  use.number(NumberFact::kUid) = 0;
  use.number(NumberFact::kEuid) = 0;
  return use;
}
Use OnTmpfs(Use use) {
  use.number(NumberFact::kFsMagic) = 0x01021994;
  return use;
}
Use At(std::string path, Use use) {
  use.text(TextFact::kPath) = {std::move(path)};
  return use;
}
Use Elf(Use use) {
  use.elf = true;
  return use;
}

TEST(BuiltInPoliciesTest, AreNamed) {
  std::string names;
  for (const BuiltInPolicy& policy : BuiltInPolicies()) {
    names += std::string(policy.name) + " ";
  }
  EXPECT_EQ(names, "files exec measure tcb appraise_tcb secure_boot ");
}

TEST(BuiltInPoliciesTest, AreGoodForEveryPcrThatIs) {
  for (const BuiltInPolicy& policy : BuiltInPolicies()) {
    for (const std::uint32_t pcr : {0U, 10U, 22U}) {
      const auto source = Must(FindBuiltInPolicy(policy.name, pcr));
      EXPECT_EQ(source.name, policy.name);
      EXPECT_EQ(source.text.find('%'), std::string::npos);
      const auto parsed = Must(ParsePolicy(source));
      EXPECT_FALSE(parsed.rules.empty());
      EXPECT_TRUE(AppraisesFiles(parsed) <=
                  (parsed.appraised_lists != Extent::kNone))
          << policy.name << ": no list would count";
    }
  }
}

TEST(BuiltInPoliciesTest, AreNotFoundByOtherNames) {
  for (const char* name : {"", "Files", "files ", "critical_data"}) {
    EXPECT_THAT(
        FindBuiltInPolicy(name, 10),
        FailsSaying(ENOENT, "no built-in policy \"" + std::string(name) +
                                "\" (files, exec, measure, tcb, appraise_tcb, "
                                "secure_boot)"));
  }
}

TEST(BuiltInPoliciesTest, FilesAppraisesEveryUseThatSeesContent) {
  const auto policy = BuiltIn("files");
  EXPECT_TRUE(Appraises(policy, UseOf(kMayRead)));
  EXPECT_TRUE(Appraises(policy, UseOf(kMayRead | kMayWrite)));
  EXPECT_TRUE(Appraises(policy, UseOf(kMayExec)));
  EXPECT_FALSE(Appraises(policy, UseOf(kMayWrite)));
  EXPECT_FALSE(Measures(policy, UseOf(kMayRead)));
  EXPECT_EQ(Match(policy, Elf(UseOf(kMayExec))).size(), 1U);
}

TEST(BuiltInPoliciesTest, ExecAppraisesProgramsAndElfFiles) {
  const auto policy = BuiltIn("exec");
  EXPECT_TRUE(Appraises(policy, UseOf(kMayExec)));
  EXPECT_TRUE(Appraises(policy, Elf(UseOf(kMayRead))));
  EXPECT_FALSE(Appraises(policy, UseOf(kMayRead)));
}

TEST(BuiltInPoliciesTest, MeasureMeasuresEveryUseByListsIntoThePcr) {
  const auto policy = BuiltIn("measure");
  EXPECT_TRUE(Measures(policy, UseOf(kMayRead)));
  EXPECT_TRUE(Measures(policy, UseOf(kMayExec)));
  EXPECT_FALSE(Appraises(policy, UseOf(kMayRead)));
  EXPECT_EQ(PcrsOf(policy), std::vector<std::uint32_t>{12});
  const auto demands = Match(policy, UseOf(kMayRead));
  ASSERT_EQ(demands.size(), 1U);
  EXPECT_TRUE(demands.all()[0].measure->terms.digest_cache);
}

TEST(BuiltInPoliciesTest, ListsAreAppraisedAndMeasured) {
  for (const char* name : {"files", "exec"}) {
    const auto demand = testing::TheOne(
        MatchOccasion(BuiltIn(name), Func::kDigestListCheck, UseOf(kMayRead)));
    EXPECT_NE(demand.appraise, nullptr) << name;
    EXPECT_NE(demand.measure, nullptr) << name;
  }
  const auto demand = testing::TheOne(MatchOccasion(
      BuiltIn("measure"), Func::kDigestListCheck, UseOf(kMayRead)));
  EXPECT_EQ(demand.appraise, nullptr);
  EXPECT_NE(demand.measure, nullptr);
}

TEST(BuiltInPoliciesTest, TcbMeasuresWhatRunsAndWhatRootReads) {
  const auto policy = BuiltIn("tcb");
  EXPECT_TRUE(Measures(policy, UseOf(kMayExec)));
  EXPECT_TRUE(Measures(policy, Elf(UseOf(kMayRead))));
  EXPECT_TRUE(Measures(policy, ByRoot(UseOf(kMayRead))));
  EXPECT_TRUE(Measures(policy, ByRoot(UseOf(kMayRead | kMayWrite))));
  EXPECT_FALSE(Measures(policy, UseOf(kMayRead)));
  EXPECT_FALSE(Measures(policy, ByRoot(UseOf(kMayWrite))));
  EXPECT_FALSE(Appraises(policy, ByRoot(UseOf(kMayExec))));
}

TEST(BuiltInPoliciesTest, TcbMeasuresWhatTheKernelReads) {
  const auto policy = BuiltIn("tcb");
  EXPECT_TRUE(Measures(policy, At("/lib/modules/a.ko", UseOf(kMayRead))));
  EXPECT_TRUE(Measures(policy, At("/lib/firmware/a", UseOf(kMayRead))));
}

TEST(BuiltInPoliciesTest, TcbLeavesOutWhatIsReadOnTmpfsButNotWhatRunsThere) {
  const auto policy = BuiltIn("tcb");
  EXPECT_FALSE(Measures(policy, OnTmpfs(ByRoot(UseOf(kMayRead)))));
  EXPECT_TRUE(Measures(policy, OnTmpfs(UseOf(kMayExec))));
  Use proc = ByRoot(Elf(UseOf(kMayExec)));
  proc.number(NumberFact::kFsMagic) = 0x9fa0;
  EXPECT_FALSE(Measures(policy, proc));
}

TEST(BuiltInPoliciesTest, AppraiseTcbAppraisesWhatRootOwns) {
  const auto policy = BuiltIn("appraise_tcb");
  EXPECT_TRUE(Appraises(policy, UseOf(kMayRead)));
  EXPECT_TRUE(Appraises(policy, UseOf(kMayExec)));
  EXPECT_FALSE(Appraises(policy, OnTmpfs(UseOf(kMayExec))));
  Use own = UseOf(kMayExec);
  own.number(NumberFact::kFowner) = 1000;
  EXPECT_FALSE(Appraises(policy, own));
}

TEST(BuiltInPoliciesTest, SecureBootAppraisesWhatTheKernelReads) {
  const auto policy = BuiltIn("secure_boot");
  for (const char* path : {"/a.ko", "/lib/firmware/a", "/boot/vmlinuz-6"}) {
    EXPECT_TRUE(Appraises(policy, At(path, UseOf(kMayRead)))) << path;
  }
  EXPECT_FALSE(Appraises(policy, UseOf(kMayRead)));
  EXPECT_TRUE(testing::TheOne(
                  MatchOccasion(policy, Func::kPolicyCheck, UseOf(kMayRead)))
                  .any());
}

}  // namespace
}  // namespace assayfs
