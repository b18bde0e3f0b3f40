// SPDX-License-Identifier: Apache-2.0
#include "appraise/floors.h"

#include "appraise/digest_index.h"
#include "support/fakes.h"

namespace assayfs {
namespace {

using testing::DigestOf;
using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;

using Lists = DigestIndex::Lists;

std::shared_ptr<const LoadedList> List(std::string name, std::string version,
                                       bool verified = true) {
  LoadedList list{.sha256 = DigestOf("list")};
  list.package_name = std::move(name);
  list.package_version = std::move(version);
  list.verified = verified;
  return std::make_shared<const LoadedList>(std::move(list));
}

TEST(FloorsTest, TheOldestLoadedVersionIsTheFloor) {
  const Floors floors = Floors().RaisedBy(
      {List("a", "2-1"), List("a", "1-1"), List("b", "7-1")}, {});
  EXPECT_EQ(floors.Of("a"), "1-1");
  EXPECT_EQ(floors.Of("b"), "7-1");
  EXPECT_EQ(floors.Of("c"), "");
}

TEST(FloorsTest, TheFloorRisesWhenTheOldVersionHasGone) {
  Floors floors = Floors().RaisedBy({List("a", "1-1"), List("a", "2-1")}, {});
  floors = floors.RaisedBy({List("a", "2-1")}, {});
  EXPECT_TRUE(floors.IsBehind("a", "1-1"));
  EXPECT_FALSE(floors.IsBehind("a", "2-1"));
}

TEST(FloorsTest, AFloorNeverFalls) {
  Floors floors = Floors().RaisedBy({List("a", "2-1")}, {});
  floors = floors.RaisedBy({List("a", "1-1")}, {});
  EXPECT_EQ(floors.Of("a"), "2-1");
  floors = floors.RaisedBy({List("a", "1-1"), List("a", "3-1")}, {});
  EXPECT_EQ(floors.Of("a"), "3-1");
  EXPECT_EQ(floors.RaisedBy({}, {}).Of("a"), "3-1");
}

TEST(FloorsTest, TheFloorOfAnExemptPackageFollows) {
  Floors floors = Floors().RaisedBy({List("a", "2-1"), List("b", "2-1")}, {});
  floors = floors.RaisedBy({List("a", "1-1"), List("b", "1-1")}, {"a"});
  EXPECT_EQ(floors.Of("a"), "1-1");
  EXPECT_EQ(floors.Of("b"), "2-1");
}

TEST(FloorsTest, ListsThatNobodySignedAndThoseOfNoPackageRaiseNothing) {
  const Floors floors =
      Floors().RaisedBy({List("a", "2-1", false), List("", "")}, {});
  EXPECT_EQ(floors.size(), 0U);
}

TEST(FloorsTest, AFloorOfAnotherNameIsRaisedByHand) {
  const auto floors = Floors().RaisedTo("policy:p", "9");
  EXPECT_EQ(floors.Of("policy:p"), "9");
  EXPECT_EQ(floors.RaisedTo("policy:p", "10").Of("policy:p"), "10");
  EXPECT_EQ(floors.RaisedTo("policy:p", "8"), floors);
}

TEST(FloorsTest, ReadsWhatItWrites) {
  const Floors floors =
      Floors().RaisedBy({List("a", "1:2-1"), List("b", "7~rc1-1")}, {});
  EXPECT_EQ(floors.Text(), "a 1:2-1\nb 7~rc1-1\n");
  EXPECT_EQ(Must(Floors::Parse(floors.Text())), floors);
  EXPECT_EQ(Must(Floors::Parse("")).size(), 0U);
}

TEST(FloorsTest, RefusesOtherText) {
  EXPECT_THAT(Floors::Parse("a 1-1\nb\n"), FailsSaying(EBADMSG, "line 2"));
  for (const char* text : {"a ", " 1", "a b c", "a\t1-1", "\n"}) {
    EXPECT_THAT(Floors::Parse(text), FailsWith(EBADMSG)) << text;
  }
}

}  // namespace
}  // namespace assayfs
