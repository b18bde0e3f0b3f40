// SPDX-License-Identifier: Apache-2.0
// Appended signatures: splitting and joining.
#include "lists/appended_signature.h"

#include <gmock/gmock.h>

#include <string>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;

constexpr std::string_view kMarker = "~Module signature appended~\n";

// A payload and a signature of 3 bytes, with the 12 bytes of trailer given in
// hexadecimal digits.
ByteVector FileWithTrailer(std::string_view trailer_hex) {
  ByteVector file = ToVector(AsBytes("payload"));
  AppendBytes(file, AsBytes("sig"));
  AppendBytes(file, *FromHex(trailer_hex));
  AppendBytes(file, AsBytes(kMarker));
  return file;
}

TEST(AppendedSignatureTest, SplitsOpenPgp) {
  const auto file = FileWithTrailer("000000000000000000000003");
  const auto split = Must(SplitSignature(file));
  EXPECT_EQ(AsText(split.payload), "payload");
  ASSERT_TRUE(split.signature);
  EXPECT_EQ(split.signature->format, SignatureFormat::kOpenPgp);
  EXPECT_EQ(AsText(split.signature->signature), "sig");
}

TEST(AppendedSignatureTest, SplitsPkcs7) {
  const auto file = FileWithTrailer("000002000000000000000003");
  const auto split = Must(SplitSignature(file));
  ASSERT_TRUE(split.signature);
  EXPECT_EQ(split.signature->format, SignatureFormat::kPkcs7);
  EXPECT_EQ(AsText(split.payload), "payload");
}

TEST(AppendedSignatureTest, TakesNoMarkerAsUnsigned) {
  for (const std::string& text :
       {std::string(), std::string("payload"),
        std::string(kMarker.substr(0, kMarker.size() - 1)),
        std::string(kMarker) + "x"}) {
    const auto split = Must(SplitSignature(AsBytes(text)));
    EXPECT_EQ(AsText(split.payload), text);
    EXPECT_FALSE(split.signature);
  }
}

TEST(AppendedSignatureTest, RoundTrip) {
  for (const auto format :
       {SignatureFormat::kOpenPgp, SignatureFormat::kPkcs7}) {
    for (const std::string& payload : {std::string(), std::string("abc")}) {
      const std::string signature(300, 's');
      const auto file =
          AppendSignature(AsBytes(payload), format, AsBytes(signature));
      const auto split = Must(SplitSignature(file));
      EXPECT_EQ(AsText(split.payload), payload);
      ASSERT_TRUE(split.signature);
      EXPECT_EQ(split.signature->format, format);
      EXPECT_EQ(AsText(split.signature->signature), signature);
    }
  }
}

TEST(AppendedSignatureTest, WritesTheTrailerOfTheKernelTools) {
  EXPECT_EQ(AppendSignature(AsBytes("payload"), SignatureFormat::kPkcs7,
                            AsBytes("sig")),
            FileWithTrailer("000002000000000000000003"));
}

TEST(AppendedSignatureTest, TakesOffOnlyTheLastSignature) {
  const auto inner = AppendSignature(AsBytes("payload"),
                                     SignatureFormat::kOpenPgp, AsBytes("one"));
  const auto outer =
      AppendSignature(inner, SignatureFormat::kPkcs7, AsBytes("two"));
  const auto split = Must(SplitSignature(outer));
  EXPECT_EQ(AsText(split.payload), AsText(inner));
}

TEST(AppendedSignatureTest, RefusesTheMarkerAlone) {
  EXPECT_THAT(SplitSignature(AsBytes(kMarker)),
              FailsSaying(EBADMSG, "truncated"));
  const std::string short_by_one = std::string(11, '\0') + std::string(kMarker);
  EXPECT_THAT(SplitSignature(AsBytes(short_by_one)),
              FailsSaying(EBADMSG, "truncated"));
}

TEST(AppendedSignatureTest, RefusesLengthOutsideTheFile) {
  EXPECT_THAT(SplitSignature(FileWithTrailer("00000000000000000000000b")),
              FailsSaying(EBADMSG, "longer than the file"));
  EXPECT_THAT(SplitSignature(FileWithTrailer("0000000000000000ffffffff")),
              FailsSaying(EBADMSG, "longer than the file"));
}

TEST(AppendedSignatureTest, TakesASignatureOverNothing) {
  const auto file = FileWithTrailer("00000000000000000000000a");
  EXPECT_TRUE(Must(SplitSignature(file)).payload.empty());
}

TEST(AppendedSignatureTest, RefusesLengthZero) {
  EXPECT_THAT(SplitSignature(FileWithTrailer("000000000000000000000000")),
              FailsSaying(EBADMSG, "empty"));
}

TEST(AppendedSignatureTest, RefusesEveryFieldThatIsNotCoveredAndNotZero) {
  // All but id_type (byte 2) and sig_len (bytes 8 to 11).
  for (const std::size_t field : {0u, 1u, 3u, 4u, 5u, 6u, 7u}) {
    std::string trailer = "000000000000000000000003";
    trailer[2 * field + 1] = '1';
    EXPECT_THAT(SplitSignature(FileWithTrailer(trailer)),
                FailsSaying(EBADMSG, "must be zero"))
        << field;
  }
}

TEST(AppendedSignatureTest, RefusesOtherIdTypes) {
  EXPECT_THAT(SplitSignature(FileWithTrailer("000001000000000000000003")),
              FailsSaying(EOPNOTSUPP, "type 1"));
  EXPECT_THAT(SplitSignature(FileWithTrailer("000003000000000000000003")),
              FailsSaying(EOPNOTSUPP, "type 3"));
}

}  // namespace
}  // namespace assayfs
