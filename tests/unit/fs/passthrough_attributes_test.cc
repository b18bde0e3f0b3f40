// SPDX-License-Identifier: Apache-2.0
#include "fs/passthrough_attributes.h"

#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/block_tags.h"
#include "unit/fs/lower_tree.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::LowerTree;
using testing::Must;

class AttributesTest : public ::testing::Test {
 protected:
  AttributesTest() { tree_.dir().Write("a", "hello"); }
  Result<void> Change(const AttributeChange& change) {
    return SetAttributes(tree_.At("a"), change, -1);
  }
  LowerTree tree_;
};

TEST_F(AttributesTest, ChangesNothingWithoutBeingAsked) {
  const struct stat before = tree_.Stat("a");
  Must(Change({}));
  EXPECT_EQ(tree_.Stat("a").st_ctim.tv_nsec, before.st_ctim.tv_nsec);
}

TEST_F(AttributesTest, ShowsTheSizeOfJudgedContentWhileItIsOpen) {
  const LowerRef file = tree_.At("a");
  const auto size = [&] {
    return AttributesToShow(file, Must(GetAttributes(file))).st_size;
  };
  auto tags = std::make_shared<BlockTags>();
  ASSERT_TRUE(tags->Append(AsBytes("hello")));
  file.open_state()->OpenJudged({7, tags, 0});
  tree_.dir().Write("a", "cut");
  EXPECT_EQ(size(), 5);
  file.open_state()->CloseJudged();
  EXPECT_EQ(size(), 3);
}

TEST_F(AttributesTest, ChangesModeAndSize) {
  AttributeChange change;
  change.mode = S_IFREG | 0604;
  change.size_bytes = 2;
  Must(Change(change));
  EXPECT_EQ(tree_.Permissions("a"), 0604U);
  EXPECT_EQ(testing::ReadText(tree_.dir() / "a"), "he");
}

TEST_F(AttributesTest, ChangesTimesOneByOne) {
  AttributeChange change;
  change.modified = timespec{1000, 5};
  Must(Change(change));
  EXPECT_EQ(tree_.Stat("a").st_mtim.tv_sec, 1000);
  EXPECT_EQ(tree_.Stat("a").st_mtim.tv_nsec, 5);
  EXPECT_NE(tree_.Stat("a").st_atim.tv_sec, 1000);
  change = {};
  change.accessed = timespec{2000, 0};
  Must(Change(change));
  EXPECT_EQ(tree_.Stat("a").st_atim.tv_sec, 2000);
  EXPECT_EQ(tree_.Stat("a").st_mtim.tv_sec, 1000);
  change.accessed = timespec{0, UTIME_NOW};
  Must(Change(change));
  EXPECT_GT(tree_.Stat("a").st_atim.tv_sec, 2000);
}

TEST_F(AttributesTest, ChangesTheOwnerOfALinkItself) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::symlink("a", (tree_.dir() / "link").c_str()), 0);
  AttributeChange change;
  change.uid = 77;
  Must(SetAttributes(tree_.At("link"), change, -1));
  EXPECT_EQ(tree_.Stat("link").st_uid, 77U);
  EXPECT_EQ(tree_.Stat("a").st_uid, 0U);
}

TEST_F(AttributesTest, GivesTheModeAfterTheOwner) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  AttributeChange change;
  change.uid = 77;
  change.mode = S_IFREG | 04755;
  Must(Change(change));
  EXPECT_EQ(tree_.Permissions("a"), 04755U);
}

TEST_F(AttributesTest, TruncatesThroughAnOpenDescriptor) {
  const UniqueFd fd(::open((tree_.dir() / "a").c_str(), O_WRONLY));
  AttributeChange change;
  change.size_bytes = 1;
  Must(SetAttributes(tree_.At("a"), change, fd.get()));
  EXPECT_EQ(Must(GetAttributes(tree_.At("a"))).st_size, 1);
}

TEST_F(AttributesTest, ReportsErrorsOfTheLowerFile) {
  AttributeChange change;
  change.size_bytes = 1;
  EXPECT_THAT(SetAttributes(tree_.root(), change, -1), FailsWith(EISDIR));
}

TEST_F(AttributesTest, TellsStatistics) {
  EXPECT_GT(Must(GetStatistics(tree_.root())).f_blocks, 0U);
}

