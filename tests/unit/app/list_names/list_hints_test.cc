// SPDX-License-Identifier: Apache-2.0
#include "app/list_names/list_hints.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <filesystem>

#include "base/files.h"
#include "crypto/hasher.h"
#include "lists/tlv.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

Digest Sha256(std::string_view content) {
  return Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content)));
}

class ListHintsTest : public ::testing::Test {
 protected:
  void List(const std::string& name, std::string_view content,
            const std::string& path) {
    dir_.Write(name, AsText(WriteTlv({{Sha256(content), path, {}}})));
  }
  ListHints Load() {
    return Must(ListHints::Load(
        dir_.path(), [this](const std::string& list, const Error& why) {
          told_ += list + ": " + why.message() + "\n";
        }));
  }

  TempDir dir_;
  std::string told_;
};

TEST_F(ListHintsTest, ADigestWithItsPathComesFirst) {
  List("1-tlv-copy", "content", "/copy");
  List("2-tlv-own", "content", "/file");
  List("3-tlv-path", "other", "/file");
  const auto hints = Load();
  EXPECT_EQ(hints.ListOf({Sha256("content")}, "/file"), "2-tlv-own");
  EXPECT_EQ(hints.ListOf({Sha256("content")}, "/elsewhere"), "1-tlv-copy");
  EXPECT_EQ(hints.ListOf({Sha256("changed")}, "/file"), "2-tlv-own");
  EXPECT_EQ(hints.ListOf({Sha256("changed")}, "/elsewhere"), std::nullopt);
}

TEST_F(ListHintsTest, AnyListWithTheDigestIsRight) {
  List("1-tlv-copy", "content", "/copy");
  List("2-tlv-own", "content", "/file");
  List("3-tlv-path", "other", "/file");
  std::filesystem::create_symlink("1-tlv-copy", dir_ / "tlv-copy");
  const auto hints = Load();
  const std::vector<Digest> digests = {Sha256("content")};
  for (const char* right : {"1-tlv-copy", "2-tlv-own", "tlv-copy"}) {
    EXPECT_TRUE(hints.IsRight(right, digests, "/file")) << right;
  }
  for (const char* wrong : {"3-tlv-path", "tlv-none", "", "./1-tlv-copy"}) {
    EXPECT_FALSE(hints.IsRight(wrong, digests, "/file")) << wrong;
  }
  EXPECT_TRUE(hints.IsRight("3-tlv-path", {Sha256("changed")}, "/file"));
  EXPECT_FALSE(hints.IsRight("1-tlv-copy", {Sha256("changed")}, "/file"));
}

TEST_F(ListHintsTest, HashesOnlyWhatListsUse) {
  List("tlv-a", "content", "/file");
  const auto sha512 =
      Must(HashBytes(HashAlgorithm::kSha512, AsBytes("content")));
  dir_.Write("tlv-b", AsText(WriteTlv({{sha512, "/b", {}}})));
  const auto hints = Load();
  EXPECT_EQ(hints.algorithms(),
            (std::vector{HashAlgorithm::kSha256, HashAlgorithm::kSha512}));
  EXPECT_EQ(hints.ListOf({Sha256("x"), sha512}, "/"), "tlv-b");
}

TEST_F(ListHintsTest, TellsOfListsThatCannotBeUsed) {
  List("tlv-a", "content", "/file");
  dir_.Write("tlv-bad", "junk");
  Load();
  EXPECT_NE(told_.find("tlv-bad: TLV list: "), std::string::npos);
}

TEST_F(ListHintsTest, FailsWithoutAList) {
  const auto load = [](const std::string& folder) {
    return ListHints::Load(folder, [](const std::string&, const Error&) {});
  };
  EXPECT_THAT(load(dir_.path()), FailsSaying(ENOENT, "no digest list in"));
  EXPECT_THAT(load(dir_ / "missing"), FailsSaying(ENOENT, "missing"));
  EXPECT_THAT(load(dir_.Write("tlv-a", "")), FailsWith(ENOTDIR));
}

class HintAttributeTest : public ::testing::Test {
 protected:
  HintAttributeTest()
      : fd_(Must(OpenForReading(AT_FDCWD, dir_.Write("file", "")))) {}
  void SetUp() override {
    if (::fsetxattr(fd_.get(), kAttribute, "x", 1, 0) != 0) {
      GTEST_SKIP() << "no user attributes in the temporary folder";
    }
  }
  void Set(std::string_view value) {
    ASSERT_EQ(::fsetxattr(fd_.get(), kAttribute, value.data(), value.size(), 0),
              0);
  }

  static constexpr const char* kAttribute = kUserHintAttribute;
  TempDir dir_;
  UniqueFd fd_;
};

TEST_F(HintAttributeTest, ReadsAHintWithOrWithoutItsNul) {
  Set("tlv-a");
  EXPECT_EQ(Must(ReadHint(fd_.get(), kAttribute)), "tlv-a");
  Set(std::string_view("tlv-a\0", 6));
  EXPECT_EQ(Must(ReadHint(fd_.get(), kAttribute)), "tlv-a");
  Set(std::string(255, 'x') + std::string(1, '\0'));
  EXPECT_EQ(Must(ReadHint(fd_.get(), kAttribute)), std::string(255, 'x'));
}

TEST_F(HintAttributeTest, AHintTooLongForANameIsEmpty) {
  Set(std::string(257, 'x'));
  EXPECT_EQ(Must(ReadHint(fd_.get(), kAttribute)), "");
}

TEST_F(HintAttributeTest, WritesNoNulAndRemoves) {
  Must(WriteHint(fd_.get(), kAttribute, "rpm-bash"));
  std::array<char, 16> value{};
  EXPECT_EQ(::fgetxattr(fd_.get(), kAttribute, value.data(), value.size()), 8);
  Must(RemoveHint(fd_.get(), kAttribute));
  EXPECT_EQ(Must(ReadHint(fd_.get(), kAttribute)), std::nullopt);
  EXPECT_THAT(RemoveHint(fd_.get(), kAttribute), FailsWith(ENODATA));
}

TEST_F(HintAttributeTest, FailsWhereThereCanBeNone) {
  const auto fd = Must(OpenForReading(AT_FDCWD, "/proc/self/status"));
  EXPECT_THAT(ReadHint(fd.get(), kAttribute), FailsWith(EOPNOTSUPP));
  EXPECT_THAT(WriteHint(fd.get(), kAttribute, "x"), FailsWith(EOPNOTSUPP));
}

}  // namespace
}  // namespace assayfs
