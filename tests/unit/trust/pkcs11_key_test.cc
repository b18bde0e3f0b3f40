// SPDX-License-Identifier: Apache-2.0
// With tokens that fail as a test says; real signatures are in
// pkcs7_token_test.cc.
#include "trust/pkcs11_key.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/fake_token.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::FakeToken;
using testing::Must;
using testing::TempDir;

class Pkcs11KeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    library_ = ::dlopen(module_.c_str(), RTLD_NOW);
    ASSERT_NE(library_, nullptr) << ::dlerror();
    fake_ = reinterpret_cast<FakeToken* (*)()>(
        ::dlsym(library_, "AssayfsFakeToken"))();
    *fake_ = FakeToken();
  }
  void TearDown() override {
    EXPECT_EQ(fake_->open_sessions, 0);
    ::dlclose(library_);
  }

  std::string Uri(const std::string& parts = "token=fake",
                  const std::string& query = "&pin-value=1234") {
    return "pkcs11:" + parts + "?module-path=" + module_ + query;
  }
  Result<Pkcs11Key> Open() { return Pkcs11Key::Open(Uri()); }

  // Built beside the test program.
  std::string module_ =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() /
      "libfake-token.so";
  void* library_ = nullptr;
  FakeToken* fake_ = nullptr;
};

TEST_F(Pkcs11KeyTest, TellsUrisFromFiles) {
  EXPECT_TRUE(Pkcs11Key::IsUri("pkcs11:token=x"));
  EXPECT_FALSE(Pkcs11Key::IsUri("./pkcs11:token=x"));
  EXPECT_FALSE(Pkcs11Key::IsUri("key.pem"));
}

TEST_F(Pkcs11KeyTest, OneLoginSignsManyTimes) {
  const auto key = Must(Open());
  const std::string digest(32, 'x');
  for (int i = 0; i < 3; ++i) {
    // SEQUENCE of two INTEGER of 32 bytes, all 0x01.
    const std::string number = "\x02\x20" + std::string(32, '\x01');
    EXPECT_EQ(AsText(Must(key.SignSha256(AsBytes(digest)))),
              "\x30\x44" + number + number);
  }
  EXPECT_EQ(fake_->signed_bytes, digest);
  EXPECT_EQ(fake_->user_logins, 1);
  EXPECT_EQ(fake_->logins_for_one_use, 0);
}

TEST_F(Pkcs11KeyTest, RsaSignsTheDigestWithItsAlgorithm) {
  fake_->key_type = CKK_RSA;
  const auto key = Must(Open());
  EXPECT_EQ(Must(key.SignSha256(AsBytes(std::string(32, 'x')))).size(), 64u);
  EXPECT_EQ(fake_->signed_bytes.size(), 51u);
  EXPECT_EQ(fake_->signed_bytes.substr(19), std::string(32, 'x'));
}

TEST_F(Pkcs11KeyTest, AKeyThatAsksEachTimeIsToldThePinEachTime) {
  fake_->asks_each_time = CK_TRUE;
  const auto key = Must(Open());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(key.SignSha256(AsBytes(std::string(32, 'x'))));
  }
  EXPECT_EQ(fake_->user_logins, 1);
  EXPECT_EQ(fake_->logins_for_one_use, 2);
  fake_->login_answer = CKR_PIN_LOCKED;
  EXPECT_THAT(key.SignSha256(AsBytes(std::string(32, 'x'))),
              FailsSaying(EACCES, "locked"));
}

TEST_F(Pkcs11KeyTest, ATokenWithKeypadAsksItself) {
  fake_->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
  EXPECT_TRUE(Pkcs11Key::Open(Uri("token=fake", "")));
  EXPECT_TRUE(fake_->used_keypad);
  EXPECT_TRUE(Open());
  EXPECT_FALSE(fake_->used_keypad);
}

TEST_F(Pkcs11KeyTest, ATokenWithoutPinIsNotLoggedInto) {
  fake_->flags = CKF_TOKEN_INITIALIZED;
  EXPECT_TRUE(Pkcs11Key::Open(Uri("token=fake", "")));
  EXPECT_EQ(fake_->user_logins, 0);
}

TEST_F(Pkcs11KeyTest, ThePinMayBeInAFile) {
  const TempDir dir;
  const std::string source = "&pin-source=file:" + dir.Write("pin", "1234\n");
  EXPECT_TRUE(Pkcs11Key::Open(Uri("token=fake", source)));
  EXPECT_THAT(Pkcs11Key::Open(Uri("token=fake", "&pin-source=/missing")),
              FailsSaying(ENOENT, "pin-source"));
  EXPECT_THAT(Pkcs11Key::Open(Uri("token=fake", "&pin-value=")),
              FailsSaying(EINVAL, "no PIN"));
  EXPECT_EQ(fake_->user_logins, 1);
}

