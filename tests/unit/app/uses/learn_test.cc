// SPDX-License-Identifier: Apache-2.0
// Content that no list knows: which, of what kind, and what is taken.
#include "app/uses/learn.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "app/uses/learn_report.h"
#include "lists/rpm_file_metadata.h"
#include "logged_uses.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = UnknownContent::Kind;

class LearnTest : public ::testing::Test {
 protected:
  UnknownContents Found(const std::vector<LoggedUse>& uses,
                        std::string_view revoked = {}) {
    const auto index = IndexOf(lists_, revoked);
    auto contents = FindUnknownContents(uses, *index);
    SetKinds(*index, {{"/etc/a", kRpmConfig}, {"/bin/a", 0}}, contents);
    return contents;
  }

  static LoggedUse By(const std::string& program, LoggedUse use) {
    use.use.text(TextFact::kExe) = {program};
    return use;
  }

  std::vector<RawList> lists_ = {
      SignedList("rpm-a", PackageOf("a")
                              .File("/bin/a", DigestOf("a").Hex(), 0100755)
                              .File("/etc/a", DigestOf("conf").Hex(), 0100644)
                              .Build())};
};

TEST_F(LearnTest, KnownContentIsLeftOut) {
  EXPECT_THAT(Found({Used("/other", "a")}).all, IsEmpty());
}

TEST_F(LearnTest, KindsAreToldApart) {
  const auto found = Found(
      {Used("/usr/bin/a", "x"), Used("/opt/new", "x"), Used("/etc/a", "x")});
  ASSERT_THAT(found.all, SizeIs(3));
  EXPECT_EQ(found.all[0].path, "/etc/a");
  EXPECT_EQ(found.all[0].kind, Kind::kConfiguration);
  EXPECT_EQ(found.all[0].package, "a-1-1.noarch");
  EXPECT_EQ(found.all[1].kind, Kind::kAlien);
  EXPECT_EQ(found.all[1].package, "");
  EXPECT_EQ(found.all[2].kind, Kind::kModified);
}

TEST_F(LearnTest, WhatIsRevokedIsNeverTaken) {
  auto found = Found({Used("/opt/x", "x"), Used("/bin/a", "a")},
                     "digest " + DigestOf("x").ToString() + "\npackage a\n");
  ASSERT_THAT(found.all, SizeIs(2));
  EXPECT_EQ(found.all[0].kind, Kind::kWithdrawn);
  EXPECT_EQ(found.all[1].kind, Kind::kWithdrawn);
  TakeContents({"**"}, {}, found);
  EXPECT_THAT(TakenFiles(found), IsEmpty());
}

TEST_F(LearnTest, ContentThatAListMayKnowIsLeftOut) {
  auto use = Used("/opt/x", "x");
  use.digests = {DigestOf("x", HashAlgorithm::kSha512)};
  const auto found = Found({use});
  EXPECT_THAT(found.all, IsEmpty());
  EXPECT_EQ(found.undecided, 1u);
}

TEST_F(LearnTest, MakersGoBeforeUsers) {
  auto written = Used("/opt/x", "", kMayWrite);
  written.digests.clear();
  const auto found =
      Found({By("/bin/pip", written), By("/bin/python", Used("/opt/x", "x")),
             By("/bin/sh", Used("/opt/y", "y")),
             By("/bin/zsh", Used("/opt/y", "y"))});
  ASSERT_THAT(found.all, SizeIs(2));
  EXPECT_THAT(found.all[0].makers, ElementsAre("/bin/pip"));
  EXPECT_THAT(found.all[0].users, ElementsAre("/bin/python"));
  const std::string text = LearnText(found);
  EXPECT_THAT(text,
              HasSubstr("/opt\n  made by /bin/pip:\n    alien  /opt/x  "));
  EXPECT_THAT(text, HasSubstr("  used by /bin/sh and 1 more:\n"));
  EXPECT_TRUE(text.ends_with("2 contents that no list knows: 2 alien\n"))
      << text;
}

