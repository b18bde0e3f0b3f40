// SPDX-License-Identifier: Apache-2.0
// Whole trees, and what no package owns in them.
#include "app/verify/verify_tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "app/verify/unowned_files.h"
#include "base/files.h"
#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::IsEmpty;
using testing::Must;
using testing::TempDir;

class VerifyTreeTest : public ::testing::Test {
 protected:
  VerifyTreeTest() : root_(Must(OpenForReading(AT_FDCWD, dir_.path()))) {}

  static RpmFileMetadata File(const std::string& path,
                              const std::string& content,
                              std::uint32_t flags = 0) {
    RpmFileMetadata file;
    file.path = path;
    file.digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content)));
    file.size_bytes = content.size();
    file.mode = 0100644;
    file.flags = flags;
    file.verify_flags = kRpmVerifyDigest | kRpmVerifySize | kRpmVerifyMode;
    return file;
  }
  void Write(const std::string& name, const std::string& content) {
    std::filesystem::permissions(dir_.Write(name, content),
                                 std::filesystem::perms(0644));
  }
  // "MARKS LETTER PATH PACKAGE" of each finding.
  std::vector<std::string> Lines() {
    const auto verified =
        VerifyFiles(root_.get(), packages_, Owners(), revoked_, {});
    checked_ = verified.checked;
    std::vector<std::string> lines;
    for (const Finding& finding : verified.findings) {
      std::string kind = finding.marks;
      if (finding.kind == Finding::Kind::kMissing) kind = "missing";
      if (finding.kind == Finding::Kind::kRevoked) kind = "revoked";
      lines.push_back(kind + ' ' + finding.attribute + ' ' + finding.path +
                      ' ' + finding.package + finding.why);
    }
    return lines;
  }

  TempDir dir_;
  UniqueFd root_;
  std::vector<RpmPackageFiles> packages_;
  std::set<Digest> revoked_;
  std::size_t checked_ = 0;
};

TEST_F(VerifyTreeTest, TellsWhatDiffersByPath) {
  Write("a", "abcd");
  Write("b", "wxyz");
  Write("c", "longer");
  packages_ = {{"one", {File("/c", "abcd", kRpmConfig), File("/a", "abcd")}},
               {"two", {File("/d", ""), File("/b", "abcd")}}};
  EXPECT_THAT(Lines(), ElementsAre("..5......   /b two", "S.5...... c /c one",
                                   "missing   /d two"));
  EXPECT_EQ(checked_, 4u);
}

TEST_F(VerifyTreeTest, OneOfSeveralPackagesIsEnough) {
  Write("a", "new");
  packages_ = {{"old", {File("/a", "old")}}, {"new", {File("/a", "new")}}};
  EXPECT_THAT(Lines(), IsEmpty());
  EXPECT_EQ(checked_, 1u);
}

TEST_F(VerifyTreeTest, OfSeveralThatDifferTheNearestIsTold) {
  Write("a", "abcd");
  packages_ = {{"far", {File("/a", "longer", kRpmDoc)}},
               {"near", {File("/a", "wxyz")}},
               {"same", {File("/a", "1234")}}};
  EXPECT_THAT(Lines(), ElementsAre("..5......   /a near"));
}

