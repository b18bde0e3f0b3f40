// SPDX-License-Identifier: Apache-2.0
// Which lists a tree is verified by.
#include "app/verify/signed_packages.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "lists/appended_signature.h"
#include "support/fakes.h"
#include "support/header_builder.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::ElementsAre;
using ::testing::IsEmpty;

RawList Signed(const std::string& name, Bytes payload,
               const std::string& signature = "good") {
  return {
      name, "/lists/" + name,
      AppendSignature(payload, SignatureFormat::kPkcs7, AsBytes(signature))};
}

HeaderBuilder Package(const std::string& name) {
  return HeaderBuilder()
      .Package(name, "1", "1", "noarch")
      .File("/usr/bin/" + name, std::string(64, 'a'))
      .Metadata();
}

class SignedPackagesTest : public ::testing::Test {
 protected:
  SignedPackages Check(const std::vector<RawList>& lists) {
    return CheckPackages(lists, verifier_, revocations_);
  }

  FakeVerifier verifier_;
  Revocations revocations_;
};

TEST_F(SignedPackagesTest, TakesHeadersInTheOrderOfTheLists) {
  std::vector<RawList> lists;
  for (const auto name : {"b", "a", "c"}) {
    lists.push_back(Signed(std::string("rpm-") + name, Package(name).Build()));
  }
  const auto all = Check(lists);
  std::vector<std::string> names;
  for (const auto& package : all.packages) names.push_back(package.package);
  EXPECT_THAT(names,
              ElementsAre("b-1-1.noarch", "a-1-1.noarch", "c-1-1.noarch"));
  EXPECT_EQ(all.packages[1].files.at(0).path, "/usr/bin/a");
  EXPECT_THAT(all.refused, IsEmpty());
  EXPECT_THAT(all.left_out, IsEmpty());
  EXPECT_FALSE(all.unreadable);
}

TEST_F(SignedPackagesTest, SaysWhyItRefuses) {
  const auto good = Package("a").Build();
  const auto all = Check(
      {Signed("rpm-forged", good, "forged"), Signed("rpm-other", good, "other"),
       RawList{"rpm-unsigned", "/lists/rpm-unsigned", good},
       Signed("rpm-junk", AsBytes("junk")),
       Signed("rpm-no-owners", Package("a").Drop(1039).Build()),
       Signed("rpm-weak", HeaderBuilder()
                              .Algorithm(1)
                              .File("/a", std::string(32, 'a'))
                              .Metadata()
                              .Build())});
  std::vector<std::string> reasons;
  for (const RefusedList& list : all.refused) {
    EXPECT_EQ(list.origin, "/lists/" + list.name);
    reasons.push_back(list.why);
  }
  EXPECT_THAT(reasons, ElementsAre("bad signature", "no key: key 1234",
                                   "unsigned", "RPM header: wrong magic",
                                   "RPM header: tag 1039 is missing",
                                   "weak digests: md5"));
  EXPECT_THAT(all.packages, IsEmpty());
  EXPECT_FALSE(all.unreadable);
}

TEST_F(SignedPackagesTest, RefusesWhatIsRevoked) {
  revocations_.Add("file", "package a < 2\npackage b < 1\n");
  const auto all = Check({Signed("rpm-a", Package("a").Build()),
                          Signed("rpm-b", Package("b").Build())});
  ASSERT_EQ(all.refused.size(), 1u);
  EXPECT_EQ(all.refused[0].why, "revoked: by \"package a < 2\"");
  EXPECT_EQ(all.packages.size(), 1u);
}

TEST_F(SignedPackagesTest, LeavesOutGoodListsOfAnotherFormat) {
  const auto all = Check(
      {{"tlv-x", "/lists/tlv-x", ToVector(AsBytes(SignedTlv("c", "/f")))}});
  EXPECT_THAT(all.left_out, ElementsAre("/lists/tlv-x"));
  EXPECT_THAT(all.refused, IsEmpty());
}

TEST_F(SignedPackagesTest, TellsListsThatWereNotEvenRead) {
  EXPECT_TRUE(Check({{"rpm-x", "/x", Fail(EIO, "on fire")}}).unreadable);
  EXPECT_FALSE(Check({{"rpm-x", "/x", Fail(EFBIG, "large")}}).unreadable);
}

TEST(DefaultListsTest, TheDatabaseOfTheTreeOrTheSystemsLists) {
  const TempDir dir;
  EXPECT_EQ(Must(DefaultListsOf(dir.path())), "/etc/digest_lists");
  std::filesystem::create_directories(dir / "usr/lib/sysimage/rpm");
  dir.Write("usr/lib/sysimage/rpm/rpmdb.sqlite", "");
  EXPECT_EQ(Must(DefaultListsOf(dir.path())), "rpmdb:" + dir.path().string());
}

TEST(DefaultListsTest, ALinkInsideTheTreeIsFollowed) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "usr/share/rpm");
  std::filesystem::create_directories(dir / "var/lib");
  dir.Write("usr/share/rpm/rpmdb.sqlite", "");
  std::filesystem::create_symlink("../../usr/share/rpm", dir / "var/lib/rpm");
  EXPECT_EQ(Must(DefaultListsOf(dir.path())), "rpmdb:" + dir.path().string());
}

TEST(DefaultListsTest, ALinkOutOfTheTreeIsRefused) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "other");
  std::filesystem::create_directories(dir / "tree/var/lib");
  dir.Write("other/rpmdb.sqlite", "");
  std::filesystem::create_symlink(dir / "other", dir / "tree/var/lib/rpm");
  EXPECT_THAT(DefaultListsOf(dir / "tree"),
              FailsSaying(EXDEV, "a link may lead out of the tree"));
  std::filesystem::remove(dir / "tree/var/lib/rpm");
  std::filesystem::create_directory(dir / "tree/var/lib/rpm");
  std::filesystem::create_symlink("../../../../other/rpmdb.sqlite",
                                  dir / "tree/var/lib/rpm/rpmdb.sqlite");
  EXPECT_THAT(DefaultListsOf(dir / "tree"), FailsSaying(EXDEV, "rpmdb.sqlite"));
}

}  // namespace
}  // namespace assayfs