TEST_F(AttributesTest, ReadsAndChangesExtendedAttributes) {
  const LowerRef file = tree_.At("a");
  const auto set = SetXattr(file, "user.color", std::string_view("red"), 0);
  if (!set && set.error().code() == ENOTSUP) GTEST_SKIP() << "no user xattrs";
  Must(set);
  std::array<char, 64> buffer{};
  EXPECT_EQ(Must(GetXattr(file, "user.color", {})), 3U);
  ASSERT_EQ(Must(GetXattr(file, "user.color", buffer)), 3U);
  EXPECT_EQ(std::string_view(buffer.data(), 3), "red");
  const std::string names = Must(ListXattrs(file, [](std::string_view name) {
    return !name.starts_with("trusted.");
  }));
  EXPECT_NE(names.find(std::string("user.color\0", 11)), std::string::npos);
  EXPECT_THAT(GetXattr(file, "user.color", std::span(buffer).first(1)),
              FailsWith(ERANGE));
  EXPECT_THAT(SetXattr(file, "user.color", std::string_view("x"), XATTR_CREATE),
              FailsWith(EEXIST));
  Must(RemoveXattr(file, "user.color"));
  EXPECT_THAT(GetXattr(file, "user.color", buffer), FailsWith(ENODATA));
}

TEST_F(AttributesTest, ExtendedAttributesOfALinkAreItsOwn) {
  ASSERT_EQ(::symlink("a", (tree_.dir() / "link").c_str()), 0);
  const LowerRef link = tree_.At("link");
  EXPECT_THAT(GetXattr(link, "user.x", {}), FailsWith(ENODATA));
  EXPECT_THAT(SetXattr(link, "user.x", std::string_view("1"), 0),
              FailsWith(EPERM));
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  Must(SetXattr(link, "trusted.x", std::string_view("1"), 0));
  EXPECT_EQ(Must(GetXattr(link, "trusted.x", {})), 1U);
  EXPECT_EQ(Must(ListXattrs(link, [](std::string_view) { return true; })),
            std::string("trusted.x\0", 10));
  EXPECT_EQ(Must(ListXattrs(link,
                            [](std::string_view name) {
                              return !name.starts_with("trusted.");
                            })),
            "");
  EXPECT_THAT(GetXattr(tree_.At("a"), "trusted.x", {}), FailsWith(ENODATA));
  Must(RemoveXattr(link, "trusted.x"));
  EXPECT_THAT(GetXattr(link, "trusted.x", {}), FailsWith(ENODATA));
}

// /proc has no ACLs. Any other answer would be taken for a failed check.
TEST_F(AttributesTest, WhereThereAreNoAclsAFileHasNone) {
  const UniqueFd root(::open("/proc", O_PATH | O_CLOEXEC));
  const auto table = Must(InodeTable::Create(root.get(), 4));
  const Entry file =
      Must(Lookup(*table, Must(table->Get(kRootNode)), "version"));
  EXPECT_THAT(GetXattr(file.lower, "system.posix_acl_access", {}),
              FailsWith(ENODATA));
  EXPECT_THAT(GetXattr(file.lower, "user.x", {}), FailsWith(EOPNOTSUPP));
}

// An ACL in the form that the kernel keeps it: version 2, then entries of
// tag, permissions and id, little-endian.
constexpr std::string_view kDefaultAcl(
    "\x02\0\0\0"
    "\x01\0\x07\0\xff\xff\xff\xff"   // user::rwx
    "\x02\0\x07\0\xd2\x04\0\0"       // user:1234:rwx
    "\x04\0\x07\0\xff\xff\xff\xff"   // group::rwx
    "\x10\0\x07\0\xff\xff\xff\xff"   // mask::rwx
    "\x20\0\x07\0\xff\xff\xff\xff",  // other::rwx
    44);

TEST_F(AttributesTest, ADefaultAclReplacesTheUmask) {
  const Caller caller = {.uid = ::getuid(), .gid = ::getgid(), .umask = 077};
  Must(MakeFolder(tree_.root(), "plain", 0777, caller));
  Must(MakeFolder(tree_.root(), "shared", 0777, caller));
  const LowerRef shared = tree_.At("shared");
  const auto set = SetXattr(shared, "system.posix_acl_default", kDefaultAcl, 0);
  if (!set && set.error().code() == ENOTSUP) GTEST_SKIP() << "no ACLs";
  Must(set);
  Must(MakeFolder(shared, "inner", 0775, caller));
  Must(MakeNode(shared, "file", S_IFREG | 0664, 0, caller));
  EXPECT_EQ(tree_.Permissions("plain"), 0700U);
  EXPECT_EQ(tree_.Permissions("shared/inner"), 0775U);
  EXPECT_EQ(tree_.Permissions("shared/file"), 0664U);
  EXPECT_GT(::getxattr((tree_.dir() / "shared/file").c_str(),
                       "system.posix_acl_access", nullptr, 0),
            0);
}

}  // namespace
}  // namespace assayfs
