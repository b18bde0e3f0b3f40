// SPDX-License-Identifier: Apache-2.0
#include "lists/write_rpm_header.h"

#include <sys/stat.h>

#include "lists/rpm_header.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::Must;

RpmFileMetadata File(std::string path, char digit) {
  RpmFileMetadata file;
  file.path = std::move(path);
  file.digest =
      Must(Digest::FromHex(HashAlgorithm::kSha512, std::string(128, digit)));
  file.size_bytes = 5;
  file.mode = S_IFREG | 04755;
  file.mtime_s = 7;
  file.flags = kRpmConfig;
  file.verify_flags = kRpmVerifyMode | kRpmVerifyDigest;
  file.user = "root";
  file.group = "adm";
  file.capabilities = "cap_net_raw=ep";
  return file;
}

TEST(WriteRpmHeaderTest, IsReadAsItWasWritten) {
  RpmPackageFiles package;
  package.name = "foo";
  package.version = "2:1.2-3";
  package.files = {File("/usr/bin/a", 'a'), File("/usr/lib/b", 'b'),
                   File("/usr/bin/c", 'c')};
  RpmFileMetadata link = File("/usr/bin/l", 'd');
  link.digest.reset();
  link.mode = S_IFLNK | 0777;
  link.link_target = "a";
  link.capabilities = "";
  package.files.push_back(link);
  const auto read = Must(ParseRpmFileMetadata(WriteRpmHeader(package)));
  EXPECT_EQ(read.name, package.name);
  EXPECT_EQ(read.version, package.version);
  EXPECT_EQ(read.package, "foo-2:1.2-3.noarch");
  ASSERT_EQ(read.files.size(), package.files.size());
  for (std::size_t i = 0; i < read.files.size(); ++i) {
    const RpmFileMetadata& got = read.files[i];
    const RpmFileMetadata& put = package.files[i];
    EXPECT_EQ(got.path, put.path);
    EXPECT_EQ(got.digest, put.digest);
    EXPECT_EQ(got.size_bytes, put.size_bytes);
    EXPECT_EQ(got.mode, put.mode);
    EXPECT_EQ(got.mtime_s, put.mtime_s);
    EXPECT_EQ(got.flags, put.flags);
    EXPECT_EQ(got.verify_flags, put.verify_flags);
    EXPECT_EQ(got.link_target, put.link_target);
    EXPECT_EQ(got.user, put.user);
    EXPECT_EQ(got.group, put.group);
    EXPECT_EQ(got.capabilities, put.capabilities);
  }
}

TEST(WriteRpmHeaderTest, APackageMayHaveNoFilesAndNoRelease) {
  RpmPackageFiles package;
  package.name = "empty";
  package.version = "1";
  const auto list = Must(ParseRpmHeader(WriteRpmHeader(package)));
  EXPECT_TRUE(list.files.empty());
  EXPECT_EQ(list.package_version, "1-1");
}

}  // namespace
}  // namespace assayfs
