// SPDX-License-Identifier: Apache-2.0
#include "policy/check_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "findings.h"
#include "support/policies.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::BuiltIn;
using testing::Check;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::InWords;
using ::testing::IsEmpty;
using testing::Must;
using testing::Parsed;
using ::testing::SizeIs;
using Severity = PolicyFinding::Severity;

std::string Unreached(const std::string& line, const std::string& by) {
  return "warning " + line + ":0: no use reaches this rule: line " + by +
         " takes all that it matches";
}
std::string UnreachedBelow(const std::string& line, const std::string& by) {
  return Unreached(line, by) + "; instead: this rule before line " + by;
}

// Lists are appraised, so that rules for files can be.
const std::string kLists = "appraise func=DIGEST_LIST_CHECK\n";

TEST(CheckPolicyTest, BuiltInPoliciesAreGood) {
  for (const BuiltInPolicy& policy : BuiltInPolicies()) {
    for (const auto& finding : CheckPolicy(BuiltIn(policy.name))) {
      EXPECT_EQ(finding.severity, Severity::kNote)
          << policy.name << ":" << finding.line << ": " << finding.text;
    }
  }
}

TEST(CheckPolicyTest, AnEmptyPolicyJudgesNothing) {
  EXPECT_THAT(Check("# nothing\n"),
              ElementsAre("error 0:0: judges nothing: it has no rule"));
}

TEST(CheckPolicyTest, OneThatDoesNotAppraiseDeniesNothing) {
  EXPECT_THAT(
      InWords(CheckPolicy(Parsed("audit\ndont_appraise\n"))),
      ::testing::Contains("note 0:0: denies nothing: no rule appraises"));
  EXPECT_THAT(InWords(CheckPolicy(Parsed("appraise\n"))), IsEmpty());
}

TEST(CheckPolicyTest, TellsWhenAVersionCounts) {
  EXPECT_THAT(InWords(CheckPolicy(Parsed("version 1\nappraise\n"))),
              ElementsAre("note 1:1: counts where the policy is signed and the "
                          "mount keeps --floors"));
}

TEST(CheckReachTest, AnEarlierRuleForMoreOccasionsTakesAll) {
  EXPECT_THAT(Check("dont_audit\naudit func=BPRM_CHECK\naudit mask=MAY_EXEC\n"),
              ElementsAre(UnreachedBelow("2", "1"), UnreachedBelow("3", "1")));
  EXPECT_THAT(Check("audit func=BPRM_CHECK\naudit func=MMAP_CHECK\naudit\n"),
              IsEmpty());
  EXPECT_THAT(Check("audit mask=^MAY_READ\naudit mask=MAY_READ\n"),
              ElementsAre(Unreached("2", "1")));
  EXPECT_THAT(Check("audit mask=MAY_READ\naudit mask=^MAY_READ\n"), IsEmpty());
}

TEST(CheckReachTest, RulesWithoutFuncAreNotForPolicies) {
  EXPECT_THAT(Check("audit\naudit func=POLICY_CHECK\n"), IsEmpty());
}

TEST(CheckReachTest, RulesWithoutMaskAreNotForOpensThatOnlyWrite) {
  EXPECT_THAT(Check("audit\naudit mask=MAY_WRITE\n"), IsEmpty());
  EXPECT_THAT(Check("audit\naudit mask=^MAY_WRITE\n"), IsEmpty());
}

TEST(CheckReachTest, RulesOfAnotherKindTakeNothing) {
  EXPECT_THAT(Check("measure\naudit\nhash\n" + kLists), IsEmpty());
}

TEST(CheckReachTest, NumbersAreTakenByIntervals) {
  EXPECT_THAT(Check("audit uid=0-5,10,6-9\naudit uid=3-7\naudit uid=2,10\n"),
              ElementsAre(Unreached("2", "1"), Unreached("3", "1")));
  EXPECT_THAT(Check("audit uid<10\naudit uid=3-10\n"), IsEmpty());
  EXPECT_THAT(Check("audit uid=0-3,5-9\naudit uid=3-5\n"), IsEmpty());
  EXPECT_THAT(Check("audit uid=5\naudit\n"), IsEmpty());
  EXPECT_THAT(Check("audit uid=5\naudit euid=5\n"), IsEmpty());
  EXPECT_THAT(Check("audit uid=0-4294967295\naudit uid=5\n"),
              ElementsAre(Unreached("2", "1")));
  EXPECT_THAT(Check("audit uid>4294967294\naudit uid=4294967295\n"),
              ElementsAre(Unreached("2", "1")));
}

