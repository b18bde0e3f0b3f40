// SPDX-License-Identifier: Apache-2.0
#include "app/lists/lists_make.h"

#include <gtest/gtest.h>

#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "support/header_builder.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::HeaderBuilder;
using testing::Must;

// Origin: `printf abcd | sha256sum`.
constexpr std::string_view kAbcd =
    "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";

SignedHeader Package(const ByteVector& header, std::string_view signature) {
  return {header, ToVector(AsBytes(signature))};
}

TEST(ListsMakeTest, AListOfAPackageIsItsHeaderAndSignature) {
  const auto header = HeaderBuilder()
                          .Package("audit", "3.0.6", "1", "x86_64")
                          .File("/usr/bin/true", kAbcd)
                          .Build();
  const auto list =
      Must(ListOfPackage(Package(header, "sig"), ListFormat::kRpm));
  EXPECT_EQ(list.name, "rpm-audit-3.0.6-1.x86_64");
  EXPECT_EQ(list.bytes,
            AppendSignature(header, SignatureFormat::kOpenPgp, AsBytes("sig")));
  EXPECT_TRUE(list.is_signed);
  EXPECT_EQ(list.digests, 1u);
}

TEST(ListsMakeTest, TheEpochIsPartOfTheName) {
  const auto header = HeaderBuilder().Epoch(7).Build();
  const auto list = Must(ListOfPackage(Package(header, ""), ListFormat::kRpm));
  EXPECT_EQ(list.name, "rpm-test-7:1.0-1.noarch");
  EXPECT_FALSE(list.is_signed);
}

TEST(ListsMakeTest, APackageCanBecomeATlvList) {
  const auto header = HeaderBuilder().File("/usr/bin/true", kAbcd).Build();
  const auto list =
      Must(ListOfPackage(Package(header, "sig"), ListFormat::kTlv));
  EXPECT_EQ(list.name, "tlv-test-1.0-1.noarch");
  EXPECT_FALSE(list.is_signed);
  const auto parsed = Must(ParseTlv(list.bytes));
  ASSERT_EQ(parsed.files.size(), 1u);
  EXPECT_EQ(parsed.files[0].digest.Hex(), kAbcd);
  EXPECT_EQ(parsed.files[0].path, "/usr/bin/true");
}

TEST(ListsMakeTest, AHostilePackageNameIsRefused) {
  for (const std::string_view name :
       {"../../etc/cron.d/x", "a/b", "a\nb", "a\x1b[2J"}) {
    const auto header =
        HeaderBuilder().Package(name, "1", "1", "noarch").Build();
    EXPECT_THAT(ListOfPackage(Package(header, ""), ListFormat::kRpm),
                FailsSaying(EINVAL, "cannot be a file name"));
  }
}

TEST(ListsMakeTest, AnOverlongNameIsRefused) {
  const auto header =
      HeaderBuilder().Package(std::string(300, 'a'), "1", "1", "i386").Build();
  EXPECT_THAT(ListOfPackage(Package(header, ""), ListFormat::kRpm),
              FailsWith(EINVAL));
}

TEST(ListsMakeTest, AMalformedHeaderIsRefused) {
  EXPECT_THAT(
      ListOfPackage(Package(ToVector(AsBytes("junk")), ""), ListFormat::kRpm),
      FailsWith(EBADMSG));
}

TEST(ListsMakeTest, ATlvListNeedsAFile) {
  EXPECT_THAT(ListOfFiles("name", {}), FailsWith(ENODATA));
}

TEST(ListsMakeTest, ATlvListNeedsASafeName) {
  const auto digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes("abcd")));
  EXPECT_THAT(ListOfFiles("a/b", {{digest, "/a", {}}}), FailsWith(EINVAL));
  EXPECT_EQ(Must(ListOfFiles("ab", {{digest, "/a", {}}})).name, "tlv-ab");
}

}  // namespace
}  // namespace assayfs