TEST_F(Pkcs11KeyTest, RefusesWhatIsNoUriOfAPrivateKey) {
  for (const std::string text : {"pkcs11:token=%zz", "pkcs11:token",
                                 "pkcs11:type=cert", "pkcs11:tokn=fake"}) {
    EXPECT_THAT(Pkcs11Key::Open(text), FailsSaying(EINVAL, "PKCS#11 URI"))
        << text;
  }
  EXPECT_TRUE(Pkcs11Key::Open(Uri("type=private")));
}

TEST_F(Pkcs11KeyTest, NamesAModuleThatCannotBeUsed) {
  const TempDir dir;
  for (const std::string& path :
       {dir / "missing.so", dir.Write("text.so", "x")}) {
    EXPECT_THAT(Pkcs11Key::Open("pkcs11:token=fake?module-path=" + path),
                FailsSaying(ENODEV, path));
  }
}

TEST_F(Pkcs11KeyTest, EveryPartOfTheUriMustMatchTheToken) {
  for (const char* parts :
       {"serial=1", "token=other", "slot-id=7", "slot-description=other",
        "library-manufacturer=other", "manufacturer=other", "model=other"}) {
    EXPECT_THAT(Pkcs11Key::Open(Uri(parts)), FailsSaying(ENODEV, "no token"))
        << parts;
  }
  EXPECT_TRUE(Pkcs11Key::Open(
      Uri("serial=0;token=fake;slot-id=0;slot-description=fake%20slot;"
          "library-manufacturer=assayfs")));
}

TEST_F(Pkcs11KeyTest, AnEmptyTokenDoesNotMatch) {
  fake_->flags = CKF_LOGIN_REQUIRED;
  EXPECT_THAT(Open(), FailsWith(ENODEV));
}

TEST_F(Pkcs11KeyTest, NoPinIsTriedOnSeveralTokens) {
  fake_->tokens = 2;
  EXPECT_THAT(Open(), FailsSaying(EINVAL, "several tokens"));
  EXPECT_EQ(fake_->user_logins, 0);
  EXPECT_TRUE(Pkcs11Key::Open(Uri("serial=1")));
}

TEST_F(Pkcs11KeyTest, ThereMustBeOneKey) {
  fake_->keys = 0;
  EXPECT_THAT(Open(), FailsSaying(ENOENT, "no private key"));
  fake_->keys = 2;
  EXPECT_THAT(Open(), FailsSaying(EINVAL, "several private keys"));
}

TEST_F(Pkcs11KeyTest, AWrongPinIsTriedOnceAndNotTold) {
  const auto key = Pkcs11Key::Open(Uri("token=fake", "&pin-value=987654"));
  EXPECT_THAT(key, FailsSaying(EACCES, "may lock the token"));
  EXPECT_EQ(key.error().message().find("987654"), std::string::npos);
  EXPECT_EQ(fake_->user_logins, 1);
}

TEST_F(Pkcs11KeyTest, SaysThatThePinIsLocked) {
  fake_->login_answer = CKR_PIN_LOCKED;
  EXPECT_THAT(Open(), FailsSaying(EACCES, "locked"));
}

TEST_F(Pkcs11KeyTest, RefusesKeysOfOtherKinds) {
  fake_->key_type = CKK_DSA;
  EXPECT_THAT(Open(), FailsSaying(EOPNOTSUPP, "neither RSA nor EC"));
}

TEST_F(Pkcs11KeyTest, SaysThatTheTokenFailed) {
  for (CK_RV FakeToken::*answer :
       {&FakeToken::session_answer, &FakeToken::login_answer,
        &FakeToken::find_answer, &FakeToken::read_answer}) {
    fake_->*answer = CKR_DEVICE_REMOVED;
    EXPECT_THAT(Open(), FailsSaying(EIO, "the token failed"));
    fake_->*answer = CKR_OK;
  }
  const auto key = Must(Open());
  fake_->sign_answer = CKR_DEVICE_ERROR;
  EXPECT_THAT(key.SignSha256(AsBytes(std::string(32, 'x'))),
              FailsSaying(EIO, "the token failed"));
}

}  // namespace
}  // namespace assayfs
