// SPDX-License-Identifier: Apache-2.0
#include "policy/check_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "findings.h"

namespace assayfs {
namespace {

using testing::Check;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(FindNeverTest, MaskDoesNotComeWithTheOccasion) {
  EXPECT_THAT(
      Check("audit func=BPRM_CHECK mask=MAY_READ\n"
            "audit func=MODULE_CHECK mask=^MAY_EXEC\n"
            "audit mask=MAY_APPEND\n"),
      ElementsAre("warning 1:23: never so: func=BPRM_CHECK comes with "
                  "mask=MAY_EXEC only; instead: mask=MAY_EXEC",
                  "warning 2:25: never so: func=MODULE_CHECK comes with "
                  "mask=MAY_READ only; instead: mask=MAY_READ",
                  "warning 3:7: never so: an open that appends also has "
                  "MAY_WRITE; instead: mask=^MAY_APPEND"));
  for (const auto* func : {"MMAP_CHECK", "BPRM_CHECK", "CREDS_CHECK"}) {
    const std::string rule = "audit func=" + std::string(func);
    EXPECT_THAT(Check(rule + " mask=MAY_EXEC\n"), IsEmpty()) << func;
    EXPECT_THAT(Check(rule + " mask=^MAY_WRITE\n"), SizeIs(1));
  }
  for (const auto* func :
       {"MODULE_CHECK", "FIRMWARE_CHECK", "KEXEC_KERNEL_CHECK",
        "KEXEC_INITRAMFS_CHECK", "POLICY_CHECK", "DIGEST_LIST_CHECK"}) {
    const std::string rule = "audit func=" + std::string(func);
    EXPECT_THAT(Check(rule + " mask=^MAY_READ\n"), IsEmpty()) << func;
    EXPECT_THAT(Check(rule + " mask=MAY_EXEC\n"), SizeIs(1));
  }
  for (const auto* mask :
       {"MAY_EXEC", "MAY_WRITE", "MAY_READ", "^MAY_APPEND"}) {
    EXPECT_THAT(Check("audit func=FILE_CHECK mask=" + std::string(mask)),
                IsEmpty())
        << mask;
  }
}

TEST(FindNeverTest, ExclusionOfEverything) {
  EXPECT_THAT(
      Check("audit path!=/a,**\naudit container!=*\n"),
      ElementsAre("warning 1:7: never so: the pattern matches everything",
                  "warning 2:7: never so: the pattern matches everything, also "
                  "what is in no container; instead: container!=?*"));
  EXPECT_THAT(Check("audit path!=/**/x\naudit container!=?*\naudit exe=**\n"),
              IsEmpty());
}

TEST(FindNeverTest, PathIsNotOfTheOccasion) {
  EXPECT_THAT(
      Check("audit path=/boot/kernel func=KEXEC_KERNEL_CHECK\n"),
      ElementsAre("warning 1:7: never so: files with such names are not taken "
                  "for those of func=KEXEC_KERNEL_CHECK"));
  for (const auto* path :
       {"/boot/kernel,/boot/vmlinuz-6", "/boot/k*", "/boot/vmlinux"}) {
    EXPECT_THAT(
        Check("audit func=KEXEC_KERNEL_CHECK path=" + std::string(path) + "\n"),
        IsEmpty())
        << path;
  }
  EXPECT_THAT(Check("audit func=MODULE_CHECK path!=/a\n"
                    "audit func=FILE_CHECK path=/a\n"),
              IsEmpty());
  // The tree may be /usr/lib/firmware itself.
  EXPECT_THAT(Check("audit func=FIRMWARE_CHECK path=/a.bin\n"), IsEmpty());
}

TEST(FindNeverTest, NobodyAsksForListsAndPolicies) {
  const std::string of_own =
      "so: exe= is not known when the program itself reads a list or a policy";
  EXPECT_THAT(Check("audit exe=/a func=POLICY_CHECK\n"),
              ElementsAre("warning 1:7: always " + of_own));
  EXPECT_THAT(
      Check("dont_audit func=POLICY_CHECK exe!=/a\naudit func=POLICY_CHECK\n"),
      ElementsAre("warning 1:30: never " + of_own));
  // Of a list the other way round.
  EXPECT_THAT(
      Check("audit func=DIGEST_LIST_CHECK exe=/a\n"),
      ElementsAre(HasSubstr("warning 1:30: never counts: exe= is not known "
                            "of a list")));
  EXPECT_THAT(Check("dont_audit func=DIGEST_LIST_CHECK exe!=/a\naudit\n"),
              ElementsAre("warning 1:35: always " + of_own));
  EXPECT_THAT(Check("audit func=DIGEST_LIST_CHECK fsuuid=1*\n"
                    "audit func=POLICY_CHECK container=c\n"),
              SizeIs(2));
  EXPECT_THAT(Check("audit func=DIGEST_LIST_CHECK euid=0 path=/a fsmagic=1\n"
                    "audit exe=/a\n"),
              IsEmpty());
}

TEST(FindWeakConditionsTest, NamesCanBeChosen) {
  EXPECT_THAT(
      Check("dont_appraise exe=/a\n"
            "dont_appraise uid=0 container!=c path=/a\n"
            "appraise\n"),
      ElementsAre("warning 1:15: easily got round: who controls a process can "
                  "give its program such a name",
                  "note 2:21: easily got round: who controls a process can "
                  "give its control group such a name",
                  "note 2:34: who controls a file can give it such a name"));
  EXPECT_THAT(Check("dont_appraise uid=0\ndont_appraise fsmagic=1\n"
                    "appraise exe=/a path=/b\nappraise\n"),
              IsEmpty());
  EXPECT_THAT(Check("dont_measure exe=/a path=/b\nmeasure\n"), IsEmpty());
}

TEST(FindWeakConditionsTest, WhatOnlyRootCanUseIsANote) {
  for (const std::string root : {"uid=0", "euid<1", "fowner=0"}) {
    EXPECT_THAT(Check("dont_appraise exe=/a " + root + "\nappraise\n"),
                ElementsAre(HasSubstr("note 1:15: ")))
        << root;
  }
  for (const std::string others : {"uid=0-5", "uid>0", "gid=0", "fsmagic=0"}) {
    EXPECT_THAT(Check("dont_appraise exe=/a " + others + "\nappraise\n"),
                ElementsAre(HasSubstr("warning 1:15: ")))
        << others;
  }
}

TEST(FindWrongPatternsTest, NamesThatNoListHas) {
  for (const std::string list :
       {"local", "/etc/digest_lists/tlv-x", "/etc/*", "1-local", "tlvx"}) {
    EXPECT_THAT(Check("appraise list=" + list + "\n"),
                ElementsAre(HasSubstr("warning 1:10: \"" + list +
                                      "\" matches no list: ")));
  }
  for (const std::string list :
       {"tlv-x", "rpm-bash-5", "12-tlv-x", "*local*"}) {
    EXPECT_THAT(Check("appraise list=" + list + "\n"), IsEmpty()) << list;
  }
}

TEST(FindWrongPatternsTest, ShortIdsOfContainers) {
  EXPECT_THAT(
      Check("audit container=abcdef012345\n"),
      ElementsAre("warning 1:7: \"abcdef012345\" matches no container: those "
                  "of docker and the like have 64 digits; instead: "
                  "abcdef012345*"));
  for (const std::string& id :
       {std::string(64, 'a'), std::string("web"), std::string("abcdef012345*"),
        std::string("cafe")}) {
    EXPECT_THAT(Check("audit container=" + id + "\n"), IsEmpty()) << id;
  }
}

TEST(FindWrongPatternsTest, PatternsThatMatchNoFingerprint) {
  const std::string key(40, 'a');
  const std::string hint =
      "\" matches no fingerprint: those have 40 hexadecimal digits, of X.509 "
      "certificates 64";
  for (const std::string& signer :
       {std::string("vendor"), std::string("0123456789abcdef"),
        std::string("abcg*"), "a" + key, "[x-z]" + key.substr(1),
        std::string(65, 'b') + "*"}) {
    EXPECT_THAT(Check("appraise signer=" + signer + "\n"),
                ElementsAre("warning 1:10: \"" + signer + hint));
  }
  EXPECT_THAT(Check("appraise signer!=" + key + ",no\n"),
              ElementsAre("warning 1:10: \"no" + hint));
  EXPECT_THAT(Check("set s aa:" + key.substr(2) + "\nappraise signer=@s\n"),
              ElementsAre("warning 2:10: \"aa:" + key.substr(2) + hint +
                          "; instead: " + key));
  for (const std::string& signer :
       {key, std::string(64, 'F'), std::string("*0123456789ABCDEF"),
        std::string("*"), key.substr(1) + "?", key.substr(1) + "[]!-a]",
        "\\a" + key.substr(1), key.substr(1) + "[!g]"}) {
    EXPECT_THAT(Check("appraise signer=" + signer + "\n"), IsEmpty()) << signer;
  }
}

TEST(FindWrongPatternsTest, AlsoInRulesThatNoUseReaches) {
  EXPECT_THAT(Check("appraise\nappraise uid=0 signer=me\n"),
              ElementsAre(HasSubstr("no use reaches this rule"),
                          HasSubstr("\"me\" matches no")));
}

}  // namespace
}  // namespace assayfs
