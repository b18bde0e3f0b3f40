// SPDX-License-Identifier: Apache-2.0
// What of recorded uses would be denied, and how it is told.
#include "app/uses/replay.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "app/uses/replay_report.h"
#include "logged_uses.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ReplayTest : public ::testing::Test {
 protected:
  Replay Replayed(const std::vector<LoggedUse>& uses,
                  const std::string& rules = "appraise\n",
                  std::string_view revoked = {}) {
    index_ = IndexOf(lists_, revoked);
    policy_ = Parsed("appraise func=DIGEST_LIST_CHECK\n" + rules);
    return ReplayUses(uses, policy_, *index_, Owners{});
  }

  std::vector<RawList> lists_ = {SignedList(
      "rpm-a",
      PackageOf("a").File("/usr/bin/a", DigestOf("a").Hex(), 0100755).Build())};
  std::shared_ptr<const DigestIndex> index_;
  Policy policy_;
};

TEST_F(ReplayTest, NothingIsDeniedThatAListKnows) {
  const auto replay = Replayed({Used("/usr/bin/a", "a")});
  EXPECT_EQ(replay.uses, 1u);
  EXPECT_THAT(replay.denied, IsEmpty());
  EXPECT_THAT(replay.undecided, IsEmpty());
}

TEST_F(ReplayTest, NewDenialsAreToldFromOldOnes) {
  auto old = Used("/b", "b");
  old.verdict = "deny";
  auto unsaid = Used("/d", "d");
  unsaid.verdict = "";
  const std::vector uses = {old, unsaid, Used("/usr/bin/a", "other")};
  const auto replay = Replayed(uses);
  ASSERT_THAT(replay.denied, SizeIs(3));
  EXPECT_EQ(replay.new_denials, 1u);
  EXPECT_FALSE(replay.denied[0].is_new);
  EXPECT_FALSE(replay.denied[1].is_new);
  EXPECT_TRUE(replay.denied[2].is_new);
  EXPECT_EQ(replay.denied[2].reason, Reason::kModified);
  EXPECT_EQ(replay.denied[2].package, "a-1-1.noarch");
  EXPECT_EQ(replay.denied[2].rule, "p:2");
  EXPECT_THAT(replay.unknown, SizeIs(3));
}

TEST_F(ReplayTest, WhatIsAllowedNowIsCounted) {
  auto old = Used("/usr/bin/a", "a");
  old.verdict = "error";
  EXPECT_EQ(Replayed({old}).no_longer_denied, 1u);
}

TEST_F(ReplayTest, WithoutADigestThatCountsItIsUndecided) {
  auto use = Used("/usr/bin/a", "a");
  use.digests = {DigestOf("a", HashAlgorithm::kSha512)};
  const std::vector uses = {use};
  const auto replay = Replayed(uses);
  EXPECT_THAT(replay.denied, IsEmpty());
  EXPECT_THAT(replay.unknown, IsEmpty());
  ASSERT_THAT(replay.undecided, SizeIs(1));
  EXPECT_EQ(replay.undecided[0].detail, "no digest in sha256 was recorded");
}

TEST_F(ReplayTest, OneDigestThatIsKnownIsEnough) {
  lists_.push_back({"tlv-x", "/lists/tlv-x",
                    ToVector(AsBytes(SignedTlv("x", "/x", "good",
                                               HashAlgorithm::kSha512)))});
  EXPECT_THAT(Replayed({Used("/usr/bin/a", "a")}).undecided, IsEmpty());
  EXPECT_THAT(Replayed({Used("/b", "b")}).undecided, SizeIs(1));
}

TEST_F(ReplayTest, ARevokedDigestDecidesWhatItIsToldBy) {
  const auto digest = DigestOf("a").ToString();
  const auto use = Used("/usr/bin/a", "a");
  const auto replay = Replayed({use}, "appraise\n", "digest " + digest + "\n");
  ASSERT_THAT(replay.denied, SizeIs(1));
  EXPECT_EQ(replay.denied[0].reason, Reason::kRevoked);
  EXPECT_THAT(replay.unknown, IsEmpty());
  // It may be this content that is revoked.
  const auto other = DigestOf("y", HashAlgorithm::kSha512).ToString();
  EXPECT_THAT(Replayed({use}, "appraise\n", "digest " + other + "\n").undecided,
              SizeIs(1));
}

TEST_F(ReplayTest, WhatWasInTheWayThenIsInTheWay) {
  LoggedUse use = Used("/usr/bin/a", "a");
  use.digests.clear();
  use.verdict = "deny";
  use.reason = "writer-active";
  const std::vector uses = {use};
  const auto replay = Replayed(uses);
  ASSERT_THAT(replay.denied, SizeIs(1));
  EXPECT_EQ(replay.denied[0].reason, Reason::kWriterActive);
  use.reason = "not-regular";
  use.mode = 0;
  EXPECT_THAT(Replayed({use}).denied, IsEmpty());
  use.reason = "known";
  use.mode = 0020600;
  EXPECT_THAT(Replayed({use}).denied, IsEmpty());
}

