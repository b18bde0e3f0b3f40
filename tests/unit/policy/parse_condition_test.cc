// SPDX-License-Identifier: Apache-2.0
#include "policy/parse_condition.h"

#include <array>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using Range = NumberSet::Range;
using Ranges = std::vector<Range>;
using Strings = std::vector<std::string>;

constexpr std::array kAllActions = {Action::kMeasure,  Action::kDontMeasure,
                                    Action::kAppraise, Action::kDontAppraise,
                                    Action::kAudit,    Action::kDontAudit,
                                    Action::kHash,     Action::kDontHash};

// Reads one word into a rule.
class ParseConditionTest : public ::testing::Test {
 protected:
  Result<std::string> Read(std::string_view word, const NamedSets& sets = {}) {
    return ParseCondition(SplitCondition(word), sets, rule_);
  }
  Result<std::string> ReadFor(Action action, std::string_view word) {
    rule_ = Rule();
    rule_.action = action;
    return Read(word);
  }
  // Reads a word that means all that it says.
  const Rule& Good(std::string_view word, const NamedSets& sets = {}) {
    EXPECT_EQ(Must(Read(word, sets)), "") << word;
    return rule_;
  }

  Rule rule_;
};

// As ParseConditionTest, of rules that measure.
class ParseMeasureConditionTest : public ParseConditionTest {
 protected:
  ParseMeasureConditionTest() { rule_.action = Action::kMeasure; }
};

void ExpectSplit(std::string_view word, std::string_view name,
                 std::string_view relation, std::string_view value) {
  const auto split = SplitCondition(word);
  EXPECT_EQ(split.name, name) << word;
  EXPECT_EQ(split.relation, relation) << word;
  EXPECT_EQ(split.value, value) << word;
}

TEST(SplitConditionTest, SplitsAtTheFirstRelation) {
  ExpectSplit("uid=0", "uid", "=", "0");
  ExpectSplit("uid<5", "uid", "<", "5");
  ExpectSplit("uid>5", "uid", ">", "5");
  ExpectSplit("path!=/a", "path", "!=", "/a");
  ExpectSplit("path=/a=b!=c", "path", "=", "/a=b!=c");
}

TEST(SplitConditionTest, TakesAllSignsTogetherForTheRelation) {
  ExpectSplit("uid<=5", "uid", "<=", "5");
  ExpectSplit("path!/a", "path", "!", "/a");
  ExpectSplit("list=!a", "list", "=!", "a");
}

TEST(SplitConditionTest, LeavesOutWhatIsNotThere) {
  ExpectSplit("permit_directio", "permit_directio", "", "");
  ExpectSplit("uid=", "uid", "=", "");
  ExpectSplit("=5", "", "=", "5");
  ExpectSplit("path!", "path", "!", "");
  ExpectSplit("", "", "", "");
}

TEST_F(ParseConditionTest, ReadsEveryFuncThatIsSeenAsItIs) {
  for (const auto& [name, func] :
       {std::pair("FILE_CHECK", Func::kFileCheck),
        std::pair("BPRM_CHECK", Func::kBprmCheck),
        std::pair("CREDS_CHECK", Func::kCredsCheck),
        std::pair("POLICY_CHECK", Func::kPolicyCheck),
        std::pair("DIGEST_LIST_CHECK", Func::kDigestListCheck),
        std::pair("PATH_CHECK", Func::kFileCheck)}) {
    EXPECT_EQ(Good("func=" + std::string(name)).func, func) << name;
  }
}

TEST_F(ParseConditionTest, WarnsThatMappingsAreNotSeen) {
  for (const std::string name :
       {"MMAP_CHECK", "FILE_MMAP", "MMAP_CHECK_REQPROT"}) {
    EXPECT_EQ(Must(Read("func=" + name)),
              "mappings are not seen: ELF files that are opened for reading or "
              "execution stand for what is mapped for execution");
    EXPECT_EQ(rule_.func, Func::kMmapCheck);
  }
}

