// SPDX-License-Identifier: Apache-2.0
#include "app/uses/use_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/uses/record_text.h"
#include "support/fakes.h"

namespace assayfs {
namespace {

using testing::DigestOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

LoggedUse Everything() {
  LoggedUse logged;
  Use& use = logged.use;
  use.mask = kMayRead | kMayWrite;
  use.uid = 2;
  use.text(TextFact::kPath) = {"/bin/a", "/usr/bin/a"};
  use.text(TextFact::kExe) = {"/bin/100%\xff"};
  use.text(TextFact::kContainer) = {""};
  use.text(TextFact::kFsName) = {"ext4"};
  use.text(TextFact::kFsSubtype) = {"sub"};
  use.text(TextFact::kFsUuid) = {"28b2"};
  std::uint32_t next = 1;
  for (auto& number : use.numbers) number = next++;
  use.number(NumberFact::kFsMagic) = 0xffffffff;
  use.elf = true;
  use.set_mode(0106755);
  logged.mode = 0106755;
  logged.digests = {DigestOf("a"), DigestOf("a", HashAlgorithm::kSha512)};
  logged.verdict = "allow";
  logged.reason = "known";
  return logged;
}

void ExpectSame(const LoggedUse& one, const LoggedUse& other) {
  EXPECT_EQ(one.use.mask, other.use.mask);
  EXPECT_EQ(one.use.uid, other.use.uid);
  EXPECT_EQ(one.use.numbers, other.use.numbers);
  EXPECT_EQ(one.use.texts, other.use.texts);
  EXPECT_EQ(one.seeming, other.seeming);
  EXPECT_EQ(one.use.elf, other.use.elf);
  EXPECT_EQ(one.use.setuid, other.use.setuid);
  EXPECT_EQ(one.use.setgid, other.use.setgid);
  EXPECT_EQ(one.digests, other.digests);
  EXPECT_EQ(one.mode, other.mode);
  EXPECT_EQ(one.verdict, other.verdict);
  EXPECT_EQ(one.reason, other.reason);
}

TEST(UseLogTest, AllThatIsKnownComesBack) {
  const std::string line = WriteUse(Everything());
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  const auto read = ReadUse(line + "\n");
  ASSERT_TRUE(read);
  ExpectSame(*read, Everything());
}

TEST(UseLogTest, WhatIsNotKnownIsLeftOut) {
  LoggedUse logged;
  logged.use.mask = kMayWrite;
  logged.use.text(TextFact::kPath) = {"/a\n\xff%"};
  const std::string line = WriteUse(logged);
  EXPECT_EQ(line, R"({"path":"/a\n%ff%25","mask":2})");
  const auto read = ReadUse(line);
  ASSERT_TRUE(read);
  ExpectSame(*read, logged);
  EXPECT_EQ(read->path(), "/a\n\xff%");
}

TEST(UseLogTest, MembersOfLaterVersionsAreLeftOut) {
  auto read = ReadUse(R"({"path":"/a","later":[{}],"uid":5})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->use.number(NumberFact::kUid), 5U);
  EXPECT_EQ(read->use.uid, 5U);
  EXPECT_EQ(read->use.mask, kMayRead);
}

TEST(UseLogTest, WhatIsNotAsItMustBeIsNoUse) {
  for (const char* line : {"",
                           "x",
                           "{",
                           "{}",
                           "[]",
                           "{\"path\":1}",
                           R"({"path":""})",
                           R"({"path":"a"})",
                           R"({"path":"/%"})",
                           R"({"path":"/%00"})",
                           R"({"path":"/\u0000"})",
                           "{\"path\":\"/\xff\"}",
                           R"({"path":"/a","system_path":1})",
                           R"({"path":"/a","exe":["x"]})",
                           R"({"path":"/a","mask":0})",
                           R"({"path":"/a","mask":16})",
                           R"({"path":"/a","mask":-4})",
                           R"({"path":"/a","mask":4.0})",
                           R"({"path":"/a","uid":4294967296})",
                           R"({"path":"/a","uid":1e999})",
                           R"({"path":"/a","mode":65536})",
                           R"({"path":"/a","elf":1})",
                           R"({"path":"/a","digests":"sha256:00"})",
                           R"({"path":"/a","digests":["sha256:00"]})",
                           R"({"path":"/a","digests":["md9:00"]})",
                           R"({"path":"/a","digests":[1]})",
                           R"({"path":"/a","verdict":"yes"})",
                           R"({"path":"/a","reason":"why"})",
                           R"({"path":"/a"} {})"}) {
    EXPECT_FALSE(ReadUse(line)) << line;
  }
}

TEST(UseLogTest, TooMuchIsNoUse) {
  std::string many = R"({"path":"/a","digests":[)";
  for (std::size_t i = 0; i <= kHashAlgorithmCount; ++i) {
    many += (i == 0 ? "\"" : ",\"") + DigestOf("a").ToString() + "\"";
  }
  EXPECT_FALSE(ReadUse(many + "]}"));
  EXPECT_FALSE(ReadUse("{\"path\":\"/" + std::string(1 << 20, 'a') + "\"}"));
  EXPECT_FALSE(ReadUse("{\"path\":" + std::string(100'000, '[')));
}

TEST(UseLogTest, APathThatNoPolicyMayRelyOnStaysSo) {
  LoggedUse logged = Everything();
  logged.use.text(TextFact::kPath).clear();
  logged.seeming = "/usr/bin/perl";
  const auto read = ReadUse(WriteUse(logged));
  ASSERT_TRUE(read);
  ExpectSame(*read, logged);
  EXPECT_EQ(read->path(), "/usr/bin/perl");
}

TEST(UseLogTest, TheLongestPathsFit) {
  LoggedUse logged = Everything();
  const std::string longest = "/" + std::string(4094, '\x01');
  logged.use.text(TextFact::kPath) = {longest, longest};
  logged.use.text(TextFact::kExe) = {longest};
  const auto read = ReadUse(WriteUse(logged));
  ASSERT_TRUE(read);
  ExpectSame(*read, logged);
}

TEST(UseLogTest, ReadsWhatAMountWritesOfADenial) {
  UseRecord record;
  record.path = "/a b\\\xff";
  record.use.mask = kMayExec;
  record.use.uid = 5;
  record.decision = {Verdict::kDeny, Reason::kUnknownContent};
  record.digest = DigestOf("a");
  record.detail = "more";
  for (const bool permitted : {false, true}) {
    record.permitted = permitted;
    auto read = ReadUse(
        "Oct 1 host assayfs[1]: used for nothing, denied "
        "all: " +
        RecordText(record, "/mnt"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->path(), "/mnt/a b\\\xff");
    EXPECT_EQ(read->use.mask, kMayExec);
    EXPECT_EQ(read->use.uid, 5U);
    EXPECT_EQ(read->use.number(NumberFact::kEuid), 5U);
    EXPECT_EQ(read->use.number(NumberFact::kUid), std::nullopt);
    EXPECT_THAT(read->digests, ElementsAre(DigestOf("a")));
    EXPECT_EQ(read->verdict, "deny");
    EXPECT_EQ(read->reason, "unknown-content");
  }
}

TEST(UseLogTest, ReadsRecordsOfOtherVerdicts) {
  const auto of = [](const std::string& line) {
    const auto read = ReadUse(line);
    return read ? read->verdict : "none";
  };
  EXPECT_EQ(of("used /a for read by uid 0: known (sha256:00)"), "allow");
  EXPECT_EQ(of("used /a for write by uid 0: dont-appraise"), "unjudged");
  EXPECT_EQ(of("denied /a for read by uid 0: io-error (too large)"), "error");
}

TEST(UseLogTest, ADenialThatIsCutOffIsNone) {
  const std::string line =
      "denied /a for read by uid 5: modified (sha256:00; list a gives b)";
  const std::size_t end_of_reason = line.find(" (");
  for (std::size_t size = 0; size < end_of_reason; ++size) {
    EXPECT_FALSE(ReadUse(line.substr(0, size))) << line.substr(0, size);
  }
  const auto read = ReadUse(line.substr(0, end_of_reason));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->digests, IsEmpty());
  EXPECT_FALSE(ReadUse("denied a for read by uid 5: modified"));
  EXPECT_FALSE(ReadUse("denied /a\\x for read by uid 5: modified"));
  EXPECT_FALSE(ReadUse("denied /a for read by uid 4294967296: modified"));
}

}  // namespace
}  // namespace assayfs
