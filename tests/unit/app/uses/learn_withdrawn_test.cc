// SPDX-License-Identifier: Apache-2.0
// `policy learn` with lists whose keys are trusted no more, by real keys.
#include <gmock/gmock.h>

#include <filesystem>

#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "logged_uses.h"
#include "support/temp_dir.h"
#include "tool_runner.h"
#include "unit/trust/authority.h"
#include "unit/trust/gpg_home.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::HasSubstr;

class LearnWithdrawnTest : public ::testing::Test {
 protected:
  LearnWithdrawnTest() {
    std::filesystem::create_directory(dir_ / "lists");
    std::filesystem::create_directory(dir_ / "keys");
  }

  static std::string ListOf(const std::string& content,
                            HashAlgorithm algorithm = HashAlgorithm::kSha256) {
    const std::vector<ListedFile> files = {
        {DigestOf(content, algorithm), "/elsewhere/" + content, {}}};
    return std::string(AsText(WriteTlv(files)));
  }

  void WriteList(const std::string& name, const std::string& payload,
                 SignatureFormat format, const std::string& signature) {
    const auto bytes =
        AppendSignature(AsBytes(payload), format, AsBytes(signature));
    dir_.Write("lists/" + name, AsText(bytes));
  }

  Outcome Learn(const std::vector<LoggedUse>& uses) {
    std::string lines;
    for (const LoggedUse& use : uses) lines += WriteUse(use) + "\n";
    return RunTool({"policy", "learn", "--keys", dir_ / "keys", "--lists",
                    dir_ / "lists", "--take", "/**", "-o", dir_ / "tlv-local",
                    "--replace", dir_.Write("uses", lines)});
  }

  void ExpectWithdrawn(const std::string& content) {
    const auto run = Learn({Used("/opt/x", content)});
    EXPECT_EQ(run.status, kExitNo) << run.err;
    EXPECT_THAT(run.out, HasSubstr("    withdrawn  /opt/x  sha256:"));
    EXPECT_THAT(run.err, HasSubstr("key rejected: "));
    EXPECT_FALSE(std::filesystem::exists(dir_ / "tlv-local"));
  }

  // An authority whose CRL revokes the leaf that signed tlv-bad.
  void RevokeByCrl(const std::string& payload) {
    authority_.MakeRoot("root", "rsa:2048");
    authority_.MakeLeaf("bad", "root", "extendedKeyUsage=codeSigning");
    authority_.MakeLeaf("good", "root", "extendedKeyUsage=codeSigning");
    WriteList("tlv-bad", payload, SignatureFormat::kPkcs7,
              authority_.Sign("bad", payload));
    dir_.Write("keys/root.pem", authority_.Pem("root"));
    dir_.Write("keys/root.crl", authority_.MakeCrl("root", {"bad"}));
  }

  TempDir dir_;
  Authority authority_;
};

TEST_F(LearnWithdrawnTest, ListsByACertificateThatACrlRevokesAreWithdrawn) {
  RevokeByCrl(ListOf("bad"));
  ExpectWithdrawn("bad");
  EXPECT_EQ(Learn({Used("/opt/x", "other")}).status, kExitYes);
}

TEST_F(LearnWithdrawnTest, WhatAListThatCountsKnowsToo) {
  RevokeByCrl(ListOf("bad"));
  const std::string payload = ListOf("bad");
  WriteList("tlv-good", payload, SignatureFormat::kPkcs7,
            authority_.Sign("good", payload));
  const auto run = Learn({Used("/opt/x", "bad")});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_EQ(run.out.find("withdrawn"), std::string::npos) << run.out;
}

TEST_F(LearnWithdrawnTest, DigestsThatWereNotRecordedMayBeWithdrawn) {
  RevokeByCrl(ListOf("bad", HashAlgorithm::kSha512));
  const auto run = Learn({Used("/opt/x", "bad")});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_THAT(run.out, HasSubstr("1 left out, because lists have digests"));
}

TEST_F(LearnWithdrawnTest, ListsOfRejectedKeysThatAreNoneAreNothing) {
  RevokeByCrl("no list by its bytes");
  const auto run = Learn({Used("/opt/x", "x")});
  EXPECT_EQ(run.status, kExitYes) << run.err;
}

TEST_F(LearnWithdrawnTest, ListsByAnOpenPgpKeyThatHadExpiredAreWithdrawn) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("old@example.org", "rsa3072", "sign", "1y",
                               "20200101T000000");
  const auto other = gpg.MakeKey("good@example.org", "rsa3072");
  // When it signed, it was good yet.
  gpg.SetExpiry(key, "never", "20200102T000000");
  const std::string payload = ListOf("bad");
  WriteList("tlv-old", payload, SignatureFormat::kOpenPgp,
            gpg.Sign(key, payload, {}, "20220101T000000"));
  gpg.SetExpiry(key, "1d", "20200601T000000");
  dir_.Write("keys/old.asc", gpg.Export(key));
  dir_.Write("keys/good.asc", gpg.Export(other));
  ExpectWithdrawn("bad");
}

TEST_F(LearnWithdrawnTest, ListsByAnOpenPgpKeyThatIsRevokedAreWithdrawn) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("bad@example.org", "rsa3072");
  const auto other = gpg.MakeKey("good@example.org", "rsa3072");
  const std::string payload = ListOf("bad");
  WriteList("tlv-bad", payload, SignatureFormat::kOpenPgp,
            gpg.Sign(key, payload));
  gpg.Revoke(key);
  dir_.Write("keys/bad.asc", gpg.Export(key));
  dir_.Write("keys/good.asc", gpg.Export(other));
  ExpectWithdrawn("bad");
}

}  // namespace
}  // namespace assayfs