TEST_F(ParseConditionTest, WarnsThatWhatTheKernelReadsIsNotSeen) {
  for (const auto& [name, func, paths] :
       {std::tuple("MODULE_CHECK", Func::kModuleCheck,
                   "**.ko, **.ko.gz, **.ko.xz, **.ko.zst"),
        std::tuple("FIRMWARE_CHECK", Func::kFirmwareCheck,
                   "**/lib/firmware/**"),
        std::tuple("KEXEC_KERNEL_CHECK", Func::kKexecKernelCheck,
                   "**/vmlinu[xz]*"),
        std::tuple("KEXEC_INITRAMFS_CHECK", Func::kKexecInitramfsCheck,
                   "**/initrd*, **/initramfs*")}) {
    EXPECT_EQ(Must(Read("func=" + std::string(name))),
              "what the kernel reads is not seen: opening a file for reading "
              "stands for it, with a path like " +
                  std::string(paths) +
                  "; under another name it is not asked for");
    EXPECT_EQ(rule_.func, func);
  }
}

TEST_F(ParseConditionTest, RefusesFuncsThatNoFileSystemSeesAndSaysWhy) {
  for (const auto& [name, why] :
       {std::pair("KEXEC_CMDLINE", "is of the kernel's memory, not of a file"),
        std::pair("KEY_CHECK",
                  "is of the kernel's keyrings, which no file system sees"),
        std::pair("CRITICAL_DATA", "is of the kernel's memory, not of a file"),
        std::pair("SETXATTR_CHECK",
                  "is of security.ima, which decides nothing here")}) {
    const std::string func(name);
    EXPECT_THAT(Read("func=" + func),
                FailsSaying(EOPNOTSUPP, "func=: " + func + " " + why +
                                            "; leave this rule out"));
  }
}

TEST_F(ParseConditionTest, RefusesOtherFuncs) {
  for (const char* word : {"func=file_check", "func=FILE_CHECK,BPRM_CHECK",
                           "func=NONE", "func=POST_SETATTR", "func=@x"}) {
    EXPECT_THAT(Read(word), FailsSaying(EINVAL, "\" is not known")) << word;
  }
}

TEST_F(ParseConditionTest, ReadsEveryMask) {
  for (const auto& [name, mask] :
       {std::pair("MAY_EXEC", kMayExec), std::pair("MAY_WRITE", kMayWrite),
        std::pair("MAY_READ", kMayRead), std::pair("MAY_APPEND", kMayAppend)}) {
    rule_ = {};
    EXPECT_EQ(Good("mask=" + std::string(name)).mask_is, mask) << name;
    EXPECT_EQ(rule_.mask_has, 0U);
    rule_ = {};
    EXPECT_EQ(Good("mask=^" + std::string(name)).mask_has, mask) << name;
    EXPECT_EQ(rule_.mask_is, 0U);
  }
}

TEST_F(ParseConditionTest, RefusesOtherMasks) {
  for (const char* word :
       {"mask=may_read", "mask=^", "mask=^^MAY_READ", "mask=MAY_READ|MAY_WRITE",
        "mask=MAY_ACCESS", "mask=4"}) {
    EXPECT_THAT(Read(word), FailsSaying(EINVAL, "mask=: \"")) << word;
  }
}

TEST_F(ParseConditionTest, ReadsNumbersOfPeopleAndOwners) {
  using enum NumberFact;
  for (const auto& [name, which] :
       {std::pair("uid", kUid), std::pair("euid", kEuid),
        std::pair("gid", kGid), std::pair("egid", kEgid),
        std::pair("fowner", kFowner), std::pair("fgroup", kFgroup)}) {
    const std::string begin(name);
    EXPECT_EQ(Good(begin + "=5,7-9").number(which)->ranges(),
              (Ranges{{5, 5}, {7, 9}}));
    EXPECT_EQ(Good(begin + "<5").number(which)->ranges(), (Ranges{{0, 4}}));
    EXPECT_EQ(Good(begin + ">5").number(which)->ranges(),
              (Ranges{{6, 4294967295}}));
    EXPECT_EQ(Good(begin + "=@x", {{"x", {"3"}}}).number(which)->ranges(),
              (Ranges{{3, 3}}));
  }
}

TEST_F(ParseConditionTest, RefusesWhatIsNoNumber) {
  for (const char* word : {"uid=root", "gid=-1", "euid=0x10", "fowner<a",
                           "egid<=5", "fgroup=1,", "uid>1-5"}) {
    EXPECT_THAT(Read(word), FailsWith(EINVAL)) << word;
  }
  EXPECT_THAT(Read("uid=root"),
              FailsSaying(EINVAL, "uid=: \"root\" is not a number"));
  EXPECT_THAT(Read("uid<0"),
              FailsSaying(EINVAL, "uid=: no number is less than 0"));
}

