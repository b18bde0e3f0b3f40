// SPDX-License-Identifier: Apache-2.0
// VerityHasher, against what `fsverity digest` gives.
#include "crypto/verity_hasher.h"

#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::TempDir;

constexpr std::size_t kBlock = kVerityBlockBytes;
constexpr std::size_t kHashesInABlock = kBlock / 32;  // of SHA-256

// Content without a period that fits a block.
std::string Content(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i % 251);
  return text;
}

std::string HexOf(HashAlgorithm algorithm, std::size_t size) {
  return Must(HashBytes(algorithm, AsBytes(Content(size)))).Hex();
}

// `fsverity digest --compact` of Debian's fsverity 1.5 gave these for Content.
struct Vector {
  std::size_t size;
  std::string sha256;
  std::string sha512;
};
const std::vector<Vector> kVectors = {
    {0, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
     "ccf9e5aea1c2a64efa2f2354a6024b90dffde6bbc017825045dce374474e13d1"
     "0adb9dadcc6ca8e17a3c075fbd31336e8f266ae6fa93a6c3bed66f9e784e5abf"},
    {1, "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551",
     "9fcf5172b085b1c8f9365eecb37a1869e193a4705654a5829f11939cd01d5c0f"
     "d97276be8cd9d49f76cfc8dcfeb80f8128e3548a1de50b56912b9e3fc7bde27b"},
    {kBlock, "13e9b8848ae484a36acb3f3cac0ceb2f7601e96633d15c92f9bd3dd44e492157",
     "7bf994782b368ecc4e20ce9144701b1a30524d5bbc90987625de22eebc8cf370"
     "ec846c1b5e77f9099c6f6cfc0b590359b9ac8083a43e5f7fa5ec05a25dab6e03"},
    {kBlock + 1,
     "b0d074abef4d544404facfab6ba242f6a8ccbde90f1325cd286f3c8aa8d0f8aa",
     "97a1e45daaa69bd7b31908cf835318ba36476984ffa7f4a5913c0187db04ce5f"
     "19dc80306f493741d4ad1cdd212b7a9d2691aa3d42563d35471363fbb0fc7f1c"},
    {kHashesInABlock * kBlock,
     "d82861203d50ae9b60948504a704f35f5118bd229aeb1a22d6dae47b1767c4c4",
     "7b3d245f9dc3169e2f721fa32f735149ace066408e783d5d79e21f9761e2efc3"
     "9fb016b0a94e0a00af41a32fa5283b189899b0f27f91d013be745709678c0278"},
    {kHashesInABlock * kBlock + 1,
     "4dc6905041c9c4ee73e13b53f63f5d289c46da359b664a965ead7f8cc4d799d4",
     "60b58fe0f1e5198627ffb6be091eef60edce9b4ff6ee43884ba78a831ecdecc1"
     "572729afc5ebeb09101e3f102c9d7142ab4f66216198d85f8c7194eca7885bb2"}};

TEST(VerityHasherTest, GivesTheDigestsOfTheTool) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(HexOf(HashAlgorithm::kVeritySha256, vector.size), vector.sha256)
        << vector.size;
    EXPECT_EQ(HexOf(HashAlgorithm::kVeritySha512, vector.size), vector.sha512)
        << vector.size;
  }
}

// Returns what a command prints; empty if it fails.
std::string OutputOf(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
      ::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 256> line{};
  if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) {
    return {};
  }
  std::string text = line.data();
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST(VerityHasherTest, AgreesWithTheToolAtEveryBorder) {
  if (OutputOf("command -v fsverity").empty()) {
    GTEST_SKIP() << "needs fsverity";
  }
  constexpr std::size_t kFull = kHashesInABlock * kBlock;
  const TempDir dir;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 1,
        kFull / 2 - 1, kFull / 2, kFull / 2 + 1, kFull - 1, kFull, kFull + 1,
        kHashesInABlock * kFull, (kHashesInABlock + 1) * kFull + 5}) {
    const std::string content = Content(size);
    const std::string file = dir.Write("file", content);
    for (const std::string hash : {"sha256", "sha512"}) {
      const auto tool =
          OutputOf("fsverity digest --compact --hash-alg=" + hash + " " + file);
      const auto algorithm = *AlgorithmFromName("verity-" + hash);
      EXPECT_EQ(Must(HashBytes(algorithm, AsBytes(content))).Hex(), tool)
          << size;
    }
  }
}

TEST(VerityHasherTest, PiecesGiveTheDigestOfTheWhole) {
  const Vector& vector = kVectors.back();
  const std::string content = Content(vector.size);
  for (const std::size_t piece : {std::size_t{1000}, kBlock, 3 * kBlock + 1}) {
    auto hasher = Must(Hasher::Create(HashAlgorithm::kVeritySha256));
    for (Bytes rest = AsBytes(content); !rest.empty();) {
      const auto part = rest.first(std::min(piece, rest.size()));
      hasher.Update(part);
      hasher.Update({});
      rest = rest.subspan(part.size());
    }
    EXPECT_EQ(Must(hasher.Finish()).Hex(), vector.sha256) << piece;
  }
}

TEST(VerityHasherTest, StartsOverAfterFinish) {
  auto hasher = Must(Hasher::Create(HashAlgorithm::kVeritySha512));
  hasher.Update(AsBytes(Content(2 * kBlock + 1)));
  Must(hasher.Finish());
  EXPECT_EQ(Must(hasher.Finish()).Hex(), kVectors[0].sha512);
}

// The digest is the hash of the descriptor; that hash in its own algorithm is
// another digest.
TEST(VerityHasherTest, TheDescriptorIsNoContentWithTheSameDigest) {
  const auto root =
      Must(HashBytes(HashAlgorithm::kSha256, AsBytes(Content(kBlock))));
  const auto descriptor =
      WriteVerityDescriptor(HashAlgorithm::kVeritySha256, kBlock, root.value());
  ASSERT_EQ(descriptor.size(), kVerityDescriptorBytes);
  EXPECT_EQ(ToHex(Bytes(descriptor).first(16)),
            "01010c00"
            "00000000"
            "0010000000000000");
  const auto plain = Must(HashBytes(HashAlgorithm::kSha256, descriptor));
  const auto verity =
      Must(HashBytes(HashAlgorithm::kVeritySha256, AsBytes(Content(kBlock))));
  EXPECT_EQ(plain.Hex(), verity.Hex());
  EXPECT_NE(plain, verity);
  EXPECT_NE(Must(HashBytes(HashAlgorithm::kVeritySha256, descriptor)), verity);
}

}  // namespace
}  // namespace assayfs
