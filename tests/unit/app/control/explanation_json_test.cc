// SPDX-License-Identifier: Apache-2.0
#include "app/control/explanation_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/results.h"

namespace assayfs {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;

Digest SomeDigest(char letter) {
  return Must(Digest::FromHex(HashAlgorithm::kSha256, std::string(64, letter)));
}

Appraiser::Explanation Modified() {
  Appraiser::Explanation explanation;
  explanation.path = "/bin/x";
  explanation.answer.decision = {.verdict = Verdict::kDeny,
                                 .reason = Reason::kModified};
  explanation.digest = SomeDigest('a');
  explanation.rule_text = "appraise func=FILE_CHECK";
  explanation.rule_file = "p";
  explanation.rule_line = 1;
  explanation.expected.push_back({.list = "0-rpm-foo",
                                  .package = "foo-1-1.x86_64",
                                  .digest = SomeDigest('b')});
  explanation.epoch = 4;
  return explanation;
}

TEST(ExplanationJsonTest, HasTheDocumentedMembers) {
  const auto json = ExplanationJson(Modified());
  EXPECT_EQ(json["path"], "/bin/x");
  EXPECT_EQ(json["verdict"], "deny");
  EXPECT_EQ(json["reason"], "modified");
  EXPECT_EQ(json["rule"]["file"], "p");
  EXPECT_EQ(json["rule"]["line"], 1);
  EXPECT_EQ(json["rule"]["text"], "appraise func=FILE_CHECK");
  EXPECT_EQ(json["digest"]["algorithm"], "sha256");
  EXPECT_EQ(json["digest"]["value"], std::string(64, 'a'));
  EXPECT_EQ(json["expected"][0]["list"], "0-rpm-foo");
  EXPECT_EQ(json["expected"][0]["digest"], "sha256:" + std::string(64, 'b'));
  EXPECT_EQ(json["cached"], false);
  EXPECT_EQ(json["epoch"], 4);
  EXPECT_THAT(json["fix"].get<std::string>(), HasSubstr("foo-1-1.x86_64"));
  EXPECT_THAT(json["lists"], IsEmpty());
}

TEST(ExplanationJsonTest, WhoAskedIsTold) {
  auto explanation = Modified();
  EXPECT_THAT(ExplanationText(ExplanationJson(explanation)),
              HasSubstr("asked     for read by uid 0\n"));
  explanation.use = {.mask = kMayExec, .uid = 5};
  explanation.use.text(TextFact::kExe) = {"/bin/sh"};
  explanation.needs = {.exe = true, .container = true};
  const auto json = ExplanationJson(explanation);
  EXPECT_EQ(json["asked"]["exe"], "/bin/sh");
  EXPECT_TRUE(json["asked"]["container"].is_null());
  EXPECT_THAT(
      ExplanationText(json),
      HasSubstr("asked     for exec by uid 5, exe /bin/sh, unknown container "
                "(say --container)\n"));
}

TEST(ExplanationJsonTest, AListComesWithItsSigner) {
  Appraiser::Explanation explanation;
  explanation.answer.decision = {.verdict = Verdict::kAllow,
                                 .reason = Reason::kKnown};
  explanation.lists.push_back({.name = "0-tlv-a",
                               .format = ListFormat::kTlv,
                               .package = "",
                               .sha256 = "ff",
                               .signer = {.fingerprint = "ab12", .name = "Ann"},
                               .verified = true,
                               .measured = true});
  const auto json = ExplanationJson(explanation);
  EXPECT_EQ(json["lists"][0]["format"], "tlv");
  EXPECT_EQ(json["lists"][0]["signer"]["fingerprint"], "ab12");
  EXPECT_EQ(json["lists"][0]["verified"], true);
  EXPECT_TRUE(json["rule"].is_null());
  EXPECT_TRUE(json["digest"].is_null());
  EXPECT_EQ(json["fix"], "");
  EXPECT_THAT(ExplanationText(json),
              HasSubstr("list      0-tlv-a, signed by Ann (ab12)\n"));
}

TEST(ExplanationJsonTest, TextNamesListAndPackageOfAModifiedFile) {
  const auto text = ExplanationText(ExplanationJson(Modified()));
  EXPECT_THAT(text, HasSubstr("reason    modified\n"));
  EXPECT_THAT(text, HasSubstr(" in 0-rpm-foo, package foo-1-1.x86_64\n"));
}

TEST(ExplanationJsonTest, TextOfSomethingElseIsHarmless) {
  EXPECT_NO_THROW(ExplanationText({{"lists", 5}, {"digest", "x"}}));
  EXPECT_NO_THROW(ExplanationText(nlohmann::json::array()));
}

}  // namespace
}  // namespace assayfs