TEST(CheckReachTest, PathsAreTakenByPatterns) {
  for (const auto* later :
       {"path=/a/**", "path=/a/b/*.so", "path=/a/b", "path=/a/x,/a/y"}) {
    EXPECT_THAT(Check("audit path=/etc/*,/a/**\naudit " + std::string(later) +
                      " uid=0\n"),
                ElementsAre(Unreached("2", "1")))
        << later;
  }
  for (const auto* later :
       {"path=/a", "path=/a*/b", "path=/a/x,/b", "path=/etc/**",
        "path=/etc/a/b", "path!=/a/**", "path=**"}) {
    EXPECT_THAT(
        Check("audit path=/etc/*,/a/**\naudit " + std::string(later) + "\n"),
        IsEmpty())
        << later;
  }
}

TEST(CheckReachTest, EscapedStarsAreNoPatterns) {
  EXPECT_THAT(Check("audit path=/x\\**\naudit path=/x*y\n"), IsEmpty());
  EXPECT_THAT(Check("audit path=/x\\**\naudit path=/x\\\\y*\n"), IsEmpty());
  EXPECT_THAT(Check("audit path=/x\\**\naudit path=/x\\*y\n"),
              ElementsAre(Unreached("2", "1")));
}

TEST(CheckReachTest, ExclusionsAreTakenTheOtherWayRound) {
  EXPECT_THAT(Check("audit path!=/a\naudit path!=/a,/b\n"),
              ElementsAre(Unreached("2", "1")));
  EXPECT_THAT(Check("audit path!=/a,/b\naudit path!=/a\n"), IsEmpty());
  EXPECT_THAT(Check("audit exe!=/a\naudit exe=/b\n"),
              ElementsAre(Unreached("2", "1")));
  EXPECT_THAT(Check("audit exe!=/a/*\naudit exe=/a/b\n"), IsEmpty());
  // A path may have two spellings.
  EXPECT_THAT(Check("audit path!=/a\naudit path=/b\n"), IsEmpty());
}

TEST(CheckReachTest, SaysWhatToWriteOnlyIfThatChangesAnything) {
  EXPECT_THAT(Check("measure\nmeasure uid=0 pcr=11\n"),
              ElementsAre(UnreachedBelow("2", "1")));
  EXPECT_THAT(Check("measure\nmeasure uid=0\n"),
              ElementsAre(Unreached("2", "1")));
  EXPECT_THAT(Check("measure\nmeasure pcr=11\n"),
              ElementsAre(Unreached("2", "1")));
}

TEST(CheckReachTest, RulesThatAreNeverSoTakeNothing) {
  EXPECT_THAT(
      Check("audit func=BPRM_CHECK mask=MAY_READ\n"
            "audit func=BPRM_CHECK mask=MAY_READ uid=0\n"),
      ElementsAre(HasSubstr("1:23: never so"), HasSubstr("2:23: never so")));
}

TEST(CheckReachTest, WhatIsNotKnownOfListsTakesNoList) {
  EXPECT_THAT(Check("dont_audit exe=/a\n"
                    "audit func=DIGEST_LIST_CHECK exe=/a\n"
                    "audit\n"),
              ElementsAre(HasSubstr("2:30: never counts")));
  EXPECT_THAT(Check("appraise fsname=ext4\nappraise func=DIGEST_LIST_CHECK "
                    "fsname=ext4 signer=aa*\nappraise\n"),
              ElementsAre(HasSubstr("2:33: never counts")));
  EXPECT_THAT(
      Check("appraise func=POLICY_CHECK fsname=ext4\n"
            "appraise func=POLICY_CHECK fsname=ext4 signer=aa*\n"),
      ElementsAre(HasSubstr("1:28: always so"), HasSubstr("2:28: always so")));
}

