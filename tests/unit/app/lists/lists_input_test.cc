// SPDX-License-Identifier: Apache-2.0
#include "app/lists/lists_input.h"

#include <gtest/gtest.h>

#include "lists/appended_signature.h"
#include "support/header_builder.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::BuildPackage;
using testing::FailsWith;
using testing::HeaderBuilder;
using testing::Must;
using testing::TagBinary;
using testing::TempDir;

constexpr std::uint32_t kRsaHeader = 268;

std::string SignedPackage() {
  const auto header = HeaderBuilder().Build();
  const auto package = BuildPackage(
      header, {TagBinary(kRsaHeader, AsBytes("signature"))}, "payload");
  return std::string(AsText(package));
}

TEST(ListsInputTest, GroupsDigitsByThree) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1723), "1,723");
  EXPECT_EQ(Grouped(123456), "123,456");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

TEST(ListsInputTest, CountsInPlainEnglish) {
  EXPECT_EQ(Counted(1, "list"), "1 list");
  EXPECT_EQ(Counted(0, "list"), "0 lists");
  EXPECT_EQ(Counted(2000, "list"), "2,000 lists");
}

TEST(ListsInputTest, KnowsPackagesByTheirContent) {
  const TempDir dir;
  EXPECT_TRUE(IsPackageFile(dir.Write("no-suffix", SignedPackage())));
  EXPECT_FALSE(IsPackageFile(dir.Write("text.rpm", "text")));
  EXPECT_FALSE(IsPackageFile(dir / "missing.rpm"));
  EXPECT_FALSE(IsPackageFile(dir.path()));
}

TEST(ListsInputTest, APackageBecomesHeaderSignatureAndTrailer) {
  const TempDir dir;
  const auto lists = Must(ReadLists({dir.Write("a-1.rpm", SignedPackage())}));
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_EQ(lists[0].name, "rpm-a-1");
  EXPECT_EQ(lists[0].origin, dir / "a-1.rpm");
  EXPECT_EQ(Must(lists[0].bytes),
            AppendSignature(HeaderBuilder().Build(), SignatureFormat::kOpenPgp,
                            AsBytes("signature")));
}

TEST(ListsInputTest, AnUnsignedPackageBecomesItsBareHeader) {
  const TempDir dir;
  const auto header = HeaderBuilder().Build();
  const auto package = BuildPackage(header, {});
  const auto lists = Must(ReadLists({dir.Write("a.rpm", AsText(package))}));
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_EQ(Must(lists[0].bytes), header);
}

TEST(ListsInputTest, AFolderMayHoldListsAndPackages) {
  const TempDir dir;
  dir.Write("rpm-b", "list");
  dir.Write("a.rpm", SignedPackage());
  const auto lists = Must(ReadLists({dir.path()}));
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[0].name, "rpm-a");
  EXPECT_EQ(lists[1].name, "rpm-b");
}

TEST(ListsInputTest, ACutPackageIsAnErrorOfThatList) {
  const TempDir dir;
  const auto path = dir.Write("a.rpm", SignedPackage().substr(0, 150));
  const auto lists = Must(ReadLists({path}));
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_THAT(lists[0].bytes, FailsWith(EBADMSG));
}

TEST(ListsInputTest, APackageMayBeLargerThanAnyList) {
  const TempDir dir;
  const auto path = dir.Write("a.rpm", SignedPackage());
  std::filesystem::resize_file(path, kMaxListBytes * 2);
  const auto lists = Must(ReadLists({dir.path()}));
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_TRUE(lists[0].bytes.has_value());
}

TEST(ListsInputTest, FailsOnWhatDoesNotExist) {
  const TempDir dir;
  EXPECT_THAT(ReadLists({dir / "missing"}), FailsWith(ENOENT));
}

}  // namespace
}  // namespace assayfs