// Else any package could take the protection off a file of another.
TEST_F(VerifyTreeTest, AGhostOfOneSaysNothingAboutAFileOfAnother) {
  Write("a", "wxyz");
  packages_ = {{"ghost", {File("/a", "", kRpmGhost)}},
               {"real", {File("/a", "abcd")}}};
  EXPECT_THAT(Lines(), ElementsAre("..5......   /a real"));
  std::filesystem::remove(dir_ / "a");
  EXPECT_THAT(Lines(), ElementsAre("missing   /a real"));
  packages_.pop_back();
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(VerifyTreeTest, WhatMayBeMissingIsNotTold) {
  packages_ = {{"a", {File("/a", "", kRpmMissingOk), File("/b", "")}},
               {"b", {File("/b", "", kRpmMissingOk)}}};
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(VerifyTreeTest, OtherReasonsAreTold) {
  Write("a", "");
  packages_ = {{"p: ", {File("/a/b", "")}}};
  EXPECT_THAT(Lines(), ElementsAre("missing   /a/b p: Not a directory"));
}

TEST_F(VerifyTreeTest, RevokedContentIsToldInWhateverAlgorithmItIsRevoked) {
  Write("a", "abcd");
  Write("b", "wxyz");
  Write("c", "1234");
  packages_ = {
      {"p", {File("/a", "abcd"), File("/b", "abcd"), File("/c", "1234")}}};
  revoked_ = {Must(HashBytes(HashAlgorithm::kSha512, AsBytes("abcd"))),
              Must(HashBytes(HashAlgorithm::kSha256, AsBytes("wxyz")))};
  EXPECT_THAT(Lines(), ElementsAre("revoked   /a p", "revoked   /b p"));
}

TEST_F(VerifyTreeTest, TheTimeCountsForFilesOfOnePackageOnly) {
  Write("a", "abcd");
  RpmFileMetadata file = File("/a", "abcd");
  file.verify_flags = 0xffffffff & ~(kRpmVerifyUser | kRpmVerifyGroup);
  packages_ = {{"one", {file}}, {"one", {file}}};
  EXPECT_THAT(Lines(), ElementsAre(".......T.   /a one"));
  packages_[1].package = "two";
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(VerifyTreeTest, TheResultIsTheSameWhateverTheThreadsDo) {
  packages_.resize(1);
  for (int i = 0; i < 500; ++i) {
    const std::string name = "f" + std::to_string(i);
    if (i % 3 != 0) Write(name, "abcd");
    packages_[0].files.push_back(
        File("/" + name, i % 2 == 0 ? "abcd" : "wxyz"));
  }
  const auto lines = Lines();
  EXPECT_TRUE(std::ranges::is_sorted(lines, {}, [](const std::string& line) {
    return line.substr(line.find('/'));
  }));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Lines(), lines);
}

TEST_F(VerifyTreeTest, TellsHowFarItHasCome) {
  packages_ = {{"p", {File("/a", ""), File("/b", "")}}};
  std::atomic<std::size_t> most = 0;
  std::atomic<int> calls = 0;
  VerifyFiles(root_.get(), packages_, Owners(), {}, [&](std::size_t files) {
    ++calls;
    if (files == 2) most = files;
  });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(most, 2u);
}

TEST_F(VerifyTreeTest, FindsWhatNoPackageOwns) {
  std::filesystem::create_directories(dir_ / "usr/bin");
  std::filesystem::create_symlink("usr/bin", dir_ / "bin");
  for (const auto name : {"usr/bin/own", "usr/bin/alien", "usr/bin/ghost"}) {
    Write(name, "");
  }
  packages_ = {
      {"p",
       {File("/usr", ""), File("/usr/bin", ""), File("/bin/own", ""),
        File("/usr/bin/ghost", "", kRpmGhost), File("/nowhere/alien", "")}}};
  const auto unowned = Must(FindUnowned(root_.get(), packages_));
  EXPECT_THAT(unowned.paths, ElementsAre("/bin", "/usr/bin/alien"));
  EXPECT_TRUE(unowned.complete);
}

// A second name for a file that is owned is still a name nobody owns.
TEST_F(VerifyTreeTest, AHardLinkIsNotOwnedThroughTheOther) {
  Write("own", "");
  std::filesystem::create_hard_link(dir_ / "own", dir_ / "alien");
  packages_ = {{"p", {File("/own", "")}}};
  EXPECT_THAT(Must(FindUnowned(root_.get(), packages_)).paths,
              ElementsAre("/alien"));
}

TEST_F(VerifyTreeTest, WalksTreesOfAnyDepth) {
  UniqueFd folder(::dup(root_.get()));
  for (int i = 0; i < 30; ++i) {
    const std::string name(200, 'd');
    ASSERT_EQ(::mkdirat(folder.get(), name.c_str(), 0755), 0);
    folder.Reset(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
  }
  const auto unowned = Must(FindUnowned(root_.get(), {}));
  EXPECT_GE(unowned.paths.size(), 20u);
  EXPECT_FALSE(unowned.complete);
  ASSERT_EQ(unowned.left_out.size(), 1u);
  EXPECT_EQ(unowned.left_out[0].second, "left out: File name too long");
}

TEST_F(VerifyTreeTest, FailsWhereThereIsNoTree) {
  EXPECT_THAT(FindUnowned(-1, {}), FailsWith(EBADF));
}

}  // namespace
}  // namespace assayfs