TEST(CheckReachTest, TheOppositeContradicts) {
  EXPECT_THAT(Check("dont_audit func=BPRM_CHECK uid=0-5\n"
                    "audit uid=5,0-4 func=BPRM_CHECK mask=MAY_EXEC\n"),
              ElementsAre("warning 2:0: contradicts line 1, which wins"));
  EXPECT_THAT(Check("audit path=/a\ndont_audit path=/a\n"),
              ElementsAre("warning 2:0: contradicts line 1, which wins"));
  EXPECT_THAT(Check("dont_audit func=BPRM_CHECK uid=0\n"
                    "audit func=BPRM_CHECK\n"),
              IsEmpty());
}

TEST(CheckExceptionTest, NothingBehindItDemands) {
  const std::string nothing =
      "warning 1:0: excepts from nothing: no rule behind it ";
  EXPECT_THAT(Check("dont_audit uid=0\nmeasure\n"),
              ElementsAre(nothing + "audits what it matches"));
  EXPECT_THAT(Check("dont_measure uid=0\n"),
              ElementsAre(nothing + "measures what it matches"));
  EXPECT_THAT(Check("dont_hash uid=0\n"),
              ElementsAre(nothing + "hashes what it matches"));
  EXPECT_THAT(Check("dont_appraise uid=0\n"),
              ElementsAre(nothing + "appraises what it matches"));
  EXPECT_THAT(Check("dont_audit uid=0\naudit uid>0\n"), SizeIs(1));
  EXPECT_THAT(Check("dont_audit exe=/a/**\naudit exe=/b/**\n"), SizeIs(1));
  EXPECT_THAT(Check("dont_audit path=/a/b\naudit path!=/a/*\n"), SizeIs(1));
  EXPECT_THAT(Check("dont_audit func=BPRM_CHECK\naudit func=FILE_CHECK\n"),
              SizeIs(1));
}

TEST(CheckExceptionTest, SomethingBehindItMayDemand) {
  for (const auto* later :
       {"", "uid=0", "uid<5", "gid=7", "path=/a/**", "path=/b", "exe=/x/y*",
        "exe!=/x/z", "func=BPRM_CHECK", "mask=^MAY_READ"}) {
    EXPECT_THAT(Check("dont_audit uid=0-2 path=/a/* exe=/x/*\naudit " +
                      std::string(later) + "\n"),
                IsEmpty())
        << later;
  }
}

TEST(CheckExceptionTest, ToldToStandBeforeWhatItMayExceptFrom) {
  EXPECT_THAT(Check("audit fowner=0\ndont_audit fsmagic=0x1\n"),
              ElementsAre("warning 2:0: excepts from nothing: no rule behind "
                          "it audits what it matches; instead: this rule "
                          "before line 1"));
}

TEST(CheckListsTest, AppraisedFilesNeedAppraisedLists) {
  const std::string error =
      "0: every file would be denied: files are appraised, but no digest "
      "lists, which then vouch for nothing; instead: appraise "
      "func=DIGEST_LIST_CHECK";
  EXPECT_THAT(Check("measure\nappraise func=FILE_CHECK\n"),
              ElementsAre("error 2:" + error));
  EXPECT_THAT(Check("dont_appraise func=DIGEST_LIST_CHECK\nappraise\n"),
              ElementsAre("error 2:" + error + " before line 1"));
  // An exception for some lists makes the rest no better.
  EXPECT_THAT(Check("dont_appraise fsmagic=1\nappraise func=FILE_CHECK\n"),
              ElementsAre("error 2:" + error));
  EXPECT_THAT(Check("appraise\n"), IsEmpty());
  // Of a list neither is known.
  EXPECT_THAT(Check("appraise container=*\n"), ElementsAre("error 1:" + error));
  EXPECT_THAT(Check("appraise func=FILE_CHECK\n"
                    "appraise func=DIGEST_LIST_CHECK fsuuid=1*\n"),
              ElementsAre("error 1:" + error, HasSubstr("never counts")));
  EXPECT_THAT(Check("appraise func=FILE_CHECK\n" + kLists), IsEmpty());
  EXPECT_THAT(Check("appraise func=FILE_CHECK\n"
                    "appraise func=DIGEST_LIST_CHECK path=/a\n"),
              IsEmpty());
  EXPECT_THAT(Check("measure\nappraise func=POLICY_CHECK\n"), IsEmpty());
}

