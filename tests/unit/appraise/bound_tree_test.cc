// SPDX-License-Identifier: Apache-2.0
// Files beside what lists say of them.
#include "appraise/bound_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "base/files.h"
#include "support/fakes.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::DigestOf;
using ::testing::IsEmpty;
using testing::Must;
using testing::TempDir;

constexpr Binding kAll{
    .path = true, .mode = true, .owner = true, .caps = true, .link = true};
constexpr std::uint32_t kEverything = 0xffffffff;

FoundAttributes Found(mode_t mode, uid_t uid = 0, gid_t gid = 0,
                      std::string capabilities = "") {
  FoundAttributes found;
  found.info.st_mode = S_IFREG | mode;
  found.info.st_uid = uid;
  found.info.st_gid = gid;
  found.capabilities = std::move(capabilities);
  return found;
}

ListedAttributes Listed(std::uint16_t mode,
                        std::uint32_t verify_flags = kEverything) {
  return {.mode = static_cast<std::uint16_t>(S_IFREG | mode),
          .verify_flags = verify_flags,
          .user = "root",
          .group = "daemon",
          .capabilities = ""};
}

const Owners kOwners{Accounts("daemon:x:1:"), Accounts("daemon:x:2:")};

std::string Difference(const ListedAttributes& listed,
                       const FoundAttributes& found,
                       const Binding& binding = kAll) {
  return DifferenceOf(&listed, found, binding, kOwners);
}

TEST(DifferenceTest, NamesWhatDiffers) {
  EXPECT_THAT(Difference(Listed(0755), Found(0755, 0, 2)), IsEmpty());
  EXPECT_EQ(Difference(Listed(0755), Found(0757, 0, 2)),
            "mode 0757 instead of 0755");
  EXPECT_EQ(Difference(Listed(0755), Found(04755, 0, 2)),
            "mode 4755 instead of 0755");
  EXPECT_EQ(Difference(Listed(0755), Found(0755, 7, 2)),
            "user 7 instead of root");
  EXPECT_EQ(Difference(Listed(0755), Found(0755, 0, 1)),
            "group 1 instead of daemon");
  EXPECT_EQ(Difference(Listed(0755), Found(0755, 0, 2, "cap_net_raw=ep")),
            "capabilities \"cap_net_raw=ep\" instead of none");
}

TEST(DifferenceTest, LooksAtNothingElseThanWhatIsBound) {
  const FoundAttributes other = Found(04777, 7, 7, "cap_net_raw=ep");
  EXPECT_THAT(Difference(Listed(0755), other, {}), IsEmpty());
  EXPECT_THAT(Difference(Listed(0755), other, {.path = true, .link = true}),
              IsEmpty());
  EXPECT_THAT(Difference(Listed(04777), other, {.mode = true}), IsEmpty());
}

TEST(DifferenceTest, CapabilitiesMustBeThoseListed) {
  ListedAttributes ping = Listed(0755);
  ping.capabilities = "cap_net_raw=ep";
  EXPECT_THAT(Difference(ping, Found(0755, 0, 2, "cap_net_raw=ep")), IsEmpty());
  EXPECT_EQ(Difference(ping, Found(0755, 0, 2)),
            "capabilities none instead of \"cap_net_raw=ep\"");
  ping.capabilities = "cap_of_nobody=ep";
  EXPECT_EQ(Difference(ping, Found(0755, 0, 2)),
            "capabilities in the list that libcap does not know");
  FoundAttributes unread = Found(0755, 0, 2);
  unread.capabilities.reset();
  EXPECT_EQ(Difference(Listed(0755), unread),
            "capabilities that cannot be read");
}

TEST(DifferenceTest, AnAclIsAnotherMode) {
  FoundAttributes found = Found(0755, 0, 2);
  found.has_acl = true;
  EXPECT_EQ(Difference(Listed(0755), found), "mode 0755 and an ACL");
  EXPECT_THAT(Difference(Listed(0755, ~kRpmVerifyMode), found), IsEmpty());
}

TEST(DifferenceTest, WhatIsNotToBeVerifiedMayDiffer) {
  const ListedAttributes listed = Listed(0755, 0);
  EXPECT_THAT(Difference(listed, Found(0700, 7, 7)), IsEmpty());
  ListedAttributes ping = Listed(0755, 0);
  ping.capabilities = "cap_net_raw=ep";
  EXPECT_THAT(Difference(ping, Found(0755, 0, 2)), IsEmpty());
}

TEST(DifferenceTest, PrivilegesMustBeListedAllTheSame) {
  EXPECT_EQ(Difference(Listed(0755, 0), Found(04700)),
            "mode 4700 instead of 0755");
  EXPECT_EQ(Difference(Listed(04755, 0), Found(02755)),
            "mode 2755 instead of 4755");
  EXPECT_THAT(Difference(Listed(04755, 0), Found(0700)), IsEmpty());
  EXPECT_EQ(Difference(Listed(04755, 0), Found(04755, 7)),
            "user 7 instead of root");
  EXPECT_EQ(Difference(Listed(02755, 0), Found(02755, 7, 7)),
            "group 7 instead of daemon");
  EXPECT_EQ(Difference(Listed(0755, 0), Found(0755, 0, 2, "cap_net_raw=ep")),
            "capabilities \"cap_net_raw=ep\" instead of none");
}