TEST_F(ParseConditionTest, ReadsTheKindOfAFileSystemInHexadecimalDigits) {
  EXPECT_EQ(
      Good("fsmagic=0x9fa0,EF53,10").number(NumberFact::kFsMagic)->ranges(),
      (Ranges{{0x9fa0, 0x9fa0}, {0xef53, 0xef53}, {16, 16}}));
}

TEST_F(ParseConditionTest, ReadsPatternsOfTexts) {
  using enum TextFact;
  for (const auto& [name, which] :
       {std::pair("path", kPath), std::pair("exe", kExe),
        std::pair("container", kContainer), std::pair("fsname", kFsName),
        std::pair("fs_subtype", kFsSubtype), std::pair("fsuuid", kFsUuid)}) {
    const auto& texts =
        Good(std::string(name) + "=/a/*,@x", {{"x", {"**b"}}}).text_of(which);
    EXPECT_EQ(texts->globs, (Strings{"/a/*", "**b"})) << name;
    EXPECT_FALSE(texts->excludes) << name;
  }
}

TEST_F(ParseConditionTest, ReadsPatternsThatExclude) {
  using enum TextFact;
  for (const auto& [name, which] :
       {std::pair("path", kPath), std::pair("exe", kExe),
        std::pair("container", kContainer)}) {
    const auto& texts = Good(std::string(name) + "!=/a,/b").text_of(which);
    EXPECT_EQ(texts->globs, (Strings{"/a", "/b"})) << name;
    EXPECT_TRUE(texts->excludes) << name;
  }
}

TEST_F(ParseConditionTest, RefusesPatternsOfPathsThatMatchNone) {
  for (const char* word : {"path=bin/*", "exe=sh", "path=/a,b", "exe!=*",
                           "path=?/a", "path=[/]a"}) {
    EXPECT_THAT(Read(word),
                FailsSaying(EINVAL, "\" matches no path: begin it with \"/\""))
        << word;
  }
}

TEST_F(ParseConditionTest, RefusesPathsThatNoFileHas) {
  for (const auto& [word, told] :
       {std::pair("path=/opt/app/",
                  "path=: \"/opt/app/\" matches no path; "
                  "write /opt/app/**"),
        std::pair("exe!=/usr/bin/", "write /usr/bin/**"),
        std::pair("path=/", "write /**"),
        std::pair("path=/srv//data", "none has \"//\"; write /srv/data"),
        std::pair("path=/srv/../x", "none has \"/../\"; write /x"),
        std::pair("path=/srv/./x", "none has \"/./\"; write /srv/x"),
        std::pair("path=/srv/..", "none has \"/../\""),
        std::pair("path=/srv/.", "none has \"/./\"")}) {
    EXPECT_THAT(Read(word), FailsSaying(EINVAL, told)) << word;
  }
  for (const char* word :
       {"path=/..a", "path=/a.", "path=/.*", "path=/a..b", "exe=/**/..."}) {
    EXPECT_TRUE(Read(word)) << word;
  }
}

TEST_F(ParseConditionTest, TellsWhatToWriteInstead) {
  for (const auto& [word, told] :
       {std::pair("func=file_check", "; write FILE_CHECK"),
        std::pair("func=BRPM_CHECK", "; write BPRM_CHECK"),
        std::pair("func=NONE", "; write FILE_CHECK, MMAP_CHECK, BPRM_CHECK,"),
        std::pair("mask=MAYREAD", "; write MAY_READ"),
        std::pair("mask=^may_exec", "; write MAY_EXEC"),
        std::pair("mask=READ",
                  "; write MAY_EXEC, MAY_WRITE, MAY_READ or MAY_APPEND"),
        std::pair("fownr=0", "; write fowner="),
        std::pair("UID=0", "; write uid="),
        std::pair("appraise_algos=sha-256", "; write sha256"),
        std::pair("appraise_type=imasg", "; write imasig"),
        std::pair("digest_type=x", "; write verity"),
        std::pair("digest_cache=x", "; write data"),
        std::pair("appraise_flag=x", "; write check_blacklist")}) {
    EXPECT_THAT(Read(word), FailsSaying(EINVAL, told)) << word;
  }
  EXPECT_THAT(ReadFor(Action::kMeasure, "template=foo"),
              FailsSaying(EINVAL, "; write ima, ima-ng,"));
}