TEST_F(ReplayTest, ConditionsAreMatched) {
  auto use = Used("/tmp/b", "b");
  use.use.number(NumberFact::kEuid) = 7;
  const std::string rules = "appraise euid=0\n";
  EXPECT_THAT(Replayed({use}, rules).denied, IsEmpty());
  use.use.number(NumberFact::kEuid).reset();
  EXPECT_THAT(Replayed({use}, rules).denied, SizeIs(1));
}

TEST_F(ReplayTest, BoundAttributesAreThoseOfTheRecord) {
  auto use = Used("/usr/bin/a", "a");
  use.use.number(NumberFact::kFowner) = 0;
  use.use.number(NumberFact::kFgroup) = 0;
  const std::string rules = "appraise bind=path,mode,owner\n";
  EXPECT_THAT(Replayed({use}, rules).denied, IsEmpty());
  EXPECT_THAT(Replayed({use}, rules).not_compared, IsEmpty());
  use.mode = 0104755;
  EXPECT_THAT(Replayed({use}, rules).denied, SizeIs(1));
  use.mode = 0;
  const auto replay = Replayed({use}, rules);
  EXPECT_THAT(replay.denied, IsEmpty());
  EXPECT_EQ(replay.not_compared.at("mode"), 1u);
  EXPECT_EQ(replay.not_compared.at("owner"), 1u);
}

TEST_F(ReplayTest, TextGroupsTheLargestFirst) {
  std::vector uses = {Used("/usr/bin/a", "other"), Used("/opt/y\n", "y")};
  for (int i = 0; i < 7; ++i) {
    uses.push_back(Used("/opt/x" + std::to_string(i), "x"));
  }
  for (auto& use : uses) use.use.text(TextFact::kExe) = {"/bin/sh"};
  const std::string text = ReplayText(Replayed(uses));
  EXPECT_TRUE(text.starts_with(
      "9 uses replayed, 9 denied, 9 of them new; 0 no longer denied\n"))
      << text;
  EXPECT_LT(text.find("denied, by package:\n  no package: 8, 8 new\n"),
            text.find("  a-1-1.noarch: 1, 1 new\n    + /usr/bin/a: modified, "
                      "p:2"));
  EXPECT_THAT(text, HasSubstr("      and 3 more\n"));
  EXPECT_THAT(text, HasSubstr("denied, by program:\n  /bin/sh: 9, 9 new\n"));
  EXPECT_THAT(text, HasSubstr("new to these lists:\n  /opt: 8\n"));
  EXPECT_THAT(text, HasSubstr("/opt/x0: sha256:"));
  EXPECT_THAT(text, Not(HasSubstr("y\n:")));
}

TEST_F(ReplayTest, TextTellsOldDenialsTooAndNewOnesFirst) {
  std::vector<LoggedUse> uses;
  for (int i = 0; i < 7; ++i) {
    uses.push_back(Used("/opt/a" + std::to_string(i), "x"));
    uses.back().verdict = "deny";
    uses.back().reason = "unknown-content";
    uses.back().use.text(TextFact::kExe) = {"/bin/old"};
    uses.back().use.number(NumberFact::kEuid) = 33;
  }
  uses.push_back(Used("/opt/z", "z"));
  uses.back().use.text(TextFact::kExe) = {"/bin/new"};
  const std::string text = ReplayText(Replayed(uses));
  EXPECT_TRUE(text.starts_with(
      "8 uses replayed, 8 denied, 1 of them new; 0 no longer denied\n"))
      << text;
  EXPECT_THAT(text, HasSubstr("denied, by package:\n"
                              "  no package: 8, 1 new\n"
                              "    + /opt/z: unknown-content, p:2\n"
                              "      /opt/a0: unknown-content, p:2\n"));
  EXPECT_THAT(text, HasSubstr("denied, by program:\n"
                              "  /bin/new: 1, 1 new\n"
                              "    + /opt/z: unknown-content, p:2\n"
                              "  /bin/old: 7\n"));
  EXPECT_THAT(text, HasSubstr("denied, by user:\n"
                              "  an unknown user: 1, 1 new\n"
                              "  uid 33: 7\n\n"
                              "denied, by rule:\n"
                              "  p:2: 8, 1 new\n"));
}

TEST_F(ReplayTest, JsonWritesAPathInOneWay) {
  const std::vector uses = {Used("/a%/b\xff", "x")};
  const auto json = ReplayJson(Replayed(uses));
  EXPECT_EQ(json["denials"][0]["path"], "/a%25/b%ff");
  EXPECT_EQ(json["unknown"][0]["path"], "/a%25/b%ff");
  EXPECT_EQ(json["unknown"][0]["folder"], "/a%25");
}

TEST_F(ReplayTest, JsonTellsEachDenial) {
  const std::vector uses = {Used("/usr/bin/a", "other", kMayExec)};
  const auto json = ReplayJson(Replayed(uses));
  EXPECT_EQ(json["denied"], 1);
  const auto& denial = json["denials"][0];
  EXPECT_EQ(denial["path"], "/usr/bin/a");
  EXPECT_EQ(denial["mask"], kMayExec);
  EXPECT_EQ(denial["verdict"], "deny");
  EXPECT_EQ(denial["reason"], "modified");
  EXPECT_EQ(denial["recorded_verdict"], "allow");
  EXPECT_EQ(denial["new"], true);
  EXPECT_EQ(json["unknown"][0]["folder"], "/usr/bin");
}

}  // namespace
}  // namespace assayfs