TEST(CheckListsTest, FilesThatListsStandForNeedMeasuredLists) {
  const std::string warning =
      "each file is measured by itself: no digest lists are measured, which "
      "could stand for files; instead: measure func=DIGEST_LIST_CHECK pcr=11";
  EXPECT_THAT(Check("audit\n"
                    "measure func=FILE_CHECK digest_cache=data pcr=11\n"),
              ElementsAre("warning 2:25: " + warning));
  EXPECT_THAT(Check("dont_measure mask=MAY_READ\n"
                    "measure digest_cache=data pcr=11\n"),
              ElementsAre("warning 2:9: " + warning + " before line 1"));
  EXPECT_THAT(Check("measure func=FILE_CHECK digest_cache=data pcr=11\n"
                    "measure func=DIGEST_LIST_CHECK\n"),
              IsEmpty());
  EXPECT_THAT(Check("measure digest_cache=data pcr=11\n"), IsEmpty());
  EXPECT_THAT(Check("measure func=FILE_CHECK pcr=11\n"), IsEmpty());
}

TEST(CheckWeaknessTest, OpensForWritingTooAreNotJudged) {
  const std::string warning =
      "easily got round: an open for reading and writing is not judged; "
      "instead: mask=^MAY_READ";
  EXPECT_THAT(Check(kLists + "appraise func=FILE_CHECK mask=MAY_READ\n"),
              ElementsAre("warning 2:26: " + warning));
  EXPECT_THAT(Check("appraise mask=MAY_READ uid=0\n" + kLists),
              ElementsAre("warning 1:10: " + warning));
  EXPECT_THAT(Check(kLists + "appraise func=FILE_CHECK mask=^MAY_READ\n"),
              IsEmpty());
  EXPECT_THAT(Check(kLists + "appraise func=MODULE_CHECK mask=MAY_READ\n"),
              ElementsAre(HasSubstr("a copy under another name")));
  EXPECT_THAT(Check("measure func=FILE_CHECK mask=MAY_READ\n"), IsEmpty());
  const std::string exact =
      kLists + "appraise func=FILE_CHECK mask=MAY_READ uid=0\n";
  EXPECT_THAT(Check(exact + "appraise mask=^MAY_WRITE\n"), IsEmpty());
  EXPECT_THAT(Check(exact + "appraise mask=^MAY_WRITE uid=1\n"), SizeIs(1));
}

TEST(CheckWeaknessTest, ProgramsWithoutTheirLibraries) {
  const std::string note =
      "0: programs are appraised, but neither libraries nor scripts; instead: "
      "appraise func=MMAP_CHECK";
  const std::string programs = kLists + "appraise func=BPRM_CHECK\n";
  EXPECT_THAT(Check(programs), ElementsAre("note 2:" + note));
  EXPECT_THAT(Check(programs + "appraise func=MODULE_CHECK\n"),
              ElementsAre("note 2:" + note,
                          "note 3:10: easily got round: a copy under another "
                          "name is not judged; instead: appraise "
                          "func=FILE_CHECK"));
  EXPECT_THAT(Check(programs + "appraise func=MMAP_CHECK\n"), IsEmpty());
  EXPECT_THAT(Check(programs + "appraise func=FILE_CHECK uid=0\n"), IsEmpty());
  EXPECT_THAT(Check("measure func=BPRM_CHECK\n"), IsEmpty());
}

TEST(CheckWeaknessTest, KernelReadsAreKnownByTheirNames) {
  EXPECT_THAT(Check(kLists + "appraise func=KEXEC_KERNEL_CHECK\n"),
              ElementsAre(HasSubstr("note 2:10: easily got round: a copy")));
  EXPECT_THAT(Check(kLists + "appraise func=KEXEC_KERNEL_CHECK\n"
                             "appraise func=FILE_CHECK\n"),
              IsEmpty());
}