TEST_F(ParseConditionTest, ReadsWhatContentIsBoundToFromSets) {
  EXPECT_EQ(Good("bind=@x,link", {{"x", {"path", "mode"}}}).terms.bind,
            (Binding{.path = true, .mode = true, .link = true}));
}

TEST_F(ParseConditionTest, RefusesWhatIsNoPattern) {
  EXPECT_THAT(Read("path=/[a"),
              FailsSaying(EINVAL, "path=: a \"[\" without its \"]\""));
  EXPECT_THAT(Read("fsname=a,,b"),
              FailsSaying(EINVAL, "fsname=: an empty value"));
}

TEST_F(ParseConditionTest, ReadsUuidsInEitherCase) {
  EXPECT_EQ(
      Good("fsuuid=28B23254-9467-44C0-*").text_of(TextFact::kFsUuid)->globs,
      Strings{"28b23254-9467-44c0-*"});
}

TEST_F(ParseConditionTest, ReadsWhichListsCount) {
  EXPECT_EQ(Good("list=*-tlv-*,a").terms.list->globs,
            (Strings{"*-tlv-*", "a"}));
  EXPECT_EQ(Good("package!=bash").terms.package,
            (TextSet{.excludes = true, .globs = {"bash"}}));
  EXPECT_EQ(Good("signer=ABCDEF01*").terms.signer,
            (TextSet{.excludes = false, .globs = {"abcdef01*"}}));
}

TEST_F(ParseConditionTest, ReadsWhatContentIsBoundTo) {
  EXPECT_EQ(Good("bind=path,caps").terms.bind,
            (Binding{.path = true, .caps = true}));
  EXPECT_THAT(Read("bind=name"),
              FailsSaying(EINVAL,
                          "bind=: \"name\" is none of path, mode, owner, "
                          "caps, link"));
}

TEST_F(ParseConditionTest, ReadsWhichDigestsCount) {
  EXPECT_TRUE(Good("digest_type=verity").terms.verity_only);
  EXPECT_THAT(Read("digest_type=ima"),
              FailsSaying(EINVAL, "digest_type=: \"ima\" is not known"));
}

TEST_F(ParseConditionTest, ReadsAlgorithms) {
  EXPECT_EQ(Good("appraise_algos=sha256,sha512").terms.algorithms,
            (std::vector{HashAlgorithm::kSha256, HashAlgorithm::kSha512}));
  for (std::size_t i = 0; i < kHashAlgorithmCount; ++i) {
    const auto algorithm = static_cast<HashAlgorithm>(i);
    rule_ = {};
    EXPECT_EQ(Good("appraise_algos=" + std::string(AlgorithmName(algorithm)))
                  .terms.algorithms,
              std::vector{algorithm});
  }
}

TEST_F(ParseConditionTest, ReadsAlgorithmsFromSets) {
  EXPECT_EQ(Good("appraise_algos=@good", {{"good", {"sha384", "sha512"}}})
                .terms.algorithms,
            (std::vector{HashAlgorithm::kSha384, HashAlgorithm::kSha512}));
}

TEST_F(ParseConditionTest, RefusesOtherAlgorithms) {
  for (const char* word : {"appraise_algos=SHA256", "appraise_algos=sha257",
                           "appraise_algos=sha256,crc32"}) {
    EXPECT_THAT(Read(word),
                FailsSaying(EINVAL, "\" is no algorithm of digests"))
        << word;
  }
}

TEST_F(ParseConditionTest, WarnsThatSignaturesAreThoseOfLists) {
  for (const char* word : {"appraise_type=imasig", "appraise_type=sigv3",
                           "appraise_type=imasig|modsig"}) {
    EXPECT_EQ(Must(Read(word)),
              "the signature is that of the list that knows the file, of a "
              "policy its own; security.ima is not read");
  }
  EXPECT_THAT(Read("appraise_type=modsig"),
              FailsSaying(EINVAL, "appraise_type=: \"modsig\" is not known"));
}

