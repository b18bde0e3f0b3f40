// SPDX-License-Identifier: Apache-2.0
// Taking the signed header out of RPM packages.
#include <gmock/gmock.h>

#include <string>

#include "lists/rpm_header.h"
#include "support/header_builder.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::BuildPackage;
using testing::FailsSaying;
using testing::FailsWith;
using testing::HeaderBuilder;
using testing::Must;
using testing::TagBinary;
using testing::TagNumbers32;
using testing::TagString;
using testing::TagStrings;

TEST(RpmPackageTest, TakesTheHeaderOut) {
  const auto header = HeaderBuilder().Build();
  const auto package = BuildPackage(header, {TagBinary(268, AsBytes("rsa"))});
  const auto parsed = Must(ParseRpmPackage(package));
  EXPECT_EQ(parsed.header, header);
  EXPECT_EQ(AsText(parsed.signatures), "rsa");
}

TEST(RpmPackageTest, FindsTheHeaderBehindAnyPadding) {
  const auto header = HeaderBuilder().Build();
  for (std::size_t length = 1; length <= 8; ++length) {
    const std::string signature(length, 's');
    const auto package =
        BuildPackage(header, {TagBinary(268, AsBytes(signature))});
    EXPECT_EQ(Must(ParseRpmPackage(package)).header, header) << length;
  }
}

TEST(RpmPackageTest, NeedsNoPayload) {
  const auto header = HeaderBuilder().Build();
  const auto package = BuildPackage(header, {}, "");
  const auto parsed = Must(ParseRpmPackage(package));
  EXPECT_EQ(parsed.header, header);
  EXPECT_TRUE(parsed.signatures.empty());
}

TEST(RpmPackageTest, JoinsAllSignaturesInOrder) {
  // `printf one | base64` and `printf four | base64`
  const auto package = BuildPackage(
      HeaderBuilder().Build(),
      {TagBinary(267, AsBytes("dsa")), TagBinary(268, AsBytes("rsa")),
       TagStrings(278, {"b25l", "Zm91cg=="})});
  EXPECT_EQ(AsText(Must(ParseRpmPackage(package)).signatures), "rsadsaonefour");
}

TEST(RpmPackageTest, LeavesOutRepeatedSignatures) {
  const auto package =
      BuildPackage(HeaderBuilder().Build(),
                   {TagBinary(268, AsBytes("one")),
                    TagStrings(278, {"Zm91cg==", "b25l", "Zm91cg=="})});
  EXPECT_EQ(AsText(Must(ParseRpmPackage(package)).signatures), "onefour");
}

// The vectors of RFC 4648, section 10.
TEST(RpmPackageTest, DecodesBase64) {
  for (const auto& [encoded, plain] :
       std::initializer_list<std::pair<std::string, std::string>>{
           {"", ""},
           {"Zg==", "f"},
           {"Zm8=", "fo"},
           {"Zm9v", "foo"},
           {"Zm9vYg==", "foob"},
           {"Zm9vYmE=", "fooba"},
           {"Zm9vYmFy", "foobar"},
           {"+/+/", "\xfb\xff\xbf"}}) {
    const auto package =
        BuildPackage(HeaderBuilder().Build(), {TagStrings(278, {encoded})});
    EXPECT_EQ(AsText(Must(ParseRpmPackage(package)).signatures), plain);
  }
}

TEST(RpmPackageTest, RefusesWhatIsNotBase64) {
  for (const std::string text : {"A", "AA", "AAA", "AAAAA", "A===", "====",
                                 "AA=A", "AAA\n", "AA-_", "Zh==", "Zm9="}) {
    const auto package =
        BuildPackage(HeaderBuilder().Build(), {TagStrings(278, {text})});
    EXPECT_THAT(ParseRpmPackage(package), FailsSaying(EBADMSG, "not base64"))
        << text;
  }
}

TEST(RpmPackageTest, RefusesSignaturesOfWrongType) {
  for (const std::uint32_t tag : {267u, 268u, 278u}) {
    const auto package =
        BuildPackage(HeaderBuilder().Build(), {TagNumbers32(tag, {1})});
    EXPECT_THAT(ParseRpmPackage(package), FailsSaying(EBADMSG, "has type 4"));
  }
}

TEST(RpmPackageTest, RefusesFarTooManySignatures) {
  const std::vector<std::string> many(257, "b25l");
  const auto package =
      BuildPackage(HeaderBuilder().Build(), {TagStrings(278, many)});
  EXPECT_THAT(ParseRpmPackage(package),
              FailsSaying(EBADMSG, "too many signatures"));
}

TEST(RpmPackageTest, RefusesABadLead) {
  auto package = BuildPackage(HeaderBuilder().Build(), {});
  package[0] = std::byte{0};
  EXPECT_THAT(ParseRpmPackage(package), FailsSaying(EBADMSG, "wrong magic"));
  EXPECT_THAT(ParseRpmPackage({}), FailsSaying(EBADMSG, "wrong magic"));
}

TEST(RpmPackageTest, RefusesTruncationAtEveryByte) {
  const auto package = BuildPackage(HeaderBuilder().Build(),
                                    {TagBinary(268, AsBytes("sig"))}, "");
  for (std::size_t size = 0; size < package.size(); ++size) {
    EXPECT_THAT(ParseRpmPackage(Bytes(package).first(size)),
                FailsWith(EBADMSG));
  }
}

TEST(RpmPackageTest, RefusesAHeaderWithoutImmutableRegion) {
  const auto package = BuildPackage(HeaderBuilder().WithoutRegion().Build(),
                                    {TagBinary(268, AsBytes("sig"))});
  EXPECT_THAT(ParseRpmPackage(package),
              FailsSaying(EBADMSG, "no immutable region"));
}

TEST(RpmPackageTest, RefusesTagsBehindTheImmutableRegion) {
  const auto package =
      BuildPackage(HeaderBuilder().AfterRegion(TagString(1000, "x")).Build(),
                   {TagBinary(268, AsBytes("sig"))});
  EXPECT_THAT(ParseRpmPackage(package),
              FailsSaying(EBADMSG, "after the immutable region"));
}

TEST(RpmPackageTest, KnowsAPackageByItsMagic) {
  EXPECT_TRUE(LooksLikeRpmPackage(*FromHex("edabeedb")));
  EXPECT_TRUE(LooksLikeRpmPackage(BuildPackage(HeaderBuilder().Build(), {})));
  EXPECT_FALSE(LooksLikeRpmPackage(*FromHex("edabee")));
  EXPECT_FALSE(LooksLikeRpmPackage(HeaderBuilder().Build()));
  EXPECT_FALSE(LooksLikeRpmPackage({}));
}

}  // namespace
}  // namespace assayfs
