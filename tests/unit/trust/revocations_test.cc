// SPDX-License-Identifier: Apache-2.0
#include "trust/revocations.h"

#include <sys/stat.h>

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;
using testing::TempDir;

const std::string kFingerprint(40, 'a');

Revocations Parsed(std::string_view text) {
  Revocations revocations;
  revocations.Add("file", text);
  return revocations;
}

TEST(RevocationsTest, NothingRevokesNothing) {
  const Revocations none = Parsed("\n# package bash\n   \n");
  EXPECT_EQ(none.size(), 0U);
  EXPECT_THAT(none.problems(), IsEmpty());
  EXPECT_EQ(none.WhyPackage("bash", "1-1"), "");
  EXPECT_EQ(none.WhyKey(kFingerprint), "");
}

TEST(RevocationsTest, KeysAreFoundWhateverTheCaseOfTheirDigits) {
  const std::string upper(40, 'A');
  EXPECT_EQ(Parsed("key " + upper + "\n").WhyKey(kFingerprint),
            "key " + kFingerprint);
  EXPECT_EQ(Parsed("key " + std::string(64, '1')).size(), 1U);
}

TEST(RevocationsTest, APackageWithoutBoundsIsRevokedInEveryVersion) {
  const Revocations revocations = Parsed("package evil");
  EXPECT_EQ(revocations.WhyPackage("evil", "99:1-1"), "package evil");
  EXPECT_EQ(revocations.WhyPackage("evil-libs", "1-1"), "");
}

TEST(RevocationsTest, EveryBoundMustHold) {
  const Revocations revocations =
      Parsed("package openssl >= 3.0.0  <\t3.0.7-24 # CVE\r\n");
  EXPECT_EQ(revocations.WhyPackage("openssl", "3.0.1-1"),
            "package openssl >= 3.0.0 < 3.0.7-24");
  EXPECT_EQ(revocations.WhyPackage("openssl", "3.0.7-24"), "");
  EXPECT_EQ(revocations.WhyPackage("openssl", "1.1.1-9"), "");
}

TEST(RevocationsTest, OneEntryOfSeveralIsEnough) {
  const Revocations revocations =
      Parsed("package a < 1\npackage a = 5-1\npackage a > 9\n");
  EXPECT_EQ(revocations.WhyPackage("a", "5-1"), "package a = 5-1");
  EXPECT_EQ(revocations.WhyPackage("a", "6-1"), "");
}

TEST(RevocationsTest, DigestsAreOfAnyAlgorithm) {
  const Digest sha256 = Must(HashBytes(HashAlgorithm::kSha256, AsBytes("x")));
  const Digest sha512 = Must(HashBytes(HashAlgorithm::kSha512, AsBytes("x")));
  const Revocations revocations = Parsed("digest " + sha512.ToString());
  EXPECT_TRUE(revocations.Has(sha512));
  EXPECT_FALSE(revocations.Has(sha256));
}

TEST(RevocationsTest, WrongLinesAreNamedAndStopNoOther) {
  const Revocations revocations = Parsed(
      "key 1234\n"
      "key " +
      std::string(40, 'x') +
      "\n"
      "package\n"
      "package a <\n"
      "package a != 1\n"
      "digest sha256:00\n"
      "digest 00\n"
      "digest md9:00\n"
      "file /bin/sh\n"
      "nonsense\x1b\n"
      "package good\n");
  EXPECT_THAT(
      revocations.problems(),
      ElementsAre(HasSubstr("file:1: a fingerprint has"),
                  HasSubstr("file:2: a fingerprint has"),
                  HasSubstr("file:3: an entry is"),
                  HasSubstr("file:4: a package is"),
                  HasSubstr("file:5: \"!=\" is not one of"),
                  HasSubstr("file:6: \"sha256:00\" is not ALGORITHM:HEX"),
                  HasSubstr("file:7: "), HasSubstr("file:8: "),
                  HasSubstr("file:9: \"file\" is not key"),
                  HasSubstr("file:10: an entry is")));
  EXPECT_EQ(revocations.size(), 1U);
}

TEST(RevocationsTest, NothingOfALineReachesATerminalAsItIs) {
  const Revocations revocations = Parsed("e\x1b[2J x\n");
  EXPECT_THAT(revocations.problems(), ElementsAre(HasSubstr("e\\x1b[2J")));
}

TEST(RevocationsTest, AFolderGivesAllItsFiles) {
  const TempDir dir;
  dir.Write("b", "package b\n");
  dir.Write("a", "package a\n");
  dir.Write(".hidden", "package hidden\n");
  Revocations revocations;
  Must(revocations.AddPath(dir.path()));
  EXPECT_EQ(revocations.size(), 2U);
  EXPECT_EQ(revocations.WhyPackage("hidden", "1-1"), "");
}

TEST(RevocationsTest, AFileMayBeNamedItself) {
  const TempDir dir;
  Revocations revocations;
  Must(revocations.AddPath(dir.Write("a", "package a\n")));
  EXPECT_EQ(revocations.size(), 1U);
}

TEST(RevocationsTest, WhatDoesNotExistRevokesNothing) {
  const TempDir dir;
  Revocations revocations;
  Must(revocations.AddPath(dir / "missing"));
  EXPECT_EQ(revocations.size(), 0U);
}

TEST(RevocationsTest, WhatCannotBeReadIsAnErrorAndTheRestCounts) {
  const TempDir dir;
  ASSERT_EQ(::mkdir((dir / "folder").c_str(), 0700), 0);
  dir.Write("good", "package a\n");
  Revocations revocations;
  EXPECT_THAT(revocations.AddPath(dir.path()), FailsWith(EINVAL));
  EXPECT_EQ(revocations.size(), 1U);
}

TEST(RevocationsTest, ALargeFileIsAnError) {
  const TempDir dir;
  Revocations revocations;
  EXPECT_THAT(revocations.AddPath(dir.Write(
                  "large", std::string(kMaxRevocationBytes + 1, '\n'))),
              FailsWith(EFBIG));
}

TEST(RevocationsTest, MergingAddsEntriesButNoProblems) {
  Revocations revocations = Parsed("package a\n");
  revocations.Merge(Parsed("package b\nnonsense\n"));
  EXPECT_EQ(revocations.size(), 2U);
  EXPECT_THAT(revocations.problems(), IsEmpty());
}

}  // namespace
}  // namespace assayfs