TEST_F(ParseConditionTest, TakesTheFlagThatAlwaysHolds) {
  Good("appraise_flag=check_blacklist");
  EXPECT_EQ(rule_.terms, Terms{});
}

TEST_F(ParseConditionTest, TakesThatDirectReadingIsPermitted) {
  for (const Action action : kAllActions) {
    EXPECT_EQ(Must(ReadFor(action, "permit_directio")), "");
  }
  EXPECT_THAT(Read("permit_directio=1"),
              FailsSaying(EINVAL, "permit_directio has no value"));
}

TEST_F(ParseMeasureConditionTest, ReadsPcrsThatNobodyCanReset) {
  for (const std::uint32_t pcr : {0U, 10U, 15U, 17U, 22U}) {
    EXPECT_EQ(Good("pcr=" + std::to_string(pcr)).terms.pcr, pcr);
  }
}

TEST_F(ParseMeasureConditionTest, RefusesOtherPcrs) {
  for (const char* word : {"pcr=16", "pcr=23", "pcr=24", "pcr=-1", "pcr=a",
                           "pcr=1,2", "pcr=0x1"}) {
    EXPECT_THAT(Read(word), FailsSaying(EINVAL, "\" cannot be extended"))
        << word;
  }
}

TEST_F(ParseMeasureConditionTest, TakesTheTemplateThatRecordsHave) {
  Good("template=ima-ng");
}

TEST_F(ParseMeasureConditionTest, WarnsThatRecordsHaveNoOtherTemplate) {
  for (const std::string name :
       {"ima", "ima-ngv2", "ima-sig", "ima-sigv2", "ima-modsig", "evm-sig"}) {
    EXPECT_EQ(
        Must(Read("template=" + name)),
        "records have the template ima-ng: digest and path, no signature");
  }
}

TEST_F(ParseMeasureConditionTest, RefusesTemplatesThatAreNotForFiles) {
  for (const char* word : {"template=ima-buf", "template=x", "template=IMA"}) {
    EXPECT_THAT(Read(word),
                FailsSaying(EINVAL, "\" is not a template for files"))
        << word;
  }
}

TEST_F(ParseMeasureConditionTest, ReadsThatListsStandForFiles) {
  EXPECT_TRUE(Good("digest_cache=data").terms.digest_cache);
  EXPECT_THAT(Read("digest_cache=all"),
              FailsSaying(EINVAL, "digest_cache=: \"all\" is not known"));
}

TEST_F(ParseConditionTest, WordsForRulesThatDemandAreForNoOthers) {
  struct Row {
    std::string_view word;
    bool measure, appraise;
    std::string_view why;
  };
  for (const Row& row : {
           Row{"bind=path", false, true, "bind= is for appraise only"},
           Row{"appraise_type=imasig", false, true,
               "appraise_type= is for appraise only"},
           Row{"appraise_flag=check_blacklist", false, true,
               "appraise_flag= is for appraise only"},
           Row{"appraise_algos=sha256", false, true,
               "appraise_algos= is for appraise only"},
           Row{"pcr=11", true, false, "pcr= is for measure only"},
           Row{"template=ima-ng", true, false, "template= is for measure only"},
           Row{"digest_type=verity", true, true,
               "digest_type= is for appraise and measure only"},
           Row{"digest_cache=data", true, true,
               "digest_cache= is for appraise and measure only"},
           Row{"list=a", true, true, "list= is for appraise and measure only"},
           Row{"package=a", true, true,
               "package= is for appraise and measure only"},
           Row{"signer=a", true, true,
               "signer= is for appraise and measure only"},
       }) {
    for (const Action action : kAllActions) {
      const auto read = ReadFor(action, row.word);
      if ((action == Action::kMeasure && row.measure) ||
          (action == Action::kAppraise && row.appraise)) {
        EXPECT_TRUE(read) << row.word;
      } else {
        EXPECT_THAT(read, FailsSaying(EINVAL, std::string(row.why)));
      }
    }
  }
}

