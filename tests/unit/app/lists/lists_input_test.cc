// SPDX-License-Identifier: Apache-2.0
#include "app/lists/lists_input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "base/files.h"
#include "lists/appended_signature.h"
#include "support/header_builder.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::BuildPackage;
using testing::FailsSaying;
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

TEST(ListsInputTest, SplitsPathsAtLinesOrNuls) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(Must(SplitPaths("")), Paths{});
  EXPECT_EQ(Must(SplitPaths("/a\n\n/b c")), (Paths{"/a", "/b c"}));
  EXPECT_EQ(Must(SplitPaths(std::string_view("/a\n\0/b\0", 7))),
            (Paths{"/a\n", "/b"}));
}

TEST(ListsInputTest, LimitsTheLengthOfPaths) {
  const std::string longest(4096, 'x');
  EXPECT_EQ(Must(SplitPaths(longest + "\n" + longest)).size(), 2u);
  EXPECT_THAT(SplitPaths("/a\n" + longest + "x"),
              FailsSaying(ENAMETOOLONG, "path 2 "));
}

TEST(ListsInputTest, ReadsAPipeToItsEnd) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  {
    const UniqueFd in(ends[1]);
    Must(WriteAll(in.get(), AsBytes("12345")));
  }
  EXPECT_EQ(AsText(Must(ReadInput("/dev/fd/" + std::to_string(out.get())))),
            "12345");
}

TEST(ListsInputTest, ReadsALargeFileButNotOverTheLimit) {
  const TempDir dir;
  const std::string content(100'000, 'x');
  EXPECT_EQ(AsText(Must(ReadInput(dir.Write("a", content)))), content);
  std::filesystem::resize_file(dir / "a", (256 << 20) + 1);
  EXPECT_THAT(ReadInput(dir / "a"), FailsWith(EFBIG));
  EXPECT_THAT(ReadInput(dir / "missing"), FailsWith(ENOENT));
  EXPECT_THAT(ReadInput(dir.path()), FailsWith(EISDIR));
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
  ASSERT_TRUE(lists[0].file.has_value());
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
