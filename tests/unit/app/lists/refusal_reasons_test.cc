// SPDX-License-Identifier: Apache-2.0
// The reasons of `lists check`, with lists signed by keys of openssl.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "appraise/check_list.h"
#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "support/header_builder.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::HeaderBuilder;
using testing::Must;
using testing::ReadText;
using testing::RunTool;
using testing::Shell;
using testing::TempDir;

std::string Tlv(HashAlgorithm algorithm = HashAlgorithm::kSha256) {
  const auto digest = Must(HashBytes(algorithm, AsBytes("abcd")));
  return std::string(AsText(WriteTlv({{digest, "/usr/bin/true", {}}})));
}

class RefusalReasonsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(MakeKey("site")); }

  // Makes NAME.key and NAME.pem. more: options of `openssl req`.
  bool MakeKey(const std::string& name, const std::string& more = "") {
    return Shell(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "
        "/CN=Tester -keyout " +
        dir_ / (name + ".key") + " -out " + dir_ / (name + ".pem") + " " +
        more);
  }

  // Returns the payload with a signature made by NAME.key.
  std::string Signed(std::string_view payload, const std::string& name = "site",
                     const std::string& md = "sha256") {
    const auto file = dir_.Write("payload", payload);
    EXPECT_TRUE(Shell("openssl cms -sign -binary -noattr -outform DER -md " +
                      md + " -inkey " + dir_ / (name + ".key") + " -signer " +
                      dir_ / (name + ".pem") + " -in " + file + " -out " +
                      dir_ / "signature"));
    const auto signature = ReadText(dir_ / "signature");
    return std::string(AsText(AppendSignature(
        AsBytes(payload), SignatureFormat::kPkcs7, AsBytes(signature))));
  }

  // Checks a list that holds bytes; the key is that of NAME.
  nlohmann::json CheckFile(const std::string& path,
                           const std::string& name = "site") {
    const auto run = RunTool(
        {"lists", "check", "--json", "--keys", dir_ / (name + ".pem"), path});
    return run.Json()["lists"][0];
  }
  std::string ReasonFor(const std::string& list, std::string_view bytes,
                        const std::string& name = "site") {
    return CheckFile(dir_.Write(list, bytes), name)["reason"];
  }

  TempDir dir_;
};

TEST_F(RefusalReasonsTest, AGoodListHasNone) {
  const auto answer = CheckFile(dir_.Write("tlv-a", Signed(Tlv())));
  EXPECT_EQ(answer["verified"], true);
  EXPECT_FALSE(answer.contains("reason"));
}

TEST_F(RefusalReasonsTest, Unreadable) {
  std::filesystem::create_directory(dir_ / "lists");
  std::filesystem::create_symlink("gone", dir_ / "lists/tlv-a");
  const auto answer = CheckFile(dir_ / "lists");
  EXPECT_EQ(answer["reason"], "unreadable");
  EXPECT_EQ(answer["error"], "unreadable: No such file or directory");
}

TEST_F(RefusalReasonsTest, TooLarge) {
  const auto path = dir_.Write("tlv-a", "");
  std::filesystem::resize_file(path, kMaxListBytes + 1);
  EXPECT_EQ(CheckFile(path)["error"], "too large: more than 67108864 bytes");
}

TEST_F(RefusalReasonsTest, OfNameAndPackage) {
  EXPECT_EQ(ReasonFor("zip-a", Tlv()), "list name");
  // The magic of a package, and nothing behind it.
  EXPECT_EQ(ReasonFor("a.rpm", "\xed\xab\xee\xdb"), "RPM package");
}