TEST_F(ParseConditionTest, ConditionsAreForEveryAction) {
  for (const Action action : kAllActions) {
    for (const char* word :
         {"func=FILE_CHECK", "mask=MAY_READ", "fsmagic=1", "fsname=a",
          "fs_subtype=a", "fsuuid=a*", "uid=1", "euid=1", "gid=1", "egid=1",
          "fowner=1", "fgroup=1", "path=/a", "exe=/a", "container=a"}) {
      EXPECT_EQ(Must(ReadFor(action, word)), "") << word;
    }
  }
}

TEST_F(ParseConditionTest, RefusesRelationsBesideEquality) {
  for (const std::string name :
       {"func", "mask", "fsmagic", "fsname", "fs_subtype", "fsuuid", "bind",
        "digest_cache", "digest_type", "appraise_type", "appraise_flag",
        "appraise_algos", "pcr", "template"}) {
    for (const std::string relation : {"<", ">", "!=", "!", "==", "=!"}) {
      EXPECT_THAT(Read(name + relation + "1"),
                  FailsSaying(EINVAL, name + " can be asked with \"=\" only"))
          << relation;
    }
  }
}

TEST_F(ParseConditionTest, RefusesRelationsBesideThoseOfNumbers) {
  for (const std::string name :
       {"uid", "euid", "gid", "egid", "fowner", "fgroup"}) {
    for (const std::string relation : {"!=", "!", "<=", ">=", "<>", "=="}) {
      EXPECT_THAT(
          Read(name + relation + "1"),
          FailsSaying(EINVAL,
                      name + " can be asked with \"=\", \"<\" or \">\" only"))
          << relation;
    }
  }
}

TEST_F(ParseConditionTest, RefusesRelationsBesideThoseOfTexts) {
  for (const std::string name :
       {"path", "exe", "container", "list", "package", "signer"}) {
    for (const std::string relation : {"<", ">", "!", "=!", "!==", "=="}) {
      EXPECT_THAT(
          Read(name + relation + "/a"),
          FailsSaying(EINVAL, name + " can be asked with \"=\" or \"!=\" only"))
          << relation;
    }
  }
}

TEST_F(ParseConditionTest, RefusesNamesThatItDoesNotKnow) {
  for (const char* word : {"owner=0", "=0", "<5", "UID=0", "Func=FILE_CHECK"})
    EXPECT_THAT(Read(word), FailsSaying(EINVAL, "\" is not known")) << word;
  EXPECT_THAT(Read("owner=0"),
              FailsSaying(EINVAL, "condition \"owner\" is not known"));
}

TEST_F(ParseConditionTest, RefusesWordsThatAreNoConditions) {
  for (const char* word : {"FILE_CHECK", "@x", "\xff", "measure"})
    EXPECT_THAT(Read(word),
                FailsSaying(EINVAL, "\" is not a condition (name=value)"))
        << word;
}

TEST_F(ParseConditionTest, RefusesNamesWithoutAValue) {
  EXPECT_THAT(Read("uid"), FailsSaying(EINVAL, "uid needs a value"));
  for (const std::string name : {"func=", "uid=", "path=", "bind="})
    EXPECT_THAT(Read(name), FailsSaying(EINVAL, name + " needs a value"));
  EXPECT_THAT(Read("path!="), FailsSaying(EINVAL, "needs a value"));
  EXPECT_THAT(Read("uid<"), FailsSaying(EINVAL, "needs a value"));
}

TEST_F(ParseConditionTest, RefusesLabelsAndSaysWhatToUse) {
  for (const std::string name : {"subj_user", "subj_role", "subj_type",
                                 "obj_user", "obj_role", "obj_type"}) {
    EXPECT_THAT(
        Read(name + "=system_u"),
        FailsSaying(EOPNOTSUPP,
                    name + "= is not possible: security modules do not tell "
                           "file systems of their labels; uid=, fowner= or "
                           "path= may serve; leave this rule out"));
  }
}

TEST_F(ParseConditionTest, RefusesWhatIsForFuncsThatAreNotSeen) {
  EXPECT_THAT(Read("keyrings=.ima"),
              FailsSaying(EOPNOTSUPP,
                          "keyrings= is not possible: it is for "
                          "func=KEY_CHECK"));
  EXPECT_THAT(Read("label=selinux"),
              FailsSaying(EOPNOTSUPP,
                          "label= is not possible: it is for "
                          "func=CRITICAL_DATA"));
}

}  // namespace
}  // namespace assayfs
