// SPDX-License-Identifier: Apache-2.0
// The marks for a file, given what lstat(2) and others told.
#include "app/verify/compare_file.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include "crypto/hasher.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::Must;

Digest Sha256(const std::string& content) {
  return Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content)));
}

class CompareFileTest : public ::testing::Test {
 protected:
  // A program and a file that is as the header says.
  CompareFileTest() {
    expected_.path = "/usr/bin/ping";
    expected_.digest = Sha256("abcd");
    expected_.size_bytes = 4;
    expected_.mode = 0100755;
    expected_.mtime_s = 1000;
    expected_.verify_flags = 0xffffffff;
    expected_.user = "root";
    expected_.group = "tty";
    expected_.capabilities = "cap_net_raw+ep";
    found_.info.st_mode = 0100755;
    found_.info.st_size = 4;
    found_.info.st_mtime = 1000;
    found_.info.st_gid = 5;
    found_.digests = {Sha256("abcd")};
    found_.capabilities = "cap_net_raw=ep";
  }
  void BecomeLink(const std::string& target) {
    found_.info.st_mode = 0120777;
    found_.link_target = target;
  }
  std::string Marks() const { return MarksOf(expected_, found_, owners_); }

  RpmFileMetadata expected_;
  FoundFile found_;
  Owners owners_{Accounts("daemon:x:1:1:\n"), Accounts("tty:x:5:\n")};
};

TEST_F(CompareFileTest, NothingDiffers) { EXPECT_EQ(Marks(), kNoMarks); }

TEST_F(CompareFileTest, EachTestHasItsMark) {
  FoundFile good = found_;
  const auto marks_after = [&](auto&& change) {
    found_ = good;
    change(found_);
    return Marks();
  };
  EXPECT_EQ(marks_after([](FoundFile& f) { f.info.st_mode = 0104755; }),
            ".M.......");
  EXPECT_EQ(marks_after([](FoundFile& f) { f.digests = {Sha256("abce")}; }),
            "..5......");
  EXPECT_EQ(marks_after([](FoundFile& f) { f.info.st_uid = 1; }), ".....U...");
  EXPECT_EQ(marks_after([](FoundFile& f) { f.info.st_gid = 1; }), "......G..");
  EXPECT_EQ(marks_after([](FoundFile& f) { f.info.st_mtime = 1001; }),
            ".......T.");
  EXPECT_EQ(marks_after([](FoundFile& f) { f.capabilities = ""; }),
            "........P");
}

TEST_F(CompareFileTest, ContentOfAnotherSizeNeedsNoHash) {
  found_.info.st_size = 5;
  found_.digests.clear();
  EXPECT_EQ(Marks(), "S.5......");
}

TEST_F(CompareFileTest, SaysWhatCouldNotBeTested) {
  found_.digests.clear();
  found_.capabilities.reset();
  EXPECT_EQ(Marks(), "..?.....?");
  found_.digests = {Must(HashBytes(HashAlgorithm::kMd5, AsBytes("abcd")))};
  EXPECT_EQ(Marks(), "..?.....?");
  expected_.capabilities = "cap_of_the_future=ep";
  found_.capabilities = "";
  EXPECT_EQ(Marks(), "..?.....?");
}

TEST_F(CompareFileTest, MakesOnlyTheTestsOfTheHeader) {
  found_.info.st_size = 5;
  found_.info.st_mode = 0100700;
  found_.info.st_mtime = 7;
  found_.info.st_uid = 1;
  EXPECT_EQ(Marks(), "SM5..U.T.");
  expected_.verify_flags = kRpmVerifyUser | kRpmVerifyMode;
  EXPECT_EQ(Marks(), ".M...U...");
  expected_.verify_flags = 0;
  EXPECT_EQ(Marks(), kNoMarks);
}

TEST_F(CompareFileTest, ALinkInPlaceOfAFile) {
  BecomeLink("true");
  EXPECT_EQ(Marks(), "....L....");
}

