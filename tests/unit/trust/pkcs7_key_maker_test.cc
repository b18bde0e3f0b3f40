// SPDX-License-Identifier: Apache-2.0
#include "trust/pkcs7_key_maker.h"

#include <sys/stat.h>

#include "support/results.h"
#include "support/temp_dir.h"
#include "trust/keyring.h"
#include "trust/pkcs7_signer.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;
using testing::TempDir;

TEST(MakePkcs7KeyTest, WhatItSignsIsGoodForWhoTrustsIt) {
  const TempDir dir;
  const auto key = Must(MakePkcs7Key(dir.path(), "a"));
  const auto other = Must(MakePkcs7Key(dir.path(), "b"));
  const auto signer =
      Must(Pkcs7Signer::Load(key.key_path, key.certificate_path));
  const auto signature = Must(signer.Sign(AsBytes("text")));
  const auto check = [&](const MadeKey& trusted) {
    return Must(Keyring::Load({trusted.certificate_path}))
        ->Verify(SignatureFormat::kPkcs7, AsBytes("text"), signature);
  };
  EXPECT_EQ(check(key).status, SignatureStatus::kGood);
  EXPECT_EQ(check(key).signer.fingerprint, key.fingerprint);
  EXPECT_EQ(check(other).status, SignatureStatus::kNoKey);
}

TEST(MakePkcs7KeyTest, TheKeyIsForItsOwnerOnly) {
  const TempDir dir;
  struct stat info {};
  ASSERT_EQ(::stat(Must(MakePkcs7Key(dir.path(), "a")).key_path.c_str(), &info),
            0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST(MakePkcs7KeyTest, NeedsItsFolder) {
  EXPECT_THAT(MakePkcs7Key("/nonexistent", "a"), FailsWith(ENOENT));
}

}  // namespace
}  // namespace assayfs
