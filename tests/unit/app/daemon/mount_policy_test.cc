// SPDX-License-Identifier: Apache-2.0
#include "app/daemon/mount_policy.h"

#include <string>

#include "lists/appended_signature.h"
#include "support/fakes.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing;  // NOLINT: the fakes and matchers of this project

class MountPolicyTest : public ::testing::Test {
 protected:
  // Writes a policy file, signed unless signature is "".
  std::string Put(const std::string& name, std::string_view text,
                  std::string_view signature = "good") {
    if (signature.empty()) return dir_.Write(name, text);
    const auto bytes = AppendSignature(AsBytes(text), SignatureFormat::kPkcs7,
                                       AsBytes(signature));
    return dir_.Write(name, AsText(bytes));
  }
  Result<LoadedPolicy> Load(const std::string& policy,
                            const Policy* judge = nullptr) {
    MountSettings settings;
    settings.policy = policy;
    settings.bind = bind_;
    return LoadMountPolicy(settings, FakeVerifier(), revocations_, judge);
  }

  const TempDir dir_;
  Binding bind_;
  Revocations revocations_;
};

constexpr std::string_view kSigned = "appraise func=POLICY_CHECK\nappraise\n";

TEST_F(MountPolicyTest, BindsWhatTheMountBinds) {
  bind_ = {.path = true};
  const auto loaded = Must(Load("files"));
  EXPECT_TRUE(BindingOf(loaded.policy).path);
}

TEST_F(MountPolicyTest, OneThatAsksForSignaturesNeedsOne) {
  EXPECT_TRUE(Load(Put("p", kSigned)));
  EXPECT_THAT(Load(Put("p", kSigned, "")),
              FailsSaying(EKEYREJECTED, "it is not signed, but"));
  EXPECT_THAT(Load(Put("p", kSigned, "bad")),
              FailsSaying(EKEYREJECTED, "bad signature, but"));
  EXPECT_THAT(Load(Put("p", kSigned, "other")),
              FailsSaying(EKEYREJECTED, "no key (key 1234), but"));
}

TEST_F(MountPolicyTest, SoDoesWhatItIncludes) {
  Put("q", "dont_appraise uid=5\n", "");
  EXPECT_THAT(Load(Put("p", "include q\n" + std::string(kSigned))),
              FailsSaying(EKEYREJECTED, "q: it is not signed, but"));
  Put("q", "dont_appraise uid=5\n");
  EXPECT_TRUE(Load(Put("p", "include q\n" + std::string(kSigned))));
}

TEST_F(MountPolicyTest, AndWhatFollowsIt) {
  const auto first = Must(Load(Put("p", kSigned)));
  EXPECT_THAT(Load(Put("p", "appraise\n", ""), &first.policy),
              FailsSaying(EKEYREJECTED, "p:1 asks for"));
  EXPECT_TRUE(Load(Put("p", "appraise\n"), &first.policy));
  EXPECT_TRUE(Load("files", &first.policy)) << "it comes with the program";
}

TEST_F(MountPolicyTest, WhoMaySignCanBeSaid) {
  const std::string rule = "appraise func=POLICY_CHECK signer=";
  EXPECT_TRUE(
      Load(Put("p", rule + FakeVerifier::kFingerprint + "\nappraise\n")));
  EXPECT_THAT(Load(Put("p", rule + "1*\nappraise\n")),
              FailsSaying(EKEYREJECTED, "signed by 00ff, but"));
}

TEST_F(MountPolicyTest, WhatARevokedKeySignedIsNotSigned) {
  const std::string key = "key " + FakeVerifier::kFingerprint;
  const std::string policy = Put("p", "version 3\n" + std::string(kSigned));
  EXPECT_EQ(FloorsOf(Must(Load(policy))).size(), 1U);
  revocations_.Add("revoked", key);
  EXPECT_THAT(Load(policy),
              FailsSaying(EKEYREJECTED, "revoked by \"" + key + "\", but"));
  EXPECT_TRUE(FloorsOf(Must(Load(Put("q", "version 3\nappraise\n")))).empty());
}

TEST_F(MountPolicyTest, WhatIsNotKnownOfAFileIsNoReasonToTrustIt) {
  auto loaded = Must(Load(Put("p", "appraise\n", "")));
  const auto judge = Must(Load(Put("q", kSigned)));
  loaded.files.front().file.reset();
  EXPECT_THAT(AppraisePolicy(judge.policy, loaded),
              FailsSaying(EKEYREJECTED, "it is not signed, but"));
}

TEST_F(MountPolicyTest, WithoutSuchARuleASignatureIsNoMatter) {
  EXPECT_TRUE(Load(Put("p", "appraise\n", "bad")));
}

TEST_F(MountPolicyTest, OneWithoutARuleIsRefused) {
  EXPECT_THAT(Load(Put("p", "# nothing\n")),
              FailsSaying(EINVAL, "has no rules"));
}

TEST_F(MountPolicyTest, OneThatWouldDenyEverythingIsRefused) {
  EXPECT_THAT(Load(Put("p", "appraise func=FILE_CHECK\n")),
              FailsSaying(EINVAL, "every file would be denied"));
}

