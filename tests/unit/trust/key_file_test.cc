// SPDX-License-Identifier: Apache-2.0
#include "trust/key_file.h"

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

constexpr std::string_view kKey =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\nabc\n"
    "-----END PGP PUBLIC KEY BLOCK-----\n";
constexpr std::string_view kCertificate =
    "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n";

TEST(SplitKeyBlocksTest, FindsBlocksAmongOtherText) {
  const std::string text = "comment\n" + std::string(kKey) + "more\n" +
                           std::string(kCertificate) +
                           "-----BEGIN PRIVATE KEY-----\n"
                           "-----END PRIVATE KEY-----\n"
                           "-----BEGIN X509 CRL-----\n"
                           "-----END X509 CRL-----\n";
  const auto blocks = SplitKeyBlocks(text);
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].kind, KeyBlockKind::kOpenPgp);
  EXPECT_EQ(blocks[0].text, kKey);
  EXPECT_EQ(blocks[1].kind, KeyBlockKind::kX509);
  EXPECT_EQ(blocks[1].text, kCertificate);
  EXPECT_EQ(blocks[2].kind, KeyBlockKind::kOther);
  EXPECT_EQ(blocks[3].kind, KeyBlockKind::kCrl);
}

TEST(SplitKeyBlocksTest, SkipsABlockWithoutAnEnd) {
  const std::string text =
      "-----BEGIN CERTIFICATE-----\nabc\n" + std::string(kKey) + "-----BEGIN ";
  const auto blocks = SplitKeyBlocks(text);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].kind, KeyBlockKind::kOpenPgp);
}

TEST(SplitKeyBlocksTest, NoTextHasNoBlocks) {
  EXPECT_TRUE(SplitKeyBlocks("").empty());
  EXPECT_TRUE(SplitKeyBlocks("-----BEGIN ").empty());
}

TEST(ExpandKeyPathTest, AFileStandsForItselfWhateverItsName) {
  const TempDir dir;
  const std::string path = dir.Write("RPM-GPG-KEY-x", "");
  const auto expanded = Must(ExpandKeyPath(path));
  EXPECT_FALSE(expanded.is_folder);
  EXPECT_THAT(expanded.files, ElementsAre(path));
}

TEST(ExpandKeyPathTest, AFolderStandsForItsKeyFilesByName) {
  const TempDir dir;
  const std::string b = dir.Write("b.asc", "");
  const std::string a = dir.Write("a.pem", "");
  const std::string d = dir.Write("d.crl", "");
  dir.Write("c.txt", "");
  dir.Write("asc", "");
  const auto expanded = Must(ExpandKeyPath(dir.path()));
  EXPECT_TRUE(expanded.is_folder);
  EXPECT_THAT(expanded.files, ElementsAre(a, b, d));
}

TEST(ExpandKeyPathTest, AMissingPathIsNamed) {
  const TempDir dir;
  EXPECT_THAT(ExpandKeyPath(dir / "none"),
              FailsSaying(ENOENT, dir / "none" + std::string(": No such")));
}

TEST(ReadKeyFileTest, RefusesLargeFiles) {
  const TempDir dir;
  const std::string path = dir.Write("large.asc", "");
  std::filesystem::resize_file(path, (std::uintmax_t{16} << 20) + 1);
  EXPECT_THAT(ReadKeyFile(path), FailsSaying(EFBIG, path));
}

TEST(ReadKeyFileTest, RefusesWhatIsNoFile) {
  const TempDir dir;
  EXPECT_THAT(ReadKeyFile(dir.path()), FailsWith(EINVAL));
}

}  // namespace
}  // namespace assayfs
