// SPDX-License-Identifier: Apache-2.0
// `lists hint`, run as users run it.
#include <gtest/gtest.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "app/list_names/list_hints.h"
#include "crypto/hasher.h"
#include "lists/tlv.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::Outcome;
using testing::RunTool;
using testing::TempDir;

// A tree with /usr/a, /usr/b and /usr/mine, of which lists name the first two.
class ListsHintTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_ / "tree/usr");
    std::filesystem::create_directory(dir_ / "lists");
    for (const char* name : {"a", "b", "mine"}) {
      dir_.Write("tree/usr/" + std::string(name), name);
    }
    List("tlv-a", "a", "/usr/a");
    List("tlv-b", "b", "/usr/b");
    if (!Set("a", "x", kUserHintAttribute)) {
      GTEST_SKIP() << "no user attributes in the temporary folder";
    }
    ::removexattr(File("a").c_str(), kUserHintAttribute);
  }

  void List(const std::string& name, std::string_view content,
            const std::string& path) {
    const auto digest =
        Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content)));
    dir_.Write("lists/" + name, AsText(WriteTlv({{digest, path, {}}})));
  }
  std::string File(const std::string& name) {
    return dir_ / ("tree/usr/" + name);
  }
  bool Set(const std::string& name, std::string_view hint,
           const char* attribute = kUserHintAttribute) {
    return ::setxattr(File(name).c_str(), attribute, hint.data(), hint.size(),
                      0) == 0;
  }
  std::string Hint(const std::string& name,
                   const char* attribute = kUserHintAttribute) {
    std::array<char, 256> value{};
    const auto size =
        ::getxattr(File(name).c_str(), attribute, value.data(), value.size());
    return size < 0 ? "none"
                    : std::string(value.data(), static_cast<std::size_t>(size));
  }
  Outcome Run(const std::string& action) {
    return RunTool({"lists", "hint", action, "--user", "--lists",
                    dir_ / "lists", "--root", dir_ / "tree", dir_ / "tree"});
  }

  TempDir dir_;
};

TEST_F(ListsHintTest, AddNamesTheListOfEachFile) {
  ASSERT_TRUE(Set("mine", "tlv-b"));
  const auto run = Run("add");
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.out,
            "2 added, 0 changed, 0 removed, 0 unchanged, 1 in no list\n");
  EXPECT_EQ(Hint("a"), "tlv-a");
  EXPECT_EQ(Hint("b"), "tlv-b");
  EXPECT_EQ(Hint("mine"), "tlv-b");
}

TEST_F(ListsHintTest, UpdateChangesOnlyWhatIsWrong) {
  ASSERT_TRUE(Set("a", std::string_view("tlv-a\0", 6)));
  ASSERT_TRUE(Set("b", "tlv-a"));
  ASSERT_TRUE(Set("mine", "tlv-b"));
  const auto run = Run("update");
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.out,
            "0 added, 1 changed, 1 removed, 1 unchanged, 1 in no list\n");
  EXPECT_EQ(Hint("a"), std::string("tlv-a\0", 6));
  EXPECT_EQ(Hint("b"), "tlv-b");
  EXPECT_EQ(Hint("mine"), "none");
}

TEST_F(ListsHintTest, AHintStaysRightWhenListsAreNumbered) {
  Run("add");
  std::filesystem::rename(dir_ / "lists/tlv-a", dir_ / "lists/0-tlv-a");
  std::filesystem::create_symlink("0-tlv-a", dir_ / "lists/tlv-a");
  EXPECT_EQ(Run("update").out,
            "0 added, 0 changed, 0 removed, 2 unchanged, 1 in no list\n");
  std::filesystem::remove(dir_ / "lists/tlv-a");
  EXPECT_EQ(Run("update").out,
            "0 added, 1 changed, 0 removed, 1 unchanged, 1 in no list\n");
  EXPECT_EQ(Hint("a"), "0-tlv-a");
}

TEST_F(ListsHintTest, AChangedFileKeepsTheListOfItsPath) {
  dir_.Write("tree/usr/a", "changed");
  Run("add");
  EXPECT_EQ(Hint("a"), "tlv-a");
}

TEST_F(ListsHintTest, RemoveTakesAllHintsAway) {
  ASSERT_TRUE(Set("mine", "anything"));
  Run("add");
  const auto run =
      RunTool({"lists", "hint", "remove", "--user", dir_ / "tree"});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_EQ(run.out,
            "0 added, 0 changed, 3 removed, 0 unchanged, 0 in no list\n");
  for (const char* name : {"a", "b", "mine"}) EXPECT_EQ(Hint(name), "none");
}

TEST_F(ListsHintTest, LinksAreNotFollowed) {
  const TempDir outside;
  const auto other = outside.Write("a", "a");
  std::filesystem::create_symlink(other, dir_ / "tree/usr/link");
  Run("add");
  EXPECT_LT(::getxattr(other.c_str(), kUserHintAttribute, nullptr, 0), 0);
}

TEST_F(ListsHintTest, RootSetsTheAttributeOfTheKernel) {
  if (!Set("mine", "x", kHintAttribute)) {
    GTEST_SKIP() << "may not set security attributes";
  }
  const auto run =
      RunTool({"lists", "hint", "add", "--lists", dir_ / "lists", File("a")});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(Hint("a", kHintAttribute), "tlv-a");
  EXPECT_EQ(Hint("a"), "none");
}

TEST_F(ListsHintTest, ABadListDoesNotStopTheOthers) {
  dir_.Write("lists/tlv-bad", "junk");
  const auto run = Run("add");
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("tlv-bad: TLV list: "), std::string::npos);
  EXPECT_TRUE(run.out.starts_with("2 added, "));
}

TEST_F(ListsHintTest, WhatCannotBeDoneFails) {
  EXPECT_EQ(RunTool({"lists", "hint", "add", "--user", "--lists",
                     dir_ / "missing", dir_ / "tree"})
                .status,
            kExitFailed);
  const auto run = RunTool({"lists", "hint", "add", "--user", "--lists",
                            dir_ / "lists", dir_ / "gone", File("a")});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("gone"), std::string::npos);
  EXPECT_EQ(Hint("a"), "tlv-a");
  EXPECT_EQ(RunTool({"lists", "hint", "remove", "--user", "/proc/self/status"})
                .status,
            kExitFailed);
}

TEST_F(ListsHintTest, TheUsageIsChecked) {
  EXPECT_EQ(RunTool({"lists", "hint", dir_ / "tree"}).status, kExitUsage);
  EXPECT_EQ(RunTool({"lists", "hint", "add"}).status, kExitUsage);
}

}  // namespace
}  // namespace assayfs
