// SPDX-License-Identifier: Apache-2.0
#include "trust/keyring.h"

#include <atomic>
#include <thread>

#include "authority.h"
#include "base/bytes.h"
#include "command.h"
#include "gpg_home.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::Authority;
using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::GpgHome;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;
using testing::MustRun;
using testing::ReadText;
using testing::TempDir;

class KeyringTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    gpg_ = new GpgHome();
    key_ = new std::string(gpg_->MakeKey("signer", "ed25519"));
  }
  static void TearDownTestSuite() {
    delete key_;
    delete gpg_;
  }

  static SignatureCheck Verify(const Keyring& keyring, std::string_view data,
                               std::string_view signature,
                               SignatureFormat format) {
    return keyring.Verify(format, AsBytes(data), AsBytes(signature));
  }

  // Makes a self-signed certificate in dir and returns its path; the key is
  // NAME.key beside it.
  std::string MakeCertificate(const std::string& name) const {
    const std::string path = dir_ / (name + ".pem");
    MustRun({"openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048",
             "-subj", "/CN=" + name, "-keyout", dir_ / (name + ".key"), "-out",
             path});
    return path;
  }

  TempDir dir_;
  static GpgHome* gpg_;
  static std::string* key_;
};
GpgHome* KeyringTest::gpg_ = nullptr;
std::string* KeyringTest::key_ = nullptr;

TEST_F(KeyringTest, LoadsAFileWithSeveralBlocks) {
  const auto other = gpg_->MakeKey("second block", "ed25519");
  const std::string path =
      dir_.Write("keys", gpg_->Export(*key_) + "text\n" + gpg_->Export(other));
  const auto keyring = Must(Keyring::Load({path}));
  EXPECT_EQ(keyring->size(), 2u);
  EXPECT_THAT(keyring->problems(), IsEmpty());
  for (const std::string& key : {*key_, other}) {
    EXPECT_EQ(Verify(*keyring, "data", gpg_->Sign(key, "data"),
                     SignatureFormat::kOpenPgp)
                  .status,
              SignatureStatus::kGood);
  }
}

TEST_F(KeyringTest, LoadsAFolderOfBothKindsOfKeys) {
  dir_.Write("a.asc", gpg_->Export(*key_));
  MakeCertificate("root");
  dir_.Write("ignored.txt", "not a key");
  const auto keyring = Must(Keyring::Load({dir_.path()}));
  EXPECT_EQ(keyring->size(), 2u);
  EXPECT_THAT(keyring->problems(), IsEmpty());
  MustRun({"openssl", "cms", "-sign", "-binary", "-nocerts", "-noattr",
           "-outform", "DER", "-signer", dir_ / "root.pem", "-inkey",
           dir_ / "root.key", "-in", dir_.Write("data", "data"), "-out",
           dir_ / "signature"});
  const auto check = Verify(*keyring, "data", ReadText(dir_ / "signature"),
                            SignatureFormat::kPkcs7);
  EXPECT_EQ(check.status, SignatureStatus::kGood);
}

TEST_F(KeyringTest, FormatsAreNotGuessed) {
  const std::string path = dir_.Write("a.asc", gpg_->Export(*key_));
  const auto keyring = Must(Keyring::Load({path}));
  EXPECT_EQ(Verify(*keyring, "data", gpg_->Sign(*key_, "data"),
                   SignatureFormat::kPkcs7)
                .status,
            SignatureStatus::kMalformed);
}

TEST_F(KeyringTest, TheSameKeyTwiceCountsOnce) {
  const std::string one = dir_.Write("one.asc", gpg_->Export(*key_));
  const std::string two = dir_.Write("two.asc", gpg_->Export(*key_));
  EXPECT_EQ(Must(Keyring::Load({one, two, dir_.path()}))->size(), 1u);
}

TEST_F(KeyringTest, MissingPathIsAnError) {
  EXPECT_THAT(Keyring::Load({dir_ / "none"}),
              FailsSaying(ENOENT, dir_ / "none"));
}

TEST_F(KeyringTest, FileWithoutAUsableKeyIsAnError) {
  const std::string path = dir_.Write("none.asc", "text");
  const std::string good = dir_.Write("good.asc", gpg_->Export(*key_));
  EXPECT_THAT(Keyring::Load({good, path}),
              FailsSaying(EBADMSG, path + ": no usable key"));
}