TEST_F(MountPolicyTest, OneThatBindsNothingIsRefused) {
  EXPECT_THAT(Load(Put("p",
                       "appraise func=DIGEST_LIST_CHECK\n"
                       "appraise func=BPRM_CHECK bind=link\n")),
              FailsSaying(EINVAL, "bind=link binds nothing"));
}

TEST_F(MountPolicyTest, OnlyASignedPolicyHasAFloor) {
  const auto floors = [this](const std::string& path) {
    std::vector<std::string> texts;
    for (const auto& [name, version] : FloorsOf(Must(Load(path)))) {
      texts.push_back(name + " " + version);
    }
    return texts;
  };
  EXPECT_THAT(floors(Put("p", "version 3\nappraise\n", "")), IsEmpty());
  EXPECT_THAT(floors(Put("p", "appraise\n")), IsEmpty());
  EXPECT_THAT(floors(Put("a b", "version 3\nappraise\n")),
              ElementsAre("policy:a\\x20b 3"));
  Put("q", "version 9\n");
  Put("r", "version 9\n", "");
  EXPECT_THAT(floors(Put("p", "version 3\ninclude q\ninclude r\nappraise\n")),
              ElementsAre("policy:p 3", "policy:q 9"));
}

TEST_F(MountPolicyTest, NorDoesAnOlderFileThatIsIncluded) {
  const auto floors = Floors().RaisedTo("policy:q", "10");
  const std::string policy = Put("p", "version 99\ninclude q\nappraise\n");
  Put("q", "version 10\n");
  Must(CheckPolicyFloors(floors, Must(Load(policy))));
  Put("q", "version 9\n");
  EXPECT_THAT(CheckPolicyFloors(floors, Must(Load(policy))),
              FailsSaying(EKEYREJECTED,
                          "q: rolled back: version 9, but version 10 was"));
}

TEST_F(MountPolicyTest, NothingOlderComesBack) {
  const auto floors = Floors().RaisedTo("policy:p", "10");
  const auto load = [this](const std::string& name, const std::string& text,
                           std::string_view signature = "good") {
    return Must(Load(Put(name, text + "appraise\n", signature)));
  };
  Must(CheckPolicyFloors(floors, load("p", "version 10\n")));
  Must(CheckPolicyFloors(floors, load("p", "version 11\n")));
  Must(CheckPolicyFloors(floors, load("q", "version 1\n")));
  EXPECT_THAT(CheckPolicyFloors(floors, load("p", "version 9\n")),
              FailsSaying(EKEYREJECTED,
                          "rolled back: version 9, but version "
                          "10 was in force"));
  for (const auto& old : {load("p", ""), load("p", "version 11\n", "")}) {
    EXPECT_THAT(CheckPolicyFloors(floors, old),
                FailsSaying(EKEYREJECTED, "no version that is signed"));
  }
}

TEST_F(MountPolicyTest, IsMeasuredAsItsRulesSay) {
  FakeMeasurer measurer;
  Put("q", "measure func=POLICY_CHECK pcr=11\n");
  const auto loaded = Must(Load(Put("p", "include q\ninclude files\n")));
  Must(MeasurePolicy(loaded, measurer));
  EXPECT_THAT(measurer.paths(),
              ::testing::ElementsAre(dir_ / "p", dir_ / "q", "built-in files"));
  EXPECT_EQ(measurer.pcrs()[0], 11U);
  EXPECT_EQ(measurer.digests()[1], DigestOf(ReadText(dir_ / "q")).Hex());
  measurer.failing = true;
  EXPECT_THAT(MeasurePolicy(loaded, measurer),
              FailsSaying(EIO, "not measured: the TPM is on fire"));
  Must(MeasurePolicy(Must(Load("files")), measurer));  // asks for nothing
}

TEST_F(MountPolicyTest, AMountCanBeGivenNoMoreThanItWasMadeFor) {
  constexpr std::string_view kLists = "appraise func=DIGEST_LIST_CHECK\n";
  const auto fits = [&](EnforceAt at, const Binding& made_for,
                        const std::string& rule) {
    const auto policy = Must(Load(Put("p", std::string(kLists) + rule)));
    return CheckFitsMount(at, made_for, policy.policy);
  };
  EXPECT_TRUE(fits(EnforceAt::kOpen, {}, "appraise bind=path\n"));
  EXPECT_THAT(fits(EnforceAt::kOpen, {}, "appraise bind=mode\n"),
              FailsSaying(EINVAL, "was not made for"));
  EXPECT_TRUE(fits(EnforceAt::kOpen, {.mode = true}, "appraise bind=owner\n"));
  EXPECT_THAT(fits(EnforceAt::kOpen, {.mode = true}, "appraise bind=link\n"),
              FailsSaying(EINVAL, "was not made for"));
  EXPECT_THAT(fits(EnforceAt::kRead, {}, "appraise uid=5\n"),
              FailsSaying(EINVAL, "with --enforce-at open"));
}

}  // namespace
}  // namespace assayfs