TEST_F(RefusalReasonsTest, OfSignatures) {
  EXPECT_EQ(ReasonFor("tlv-a", Tlv()), "unsigned");
  auto bytes = Signed(Tlv());
  bytes[bytes.size() - 40] = 1;  // the first byte of the trailer
  EXPECT_EQ(ReasonFor("tlv-a", bytes), "appended signature");
  bytes = Signed(Tlv());
  bytes[20] ^= 1;  // in the payload
  EXPECT_EQ(ReasonFor("tlv-a", bytes), "bad signature");
  ASSERT_TRUE(MakeKey("other"));
  EXPECT_EQ(ReasonFor("tlv-a", Signed(Tlv()), "other"), "no key");
  ASSERT_TRUE(MakeKey("signs-keys", "-addext keyUsage=critical,keyCertSign"));
  EXPECT_EQ(ReasonFor("tlv-a", Signed(Tlv(), "signs-keys"), "signs-keys"),
            "key rejected");
  EXPECT_EQ(ReasonFor("tlv-a", Signed(Tlv(), "site", "sha1")),
            "weak signature");
  const auto junk =
      AppendSignature(AsBytes(Tlv()), SignatureFormat::kPkcs7, AsBytes("junk"));
  EXPECT_EQ(ReasonFor("tlv-a", AsText(junk)), "malformed signature");
}

TEST_F(RefusalReasonsTest, OfTlvListsNameTheByte) {
  const auto list = Tlv();
  auto bytes = list;
  bytes[19] = 9;  // the type of the third field
  EXPECT_EQ(CheckFile(dir_.Write("tlv-a", Signed(bytes)))["error"],
            "TLV list: field at byte 18: unknown field 9");
  bytes = list.substr(0, list.size() - 1);
  EXPECT_EQ(CheckFile(dir_.Write("tlv-a", Signed(bytes)))["error"],
            "TLV list: field at byte 18: field leaves the list");
}

TEST_F(RefusalReasonsTest, OfRpmHeadersNameTheTag) {
  const auto error = [this](HeaderBuilder header) {
    return CheckFile(
               dir_.Write("rpm-a", Signed(AsText(header.Build()))))["error"]
        .get<std::string>();
  };
  HeaderBuilder header;
  header.File("/a", std::string(64, 'a')).File("/b", "xy");
  EXPECT_EQ(error(header),
            "RPM header: tag 1035: file 1: digest is not hexadecimal");
  EXPECT_EQ(error(HeaderBuilder().Drop(1000)),
            "RPM header: tag 1000 is missing");
}

TEST_F(RefusalReasonsTest, OfDigests) {
  EXPECT_EQ(ReasonFor("tlv-a", Signed(Tlv(HashAlgorithm::kSha1))),
            "weak digests");
}

TEST_F(RefusalReasonsTest, Revoked) {
  const auto list = dir_.Write("tlv-a", Signed(Tlv()));
  ASSERT_TRUE(Shell("(openssl x509 -noout -fingerprint -sha256 -in " +
                    dir_ / "site.pem" + " | sed 's/.*=/key /;s/://g') | tee " +
                    dir_ / "revoked"));
  const std::vector<std::string> words = {
      "lists",           "check",     "--json",         "--keys",
      dir_ / "site.pem", "--revoked", dir_ / "revoked", list};
  const auto run = RunTool(words);
  EXPECT_EQ(run.status, kExitNo);
  const auto answer = run.Json()["lists"][0];
  EXPECT_EQ(answer["reason"], "revoked");
  EXPECT_TRUE(
      answer["error"].get<std::string>().starts_with("revoked: by \"key "));
  dir_.Write("revoked", "digest of nothing\n");
  const auto more = RunTool(words);
  EXPECT_EQ(more.status, kExitYes);
  EXPECT_NE(more.err.find("assayfs: revocations: "), std::string::npos);
}

TEST_F(RefusalReasonsTest, WhatIsRevokedMustBeThere) {
  const auto run =
      RunTool({"lists", "check", "--keys", dir_ / "site.pem", "--revoked",
               dir_ / "missing", dir_.Write("tlv-a", Signed(Tlv()))});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("--revoked " + dir_ / "missing"), std::string::npos)
      << run.err;
}

TEST(RefusalReasonTest, IsAlwaysOneOfTheSet) {
  EXPECT_EQ(RefusalReason(Error(EIO, "not measured: TPM: away")),
            "not measured");
  EXPECT_EQ(RefusalReason(Error(ENOKEY, "unsigned")), "unsigned");
  EXPECT_EQ(RefusalReason(Error(EIO, "something else: x")), "unreadable");
  const std::set<std::string_view> all(kRefusalReasons.begin(),
                                       kRefusalReasons.end());
  EXPECT_EQ(all.size(), kRefusalReasons.size());
}

}  // namespace
}  // namespace assayfs