TEST_F(KeyringTest, BrokenCertificateIsAnError) {
  const std::string path = dir_.Write(
      "x.pem",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(Keyring::Load({path}), FailsSaying(EBADMSG, "X.509"));
}

TEST_F(KeyringTest, RevokedKeyAloneIsAnError) {
  const auto key = gpg_->MakeKey("revoked", "ed25519");
  gpg_->Revoke(key);
  const std::string path = dir_.Write("revoked.asc", gpg_->Export(key));
  EXPECT_THAT(Keyring::Load({path}), FailsSaying(EBADMSG, "is revoked"));
}

TEST_F(KeyringTest, LargeFileIsAnError) {
  const std::string path = dir_.Write("large.asc", "");
  std::filesystem::resize_file(path, (std::uintmax_t{16} << 20) + 1);
  EXPECT_THAT(Keyring::Load({path}), FailsSaying(EFBIG, path));
}

TEST_F(KeyringTest, NoKeyAtAllIsAnError) {
  EXPECT_THAT(Keyring::Load({}), FailsSaying(ENOKEY, "no path given"));
  EXPECT_THAT(Keyring::Load({dir_.path()}), FailsSaying(ENOKEY, dir_.path()));
  dir_.Write("none.asc", "text");
  EXPECT_THAT(Keyring::Load({dir_.path()}), FailsSaying(ENOKEY, "none.asc"));
}

TEST_F(KeyringTest, ErrorsAreOneLine) {
  for (const auto& paths : std::vector<std::vector<std::string>>{
           {}, {dir_ / "none"}, {dir_.path()}, {dir_.Write("x", "text")}}) {
    const auto loaded = Keyring::Load(paths);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message().find('\n'), std::string::npos);
    EXPECT_THAT(loaded.error().message(), HasSubstr("; give "));
  }
}

TEST_F(KeyringTest, UnusableFilesOfAFolderAreNamed) {
  dir_.Write("a.asc", "text");
  dir_.Write("b.asc", gpg_->Export(*key_));
  std::filesystem::create_symlink("nowhere", dir_ / "c.pem");
  const auto keyring = Must(Keyring::Load({dir_.path()}));
  EXPECT_EQ(keyring->size(), 1u);
  EXPECT_THAT(keyring->problems(),
              ElementsAre(HasSubstr("a.asc"), HasSubstr("c.pem")));
}

TEST_F(KeyringTest, UnusableKeyBesideAGoodOneIsNamed) {
  const auto weak = gpg_->MakeKey("weak", "rsa1024");
  const std::string path =
      dir_.Write("x.asc", gpg_->Export(*key_) + gpg_->Export(weak));
  const auto keyring = Must(Keyring::Load({path}));
  EXPECT_EQ(keyring->size(), 1u);
  EXPECT_THAT(keyring->problems(), ElementsAre(HasSubstr("is too short")));
}

TEST_F(KeyringTest, RevocationInAnotherFileOfTheFolderCounts) {
  const auto key = gpg_->MakeKey("revoked later", "ed25519");
  const auto signature = gpg_->Sign(key, "data");
  dir_.Write("a.asc", gpg_->Export(key));
  dir_.Write("b.asc", gpg_->Export(*key_));
  gpg_->Revoke(key);
  dir_.Write("c.asc", gpg_->Export(key));
  const auto keyring = Must(Keyring::Load({dir_.path()}));
  EXPECT_EQ(
      Verify(*keyring, "data", signature, SignatureFormat::kOpenPgp).status,
      SignatureStatus::kKeyRejected);
  EXPECT_THAT(keyring->problems(), ElementsAre(HasSubstr("c.asc")));
}

TEST_F(KeyringTest, CrlsOfAFolderRevokeInBothForms) {
  const Authority authority;
  authority.MakeRoot("root", "rsa:2048");
  authority.MakeLeaf("leaf", "root");
  const std::string crl = authority.MakeCrl("root", {"leaf"});
  const std::string signature = authority.Sign("leaf", "data");
  dir_.Write("root.pem", authority.Pem("root"));
  const auto check = [&] {
    const auto keyring = Must(Keyring::Load({dir_.path()}));
    EXPECT_EQ(keyring->size(), 1u);
    EXPECT_THAT(keyring->problems(), IsEmpty());
    return Verify(*keyring, "data", signature, SignatureFormat::kPkcs7).status;
  };
  EXPECT_EQ(check(), SignatureStatus::kGood);
  dir_.Write(
      "a.crl",
      MustRun({"openssl", "crl", "-outform", "DER", "-in", "/dev/stdin"}, crl));
  EXPECT_EQ(check(), SignatureStatus::kKeyRejected);
  dir_.Write("a.crl", crl);
  EXPECT_EQ(check(), SignatureStatus::kKeyRejected);
  std::filesystem::remove(dir_ / "a.crl");
  dir_.Write("root.pem", authority.Pem("root") + crl);
  EXPECT_EQ(check(), SignatureStatus::kKeyRejected);
}