TEST(DifferenceTest, AListThatSaysNothingGivesNoPrivileges) {
  const auto difference = [](const FoundAttributes& found) {
    return DifferenceOf(nullptr, found, kAll, kOwners);
  };
  EXPECT_THAT(difference(Found(0777, 7, 7)), IsEmpty());
  EXPECT_EQ(difference(Found(04755)), "mode 4755, which it does not give");
  EXPECT_EQ(difference(Found(0755, 0, 0, "cap_net_raw=ep")),
            "capabilities \"cap_net_raw=ep\" instead of none");
}

class BoundTreeTest : public ::testing::Test {
 protected:
  BoundTreeTest() {
    std::filesystem::create_directories(dir_ / "tree/bin");
    dir_.Write("tree/bin/a", "a");
    ::chmod(Path("bin/a").c_str(), 0755);
    root_.Reset(::open((dir_ / "tree").c_str(), O_PATH | O_CLOEXEC));
  }
  std::string Path(const std::string& name) { return dir_ / ("tree/" + name); }

  // Makes a list that gives this path to the content "a".
  void Add(const std::string& path, std::uint16_t mode, bool verified = true) {
    RpmFileMetadata file;
    file.path = path;
    file.digest = DigestOf("a");
    file.mode = static_cast<std::uint16_t>(S_IFREG | mode);
    file.verify_flags = kEverything;
    file.user = file.group = "root";
    LoadedList list{.sha256 = DigestOf("list")};
    list.name = "list-" + std::to_string(lists_.size());
    list.package_name = list.name;
    list.files = PackedFiles({{*file.digest, path, {}}});
    list.attributes = PackedAttributes({file});
    list.verified = verified;
    lists_.push_back(std::make_shared<const LoadedList>(std::move(list)));
  }
  BoundTree::Agreement Compare(const std::string& name, const Binding& binding,
                               std::set<std::string> unbound = {}) {
    const DigestIndex index(1, lists_);
    const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path(name)));
    return BoundTree(root_.get(), std::move(unbound))
        .Compare(fd.get(), binding, index.FindDigest(DigestOf("a")));
  }

  TempDir dir_;
  UniqueFd root_;
  DigestIndex::Lists lists_;
};

TEST_F(BoundTreeTest, OneListMustAgreeInAll) {
  Add("/bin/a", 0644);
  Add("/bin/b", 0755);
  const auto agreement = Compare("bin/a", {.path = true, .mode = true});
  EXPECT_TRUE(agreement.in_place);
  EXPECT_FALSE(agreement.attributes_hold);
  EXPECT_EQ(agreement.detail, "list list-0: mode 0755 instead of 0644");
  const auto anywhere = Compare("bin/a", {.mode = true});
  EXPECT_TRUE(anywhere.in_place && anywhere.attributes_hold);
  EXPECT_THAT(anywhere.detail, IsEmpty());
}

TEST_F(BoundTreeTest, AnyOfSeveralOwnersMayAgree) {
  Add("/bin/a", 0644);
  Add("/bin/a", 0755);
  const auto agreement = Compare("bin/a", {.path = true, .mode = true});
  EXPECT_TRUE(agreement.in_place && agreement.attributes_hold);
}

TEST_F(BoundTreeTest, ListsThatAreNotVerifiedAgreeInNothing) {
  Add("/bin/a", 0755, false);
  EXPECT_FALSE(Compare("bin/a", {.path = true}).in_place);
  EXPECT_FALSE(Compare("bin/a", {.mode = true}).in_place);
}

TEST_F(BoundTreeTest, APackageThatMayBeAnywhereStillHasItsAttributes) {
  Add("/opt/a", 0644);
  EXPECT_FALSE(Compare("bin/a", {.path = true}).in_place);
  const auto agreement =
      Compare("bin/a", {.path = true, .mode = true}, {"list-0"});
  EXPECT_TRUE(agreement.in_place);
  EXPECT_FALSE(agreement.attributes_hold);
}

TEST_F(BoundTreeTest, AccountsThatCannotBeReadAgreeWithNothing) {
  Add("/bin/a", 0755);
  std::filesystem::create_directories(Path("etc/passwd"));
  const auto agreement = Compare("bin/a", {.owner = true});
  EXPECT_FALSE(agreement.attributes_hold);
  EXPECT_EQ(agreement.detail, "etc/passwd: no regular file");
}

TEST_F(BoundTreeTest, ReadsCapabilitiesOfTheFile) {
  Add("/bin/a", 0755);
  EXPECT_TRUE(Compare("bin/a", {.caps = true}).attributes_hold);
  // VFS_CAP_REVISION_2 with the effective bit, and CAP_NET_RAW permitted.
  constexpr std::array<std::uint8_t, 20> kNetRaw = {1, 0, 0, 2, 0, 0x20};
  if (::setxattr(Path("bin/a").c_str(), "security.capability", kNetRaw.data(),
                 kNetRaw.size(), 0) != 0) {
    GTEST_SKIP() << "needs root";
  }
  EXPECT_EQ(Compare("bin/a", {.caps = true}).detail,
            "list list-0: capabilities \"cap_net_raw=ep\" instead of none");
}

}  // namespace
}  // namespace assayfs
