// SPDX-License-Identifier: Apache-2.0
// `lists sign`, run as users run it, with real gpg and openssl keys.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/hasher.h"
#include "lists/tlv.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::ReadText;
using testing::RunTool;
using testing::Shell;
using testing::TempDir;

std::string Tlv() {
  const auto digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes("abcd")));
  return std::string(AsText(WriteTlv({{digest, "/usr/bin/true", {}}})));
}

// A folder with an X.509 key in key.pem and cert.pem.
class X509SignTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(MakeKey("key.pem", "cert.pem"));
    list_ = dir_.Write("tlv-site", Tlv());
  }

  bool MakeKey(const std::string& key, const std::string& certificate) {
    return Shell(
        "openssl req -x509 -newkey ec -pkeyopt "
        "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=Tester "
        "-keyout " +
        dir_ / key + " -out " + dir_ / certificate);
  }
  testing::Outcome Sign(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"lists",  "sign",
                                      "--key",  dir_ / "key.pem",
                                      "--cert", dir_ / "cert.pem"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(list_);
    return RunTool(words);
  }
  testing::Outcome Check(const std::string& certificate) {
    return RunTool({"lists", "check", "--keys", dir_ / certificate, list_});
  }

  TempDir dir_;
  std::string list_;
};

TEST_F(X509SignTest, CheckAcceptsWhatWasSigned) {
  EXPECT_EQ(Check("cert.pem").status, kExitNo);
  const auto run = Sign();
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.out, "1 list signed\n");
  const auto check = Check("cert.pem");
  EXPECT_EQ(check.status, kExitYes) << check.out;
  EXPECT_NE(check.out.find("1 verified, 0 refused, 1 digests"),
            std::string::npos);
  EXPECT_NE(check.out.find("Tester"), std::string::npos);
}

TEST_F(X509SignTest, AnotherKeyDoesNotVouchForIt) {
  ASSERT_TRUE(MakeKey("other.pem", "other-cert.pem"));
  EXPECT_EQ(Sign().status, kExitYes);
  EXPECT_EQ(Check("other-cert.pem").status, kExitNo);
}

TEST_F(X509SignTest, ASignedListIsNotSignedTwice) {
  EXPECT_EQ(Sign().status, kExitYes);
  const auto bytes = ReadText(list_);
  const auto run = Sign();
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_NE(run.err.find("--replace"), std::string::npos);
  EXPECT_EQ(ReadText(list_), bytes);
}

TEST_F(X509SignTest, ReplaceTakesThePlaceOfASignature) {
  EXPECT_EQ(Sign().status, kExitYes);
  const auto size = ReadText(list_).size();
  const auto run = Sign({"--replace"});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  // ECDSA signatures differ by a few bytes; two would be twice as long.
  EXPECT_LT(ReadText(list_).size(), size + 16);
  EXPECT_EQ(Check("cert.pem").status, kExitYes);
}

TEST_F(X509SignTest, KeepsModeAndLinks) {
  ASSERT_EQ(::chmod(list_.c_str(), 0640), 0);
  std::filesystem::create_symlink("tlv-site", dir_ / "1-tlv-link");
  list_ = dir_ / "1-tlv-link";
  EXPECT_EQ(Sign().status, kExitYes);
  EXPECT_TRUE(std::filesystem::is_symlink(list_));
  struct stat info {};
  ASSERT_EQ(::stat(list_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  EXPECT_EQ(Check("cert.pem").status, kExitYes);
}

TEST_F(X509SignTest, DoesNotSignWhatIsNoList) {
  list_ = dir_.Write("tlv-junk", "junk");
  EXPECT_EQ(Sign().status, kExitFailed);
  EXPECT_EQ(ReadText(list_), "junk");
  list_ = dir_.Write("notes.txt", Tlv());
  EXPECT_EQ(Sign().status, kExitFailed);
  EXPECT_EQ(ReadText(list_), Tlv());
}

TEST_F(X509SignTest, KeyAndCertificateMustBelongTogether) {
  ASSERT_TRUE(MakeKey("other.pem", "cert.pem"));
  const auto run = Sign();
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("not the key of the certificate"), std::string::npos);
}

TEST_F(X509SignTest, TheUsageIsChecked) {
  EXPECT_EQ(RunTool({"lists", "sign", list_}).status, kExitUsage);
  EXPECT_EQ(RunTool({"lists", "sign", "--key", dir_ / "key.pem", list_}).status,
            kExitUsage);
  EXPECT_EQ(RunTool({"lists", "sign", "--gpg-key", "x", "--key", "k", "--cert",
                     "c", list_})
                .status,
            kExitUsage);
}

class GpgSignTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(dir_ / "gpg");
    ASSERT_EQ(::chmod((dir_ / "gpg").c_str(), 0700), 0);
    const std::string gpg = "gpg --homedir " + dir_ / "gpg" + " --batch ";
    if (!Shell(gpg + "--passphrase '' --quick-gen-key tester@example.org "
                     "rsa3072 sign never")) {
      GTEST_SKIP() << "no gpg";
    }
    ASSERT_TRUE(Shell(gpg + "--armor --output " + dir_ / "key.asc" +
                      " --export tester@example.org"));
    list_ = dir_.Write("tlv-site", Tlv());
  }
  void TearDown() override {
    Shell("gpgconf --homedir " + dir_ / "gpg" + " --kill all");
  }

  TempDir dir_;
  std::string list_;
};

TEST_F(GpgSignTest, CheckAcceptsWhatWasSigned) {
  const auto run = RunTool({"lists", "sign", "--gpg-key", "tester@example.org",
                            "--gpg-home", dir_ / "gpg", list_});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  const auto check =
      RunTool({"lists", "check", "--keys", dir_ / "key.asc", list_});
  EXPECT_EQ(check.status, kExitYes) << check.out << check.err;
  EXPECT_NE(check.out.find("tester@example.org"), std::string::npos);
}

TEST_F(GpgSignTest, AMissingKeyLeavesTheListAlone) {
  const auto run = RunTool({"lists", "sign", "--gpg-key", "nobody@example.org",
                            "--gpg-home", dir_ / "gpg", list_});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("gpg"), std::string::npos);
  EXPECT_EQ(ReadText(list_), Tlv());
}

TEST_F(GpgSignTest, AKeyNameIsNeverAnOption) {
  const auto run = RunTool({"lists", "sign", "--gpg-key=--version",
                            "--gpg-home", dir_ / "gpg", list_});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_EQ(ReadText(list_), Tlv());
}

}  // namespace
}  // namespace assayfs