TEST(CheckWeaknessTest, ExceptionsForWritersAreForReadersToo) {
  const std::string warning =
      "warning 2:31: easily got round: an open for reading and writing is not "
      "judged; instead: mask=MAY_WRITE";
  const std::string files = "appraise func=FILE_CHECK\n";
  for (const std::string mask : {"^MAY_WRITE", "^MAY_APPEND"}) {
    EXPECT_THAT(Check(kLists + "dont_appraise func=FILE_CHECK mask=" + mask +
                      "\n" + files),
                ElementsAre(warning));
  }
  EXPECT_THAT(Check(kLists + "dont_appraise func=FILE_CHECK mask=^MAY_READ\n" +
                    "appraise func=FILE_CHECK mask=^MAY_WRITE\n"),
              IsEmpty());
}

TEST(CheckWeaknessTest, ExceptionsThatOnlyRootCanUseAreNotes) {
  EXPECT_THAT(
      Check(kLists + "dont_appraise func=FILE_CHECK mask=^MAY_WRITE uid=0\n"
                     "appraise func=FILE_CHECK\n"),
      ElementsAre(HasSubstr("note 2:31: easily got round")));
}

TEST(CheckWeaknessTest, WhatIsLeftOutOfARuleIsExempted) {
  EXPECT_THAT(
      Check(kLists + "appraise func=FILE_CHECK exe!=/usr/bin/dnf\n"),
      ElementsAre("warning 2:26: easily got round: who controls a process can "
                  "give its program such a name"));
  EXPECT_THAT(Check(kLists + "appraise func=FILE_CHECK container!=web*\n"),
              ElementsAre(HasSubstr("warning 2:26: easily got round")));
  EXPECT_THAT(
      Check(kLists + "appraise func=FILE_CHECK path!=/var/**\n"),
      ElementsAre("note 2:26: who controls a file can give it such a name"));
  // Not if another rule is for that.
  EXPECT_THAT(Check(kLists + "appraise func=FILE_CHECK exe!=/a signer=aa*\n"
                             "appraise func=FILE_CHECK\n"),
              IsEmpty());
  EXPECT_THAT(Check("appraise func=DIGEST_LIST_CHECK path!=/tmp/**\n"),
              IsEmpty());
}

TEST(CheckReachTest, EveryPathIsEverything) {
  EXPECT_THAT(Check("audit path=/**\naudit uid=0\n"),
              ElementsAre(Unreached("2", "1")));
  EXPECT_THAT(Check("audit exe=/**\naudit exe!=/a\n"),
              ElementsAre(Unreached("2", "1")));
  EXPECT_THAT(Check("audit path!=/**\n"),
              ElementsAre(HasSubstr("never so: the pattern matches every")));
}

TEST(CheckPolicyTest, WarningsOfTheParserAreNotes) {
  const auto findings = CheckPolicy(Parsed("audit\nhash func=FILE_CHECK\n"));
  ASSERT_THAT(InWords(findings),
              ElementsAre("note 0:0: denies nothing: no rule appraises",
                          "note 2:1: content is hashed and remembered; "
                          "security.ima is not written"));
}

TEST(CheckPolicyTest, FilesComeInTheirOrderEachOnce) {
  const PolicyIncluder include = [](const std::string&,
                                    const std::string& what) {
    const std::string text =
        what == "a" ? "audit\nhash uid=0\naudit uid=0\n" : "audit uid=1\n";
    return Result<PolicySource>(PolicySource{what, text});
  };
  const auto policy = Must(ParsePolicy(
      {"p", "include b\ninclude a\ninclude a\naudit uid=2 # exe=\n"}, include));
  EXPECT_THAT(
      InWords(CheckPolicy(policy)),
      ElementsAre("note 0:0: denies nothing: no rule appraises",
                  "warning 4:0: no use reaches this rule: line 1 of a takes "
                  "all that it matches",
                  "warning a:1:0: no use reaches this rule again: its file is "
                  "included more than once",
                  "warning a:2:0: no use reaches this rule again: its file is "
                  "included more than once",
                  "note a:2:1: content is hashed and remembered; security.ima "
                  "is not written",
                  Unreached("a:3", "1")));
}

}  // namespace
}  // namespace assayfs
