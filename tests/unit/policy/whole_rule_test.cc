// SPDX-License-Identifier: Apache-2.0
#include "policy/whole_rule.h"

#include "support/policies.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Parsed;

Result<Policy> Parse(std::string text) {
  return ParsePolicy({"p", std::move(text)});
}

TEST(FinishRuleTest, AlgorithmsOfFsVerityAreThoseItIsMadeWith) {
  const auto algorithms = [](const std::string& names) {
    return Parsed(
               "appraise func=BPRM_CHECK digest_type=verity "
               "appraise_type=sigv3 appraise_algos=" +
               names + "\n")
        .rules[0]
        .terms.algorithms;
  };
  using enum HashAlgorithm;
  EXPECT_EQ(algorithms("sha256"), std::vector{kVeritySha256});
  EXPECT_EQ(algorithms("sha512,sha384,verity-sha512,verity-sha256"),
            (std::vector{kVeritySha512, kVeritySha256}));
  EXPECT_THAT(Parse("appraise digest_type=verity appraise_algos=sha384,sha1\n"),
              FailsSaying(EINVAL, "p:1:1: no digest of fs-verity is in these"));
  EXPECT_EQ(
      Parsed("appraise appraise_algos=sha256\n").rules[0].terms.algorithms,
      std::vector{kSha256});
}

TEST(FinishRuleTest, WhatIsNotAskedWhenListsAreMeasuredIsRefused) {
  for (const std::string word : {"list=a", "package=a", "signer!=ab"}) {
    EXPECT_THAT(Parse("measure func=DIGEST_LIST_CHECK " + word + "\n"),
                FailsSaying(EINVAL,
                            "p:1:1: list=, package= and signer= are "
                            "not asked"));
    EXPECT_TRUE(Parse("appraise func=DIGEST_LIST_CHECK " + word + "\n"));
  }
  for (const std::string more : {"", " digest_cache=data pcr=11"}) {
    EXPECT_THAT(Parse("measure func=POLICY_CHECK signer=ab" + more + "\n"),
                FailsSaying(EINVAL,
                            "p:1:1: list=, package= and signer= are "
                            "not asked"));
  }
}

}  // namespace
}  // namespace assayfs
