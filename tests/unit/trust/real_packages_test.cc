// SPDX-License-Identifier: Apache-2.0
// The keyring on packages, lists and keys that others made.
#include "lists/appended_signature.h"
#include "lists/rpm_header.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using ::testing::IsEmpty;
using testing::Must;
using testing::ReadText;
using testing::RealData;
using ::testing::SizeIs;

class RealPackagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealData().empty()) GTEST_SKIP() << "ASSAYFS_TEST_DATA is not set";
    good_ = Must(Keyring::Load({RealData() / "keys/good"}));
  }

  static SignatureCheck CheckPackage(const Keyring& keyring,
                                     const std::filesystem::path& path) {
    const auto package = Must(ParseRpmPackage(AsBytes(ReadText(path))));
    return keyring.Verify(SignatureFormat::kOpenPgp, package.header,
                          package.signatures);
  }
  SignatureCheck CheckOdd(const std::string& name) const {
    return CheckPackage(*good_, RealData() / "rpms/odd" / name);
  }
  static std::vector<std::filesystem::path> FilesOf(const char* folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(RealData() / folder)) {
      files.push_back(entry.path());
    }
    return files;
  }

  std::shared_ptr<const Keyring> good_;
};

TEST_F(RealPackagesTest, AllGoodKeysLoad) {
  EXPECT_EQ(good_->size(), 11u);
  EXPECT_THAT(good_->problems(), IsEmpty());
}

TEST_F(RealPackagesTest, AllGoodPackagesVerify) {
  const auto files = FilesOf("rpms/good");
  EXPECT_THAT(files, SizeIs(12));
  for (const auto& path : files) {
    const auto check = CheckPackage(*good_, path);
    EXPECT_EQ(check.status, SignatureStatus::kGood)
        << path << ": " << check.detail;
  }
}

TEST_F(RealPackagesTest, AllMarinerListsVerify) {
  const auto keyring =
      Must(Keyring::Load({RealData() / "keys/good/mariner.asc"}));
  const auto files = FilesOf("lists/mariner");
  EXPECT_THAT(files, SizeIs(77));
  for (const auto& path : files) {
    const std::string bytes = ReadText(path);
    const auto split = Must(SplitSignature(AsBytes(bytes)));
    ASSERT_TRUE(split.signature) << path;
    const auto check = keyring->Verify(split.signature->format, split.payload,
                                       split.signature->signature);
    EXPECT_EQ(check.status, SignatureStatus::kGood)
        << path << ": " << check.detail;
  }
}

TEST_F(RealPackagesTest, PackagesOfUnknownSignersHaveNoKey) {
  const auto files = FilesOf("rpms/nokey");
  EXPECT_THAT(files, SizeIs(3));
  for (const auto& path : files) {
    EXPECT_EQ(CheckPackage(*good_, path).status, SignatureStatus::kNoKey)
        << path;
  }
}

TEST_F(RealPackagesTest, EachSignatureOfAPackageWithSeveralIsEnough) {
  for (const char* key :
       {"rpm-rs-ed25519.asc", "rpm-rs-ecdsa.asc", "rpm-rs-rsa4096.asc"}) {
    const auto keyring = Must(Keyring::Load({RealData() / "keys/good" / key}));
    EXPECT_EQ(
        CheckPackage(*keyring, RealData() / "rpms/good" /
                                   "rpm-basic-with-ima-2.3.4-5.el9.noarch.rpm")
            .status,
        SignatureStatus::kGood)
        << key;
  }
}

TEST_F(RealPackagesTest, OddPackagesWithAGoodHeaderVerify) {
  for (const char* name :
       {"hello-2.0-1.x86_64-badima.rpm", "hello-2.0-1.x86_64-corrupted.rpm",
        "hello-2.0-1.x86_64-signed-mldsa87.rpm",
        "rpm-basic-with-ecdsa-2.3.4-5.el9.noarch.rpm"}) {
    const auto check = CheckOdd(name);
    EXPECT_EQ(check.status, SignatureStatus::kGood)
        << name << ": " << check.detail;
  }
}

TEST_F(RealPackagesTest, PostQuantumSignatureAloneIsMalformed) {
  const auto package = Must(ParseRpmPackage(AsBytes(ReadText(
      RealData() / "rpms/odd/hello-2.0-1.x86_64-signed-mldsa87.rpm"))));
  const auto keyring =
      Must(Keyring::Load({RealData() / "keys/good/mariner.asc"}));
  // With no key for the others, these come nearer to good.
  EXPECT_EQ(keyring
                ->Verify(SignatureFormat::kOpenPgp, package.header,
                         package.signatures)
                .status,
            SignatureStatus::kNoKey);
}

TEST_F(RealPackagesTest, SignatureByASubkeyThatHadExpiredIsRejected) {
  const std::string name = "hello-2.0-1.x86_64-signed-with-subkey.rpm";
  EXPECT_EQ(CheckOdd(name).status, SignatureStatus::kNoKey);
  const auto keyring =
      Must(Keyring::Load({RealData() / "keys/bad/subkey-expired.asc"}));
  EXPECT_EQ(CheckPackage(*keyring, RealData() / "rpms/odd" / name).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(RealPackagesTest, SubkeysThatAreNotBoundAreRefused) {
  for (const char* name : {"subkey-bad-binding.asc", "subkey-no-binding.asc"}) {
    EXPECT_THAT(Keyring::Load({RealData() / "keys/bad" / name}),
                FailsSaying(EBADMSG, "no binding signature"));
  }
}

TEST_F(RealPackagesTest, NoPackageIsGoodByABadKey) {
  const auto bad = Must(Keyring::Load({RealData() / "keys/bad"}));
  for (const char* folder : {"rpms/good", "rpms/nokey"}) {
    for (const auto& path : FilesOf(folder)) {
      EXPECT_NE(CheckPackage(*bad, path).status, SignatureStatus::kGood)
          << path;
    }
  }
}

TEST_F(RealPackagesTest, UnsignedPackagesAreMalformed) {
  for (const auto& path : FilesOf("rpms/unsigned")) {
    EXPECT_EQ(CheckPackage(*good_, path).status, SignatureStatus::kMalformed)
        << path;
  }
}

}  // namespace
}  // namespace assayfs