TEST_F(KeyringTest, CrlsThatDoNotCountAreNamed) {
  const Authority authority;
  authority.MakeRoot("root", "rsa:2048");
  authority.MakeRoot("stranger", "rsa:2048");
  dir_.Write("a.crl", "no CRL");
  dir_.Write("b.crl", authority.MakeCrl("root", {},
                                        "2.5.29.27=critical,ASN1:INTEGER:1\n"));
  dir_.Write("c.crl", authority.MakeCrl("stranger", {}));
  dir_.Write("root.pem", authority.Pem("root"));
  EXPECT_THAT(Must(Keyring::Load({dir_.path()}))->problems(),
              ElementsAre(HasSubstr("a.crl: no usable key"),
                          HasSubstr("b.crl: no usable key or CRL (delta"),
                          HasSubstr("c.crl: no trusted certificate")));
}

TEST_F(KeyringTest, CrlAloneIsNoKey) {
  const Authority authority;
  authority.MakeRoot("root", "rsa:2048");
  const std::string crl = dir_.Write("a.crl", authority.MakeCrl("root", {}));
  EXPECT_THAT(Keyring::Load({crl}), FailsWith(ENOKEY));
  const std::string key = dir_.Write("a.asc", gpg_->Export(*key_));
  EXPECT_EQ(Must(Keyring::Load({crl, key}))->size(), 1u);
}

TEST_F(KeyringTest, EveryFlippedBitOfTheSignedBytesIsRefused) {
  const std::string path = dir_.Write("a.asc", gpg_->Export(*key_));
  const auto keyring = Must(Keyring::Load({path}));
  std::string data;
  for (int i = 0; i < 300; ++i) data.push_back(static_cast<char>(i * 7));
  const std::string signature = gpg_->Sign(*key_, data);
  ASSERT_EQ(Verify(*keyring, data, signature, SignatureFormat::kOpenPgp).status,
            SignatureStatus::kGood);
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    std::string changed = data;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(
        Verify(*keyring, changed, signature, SignatureFormat::kOpenPgp).status,
        SignatureStatus::kBad)
        << bit;
  }
}

// What a signature does not cover of itself: the unhashed subpackets, the two
// bytes of the digest, and how many bits the numbers claim to have.
TEST_F(KeyringTest, EveryFlippedBitOfTheCoveredSignatureIsRefused) {
  const std::string path = dir_.Write("a.asc", gpg_->Export(*key_));
  const auto keyring = Must(Keyring::Load({path}));
  const std::string signature = gpg_->Sign(*key_, "data");
  // Packet header, version, type, two algorithms, length of what is covered.
  const std::size_t covered =
      8 + static_cast<std::size_t>(static_cast<unsigned char>(signature[7]));
  for (std::size_t bit = 0; bit < covered * 8; ++bit) {
    std::string changed = signature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(
        Verify(*keyring, "data", changed, SignatureFormat::kOpenPgp).status,
        SignatureStatus::kGood)
        << bit;
  }
  // The last 32 bytes are a number of their own.
  for (std::size_t i = signature.size() - 32; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(
        Verify(*keyring, "data", changed, SignatureFormat::kOpenPgp).status,
        SignatureStatus::kGood)
        << i;
  }
}

TEST_F(KeyringTest, ManyThreadsVerifyAtOnce) {
  dir_.Write("a.asc", gpg_->Export(*key_));
  MakeCertificate("root");
  MustRun({"openssl", "cms", "-sign", "-binary", "-outform", "DER", "-signer",
           dir_ / "root.pem", "-inkey", dir_ / "root.key", "-in",
           dir_.Write("data", "data"), "-out", dir_ / "signature"});
  const auto keyring = Must(Keyring::Load({dir_.path()}));
  const std::string openpgp = gpg_->Sign(*key_, "data");
  const std::string pkcs7 = ReadText(dir_ / "signature");
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto one =
            Verify(*keyring, "data", openpgp, SignatureFormat::kOpenPgp);
        const auto two =
            Verify(*keyring, "data", pkcs7, SignatureFormat::kPkcs7);
        good += one.status == SignatureStatus::kGood;
        good += two.status == SignatureStatus::kGood;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace assayfs