TEST_F(LearnTest, DigestsOfOneContentArePutTogether) {
  auto whole = Used("/opt/x", "x");
  whole.digests.push_back(DigestOf("x", HashAlgorithm::kSha512));
  auto found = Found({Used("/opt/x", "x"), whole, Used("/opt/x", "z")});
  ASSERT_THAT(found.all, SizeIs(2));
  EXPECT_THAT(found.all[0].digests, SizeIs(2));
  TakeContents({"/opt/*"}, {}, found);
  const auto files = TakenFiles(found);
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].digest, DigestOf("x"));
  EXPECT_EQ(files[1].digest, DigestOf("z"));
  EXPECT_THAT(WarningsOf(found),
              ElementsAre("/opt/x: 2 contents were taken; each of them will "
                          "do"));
}

TEST_F(LearnTest, ARecordThatHasAllDigestsTellsThatContentsAreOne) {
  const auto other = DigestOf("x", HashAlgorithm::kSha512);
  auto second = By("/bin/b", Used("/opt/x", "x"));
  second.digests = {other};
  auto third = By("/bin/c", Used("/opt/x", "x"));
  third.digests.push_back(other);
  auto found = Found({By("/bin/a", Used("/opt/x", "x")), second, third});
  ASSERT_THAT(found.all, SizeIs(1));
  EXPECT_THAT(found.all[0].digests, ElementsAre(DigestOf("x"), other));
  EXPECT_THAT(found.all[0].users, ElementsAre("/bin/a", "/bin/b", "/bin/c"));
  TakeContents({"/opt/*"}, {}, found);
  EXPECT_THAT(WarningsOf(found), IsEmpty());
}

TEST_F(LearnTest, WhatWasModifiedOnAnotherMountIsModified) {
  const auto denial =
      ReadUse("denied /srv/tree/usr/bin/tool for exec by uid 0: modified (" +
              DigestOf("x").ToString() + ")");
  ASSERT_TRUE(denial);
  auto found = Found({*denial});
  ASSERT_THAT(found.all, SizeIs(1));
  EXPECT_EQ(found.all[0].kind, Kind::kModified);
  TakeContents({"**"}, {}, found);
  EXPECT_THAT(WarningsOf(found),
              ElementsAre(HasSubstr("/srv/tree/usr/bin/tool: taken, though a "
                                    "list of that mount had another")));
}

TEST_F(LearnTest, OnlyWhatIsSaidIsTaken) {
  auto found = Found({Used("/bin/a", "x"), Used("/etc/a", "x"),
                      Used("/etc/ssh/key", "x"), Used("/opt/x", "x")});
  TakeContents({}, {}, found);
  EXPECT_THAT(TakenFiles(found), IsEmpty());
  TakeContents({"/etc/**", "/bin/a"}, {"/etc/ssh/*"}, found);
  const auto files = TakenFiles(found);
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].path, "/bin/a");
  EXPECT_EQ(files[1].path, "/etc/a");
  EXPECT_THAT(WarningsOf(found),
              ElementsAre(HasSubstr("/bin/a: taken, though a-1-1.noarch has "
                                    "another content for it")));
}

TEST_F(LearnTest, TheStrongestPlainDigestIsTaken) {
  lists_.clear();
  auto use = Used("/x", "x");
  use.digests = {DigestOf("x", HashAlgorithm::kSha1),
                 DigestOf("x", HashAlgorithm::kSha384),
                 DigestOf("x", HashAlgorithm::kSha512)};
  auto weak = Used("/y", "y");
  weak.digests = {DigestOf("y", HashAlgorithm::kSha1)};
  auto found = Found({use, weak});
  TakeContents({"**"}, {}, found);
  const auto files = TakenFiles(found);
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_EQ(files[0].digest.algorithm(), HashAlgorithm::kSha512);
}

TEST_F(LearnTest, JsonTellsAll) {
  const auto json = LearnJson(Found({By("/bin/sh", Used("/etc/a%\xff", "x"))}));
  EXPECT_EQ(json["unknown"], 1);
  const auto& content = json["contents"][0];
  EXPECT_EQ(content["path"], "/etc/a%25%ff");
  EXPECT_EQ(content["kind"], "alien");
  EXPECT_EQ(content["folder"], "/etc");
  EXPECT_EQ(content["used_by"][0], "/bin/sh");
  EXPECT_EQ(content["digests"][0], DigestOf("x").ToString());
}

}  // namespace
}  // namespace assayfs