TEST_F(CompareFileTest, TheTargetOfALinkIsAlwaysTested) {
  expected_.mode = 0120777;
  expected_.link_target = "arping";
  expected_.digest.reset();
  expected_.verify_flags = 0;
  BecomeLink("arping");
  EXPECT_EQ(Marks(), kNoMarks);
  found_.link_target = "/usr/bin/arping";
  EXPECT_EQ(Marks(), "....L....");
  found_.link_target.reset();
  EXPECT_EQ(Marks(), "....?....");
}

TEST_F(CompareFileTest, AFileInPlaceOfALink) {
  expected_.mode = 0120777;
  expected_.digest.reset();
  expected_.capabilities = "";
  EXPECT_EQ(Marks(), ".M5.....P");
}

TEST_F(CompareFileTest, ALinkToAFolderIsAFolderIfItsOwnerMayMakeIt) {
  expected_.mode = 040755;
  expected_.user = "daemon";
  BecomeLink("elsewhere");
  found_.info.st_uid = 1;
  EXPECT_EQ(Marks(), "....L....");
  found_.folder_behind.emplace();
  found_.folder_behind->st_mode = 040755;
  found_.folder_behind->st_uid = 1;
  found_.folder_behind->st_gid = 5;
  EXPECT_EQ(Marks(), kNoMarks);
  found_.folder_behind->st_mode = 040777;
  found_.folder_behind->st_uid = 0;
  EXPECT_EQ(Marks(), ".M...U...");
  found_.info.st_uid = 77;
  EXPECT_EQ(Marks(), "....LU...");
}

TEST_F(CompareFileTest, OfAGhostOnlyOwnersAndPermissionsAreTested) {
  expected_.flags = kRpmGhost;
  expected_.digest.reset();
  expected_.capabilities = "";
  found_.capabilities = "";
  found_.info.st_size = 99;
  found_.info.st_mtime = 7;
  EXPECT_EQ(Marks(), kNoMarks);
  BecomeLink("elsewhere");
  EXPECT_EQ(Marks(), kNoMarks);
  found_.info.st_mode = 040755;
  EXPECT_EQ(Marks(), kNoMarks);
  found_.info.st_mode = 040700;
  EXPECT_EQ(Marks(), ".M.......");
}

TEST_F(CompareFileTest, Devices) {
  expected_.mode = 020666;
  expected_.rdev = 0x103;
  expected_.digest.reset();
  found_.info.st_mode = 020666;
  found_.info.st_rdev = makedev(1, 3);
  EXPECT_EQ(Marks(), kNoMarks);
  found_.info.st_rdev = makedev(1, 5);
  EXPECT_EQ(Marks(), "...D.....");
  found_.info.st_mode = 060666;
  found_.info.st_rdev = makedev(1, 3);
  EXPECT_EQ(Marks(), ".M.D.....");
  found_.info.st_mode = 010666;
  EXPECT_EQ(Marks(), ".M.D.....");
}

TEST_F(CompareFileTest, TimesAfter2038) {
  expected_.mtime_s = 0xfffffffe;
  found_.info.st_mtime = 0xfffffffe;
  EXPECT_EQ(Marks(), kNoMarks);
  found_.info.st_mtime = -2;
  EXPECT_EQ(Marks(), ".......T.");
}

TEST(AttributeLetterTest, TheFirstThatApplies) {
  EXPECT_EQ(AttributeLetter(0), ' ');
  EXPECT_EQ(AttributeLetter(kRpmConfig | kRpmNoReplace), 'c');
  EXPECT_EQ(AttributeLetter(kRpmConfig | kRpmDoc), 'd');
  EXPECT_EQ(AttributeLetter(kRpmGhost | kRpmConfig), 'c');
  EXPECT_EQ(AttributeLetter(kRpmGhost), 'g');
  EXPECT_EQ(AttributeLetter(kRpmLicense), 'l');
  EXPECT_EQ(AttributeLetter(kRpmReadme), 'r');
  EXPECT_EQ(AttributeLetter(kRpmArtifact), 'a');
  EXPECT_EQ(AttributeLetter(kRpmMissingOk), 'm');
  EXPECT_EQ(AttributeLetter(1u << 11), ' ');
}

}  // namespace
}  // namespace assayfs
