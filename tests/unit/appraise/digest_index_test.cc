// SPDX-License-Identifier: Apache-2.0
#include "appraise/digest_index.h"

#include "support/fakes.h"

namespace assayfs {
namespace {

using testing::DigestOf;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::shared_ptr<const LoadedList> List(std::string name,
                                       std::vector<ListedFile> files) {
  return std::make_shared<const LoadedList>(
      LoadedList{.name = std::move(name),
                 .origin = "",
                 .package = "",
                 .files = PackedFiles(std::move(files)),
                 .sha256 = DigestOf("list"),
                 .signer = {}});
}

ListedFile File(std::string_view content, std::string path) {
  return {DigestOf(content), std::move(path), {}};
}

std::vector<std::string> Names(const std::vector<DigestIndex::Entry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.list->name);
  return names;
}

class DigestIndexTest : public ::testing::Test {
 protected:
  DigestIndex index_{
      7,
      {List("one", {File("a", "/a"), File("shared", "/s")}),
       List("two", {File("shared", "/t"), File("b", "/a"), File("", "")})}};
};

TEST_F(DigestIndexTest, FindsADigestInEveryListThatHasIt) {
  EXPECT_THAT(Names(index_.FindDigest(DigestOf("shared"))),
              ElementsAre("one", "two"));
  EXPECT_THAT(Names(index_.FindDigest(DigestOf("b"))), ElementsAre("two"));
  EXPECT_TRUE(index_.FindDigest(DigestOf("unknown")).empty());
}

TEST_F(DigestIndexTest, TheSameBytesUnderAnotherAlgorithmAreAnotherDigest) {
  const Digest sha3 =
      *Digest::FromBytes(HashAlgorithm::kSha3_256, DigestOf("a").value());
  EXPECT_TRUE(index_.FindDigest(sha3).empty());
}

TEST_F(DigestIndexTest, OnePathMayHaveSeveralDigests) {
  EXPECT_THAT(Names(index_.FindPath("/a")), ElementsAre("one", "two"));
  EXPECT_TRUE(index_.FindPath("").empty());
}

TEST_F(DigestIndexTest, FindsPathsByTheirLastName) {
  const DigestIndex index(
      1, {List("one", {File("a", "/usr/bin/x"), File("b", "/x")}),
          List("two", {File("c", "/bin/x"), File("d", "/x/y"), File("e", "x"),
                       File("f", "")})});
  std::vector<std::string> paths;
  for (const auto& entry : index.FindNamed("x")) {
    paths.emplace_back(entry.path());
  }
  EXPECT_THAT(paths, UnorderedElementsAre("/usr/bin/x", "/x", "/bin/x", "x"));
  EXPECT_TRUE(index.FindNamed("bin").empty());
  EXPECT_TRUE(index.FindNamed("").empty());
  EXPECT_THAT(Names(index.FindPath("/bin/x")), ElementsAre("two"));
  EXPECT_TRUE(index.FindPath("/sbin/x").empty());
}

std::shared_ptr<const LoadedList> ListOfLink(std::string name, bool verified) {
  RpmFileMetadata link;
  link.path = "/usr/lib/libx.so";
  link.mode = 0120777;
  link.link_target = name;
  link.verify_flags = kRpmVerifyLinkTarget;
  LoadedList list{.sha256 = DigestOf("list")};
  list.name = std::move(name);
  list.attributes = PackedAttributes({link});
  list.verified = verified;
  return std::make_shared<const LoadedList>(std::move(list));
}

TEST_F(DigestIndexTest, FindsLinksOfListsThatAreToBeBelieved) {
  const DigestIndex index(1, {ListOfLink("one", true), ListOfLink("two", false),
                              ListOfLink("three", true)});
  const auto targets = [](const DigestIndex& from) {
    std::vector<std::string> all;
    for (const auto& found : from.FindLinksNamed("libx.so")) {
      EXPECT_EQ(found.list->name, found.link->target);
      all.push_back(found.link->target);
    }
    return all;
  };
  EXPECT_THAT(targets(index), UnorderedElementsAre("one", "three"));
  EXPECT_TRUE(index.FindLinksNamed("lib").empty());
  const auto fewer =
      index.Without(2, [](const auto& list) { return list.name == "one"; });
  EXPECT_THAT(targets(*fewer), ElementsAre("three"));
}

TEST_F(DigestIndexTest, CountsDigestsAndAlgorithms) {
  EXPECT_EQ(index_.digest_count(), 5U);
  EXPECT_THAT(index_.algorithms(), ElementsAre(HashAlgorithm::kSha256));
  EXPECT_EQ(index_.epoch(), 7U);
}

TEST_F(DigestIndexTest, WithoutAListItsDigestsAreGoneAndTheOldIndexStands) {
  const auto fewer =
      index_.Without(8, [](const auto& list) { return list.name == "two"; });
  EXPECT_TRUE(fewer->FindDigest(DigestOf("b")).empty());
  EXPECT_THAT(Names(fewer->FindDigest(DigestOf("shared"))), ElementsAre("one"));
  EXPECT_EQ(fewer->lists().size(), 1U);
  EXPECT_EQ(fewer->digest_count(), 2U);
  EXPECT_EQ(fewer->epoch(), 8U);
  EXPECT_EQ(index_.FindDigest(DigestOf("b")).size(), 1U);
}

TEST_F(DigestIndexTest, DroppingInStepsDropsAll) {
  const auto none =
      index_.Without(8, [](const auto& list) { return list.name == "two"; })
          ->Without(9, [](const auto& list) { return list.name == "one"; });
  EXPECT_TRUE(none->FindDigest(DigestOf("shared")).empty());
  EXPECT_TRUE(none->algorithms().empty());
}

TEST(DigestIndexKeyTest, DigestsThatShareTheirFirstBytesAreToldApart) {
  ByteVector first = ToVector(DigestOf("x").value());
  ByteVector second = first;
  second.back() ^= std::byte{1};
  const Digest a = *Digest::FromBytes(HashAlgorithm::kSha256, first);
  const Digest b = *Digest::FromBytes(HashAlgorithm::kSha256, second);
  const DigestIndex index(1, {List("a", {{a, "/a", {}}})});
  EXPECT_EQ(index.FindDigest(a).size(), 1U);
  EXPECT_TRUE(index.FindDigest(b).empty());
}

}  // namespace
}  // namespace assayfs
