// SPDX-License-Identifier: Apache-2.0
#include "lists/packed_attributes.h"

#include <gmock/gmock.h>

#include "crypto/hasher.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::Must;

RpmFileMetadata File(const std::string& path, std::uint16_t mode,
                     const std::string& user = "root") {
  RpmFileMetadata file;
  file.path = path;
  file.mode = mode;
  file.user = user;
  if ((mode & 0170000) == 0100000) {
    file.digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes(path)));
  }
  return file;
}

TEST(PackedAttributesTest, NumbersFilesWithDigestsInTheirOrder) {
  RpmFileMetadata ping = File("/bin/ping", 0100755);
  ping.group = "wheel";
  ping.capabilities = "cap_net_raw=ep";
  ping.verify_flags = kRpmVerifyMode;
  const PackedAttributes packed(
      {File("/etc", 040755), File("/bin/su", 0104755), File("/a", 0120777),
       ping, File("/bin/other", 0104755), File("/bin/mine", 0104755, "me")});
  EXPECT_EQ(packed.Of(0)->mode, 0104755);
  EXPECT_EQ(packed.Of(0)->user, "root");
  EXPECT_EQ(packed.Of(1)->group, "wheel");
  EXPECT_EQ(packed.Of(1)->capabilities, "cap_net_raw=ep");
  EXPECT_EQ(packed.Of(1)->verify_flags, kRpmVerifyMode);
  EXPECT_EQ(packed.Of(2), packed.Of(0)) << "kept once";
  EXPECT_EQ(packed.Of(3)->user, "me");
  EXPECT_EQ(packed.Of(4), nullptr);
}

TEST(PackedAttributesTest, KeepsLinksThatAreToBeVerified) {
  RpmFileMetadata loose = File("/etc/loose", 0120777);
  loose.verify_flags = ~kRpmVerifyLinkTarget;
  RpmFileMetadata link = File("/bin", 0120777);
  link.verify_flags = kRpmVerifyLinkTarget;
  link.link_target = "usr/bin";
  RpmFileMetadata ghost = File("/etc/alternatives/x", 0120777);
  ghost.link_target = "anything";
  ghost.flags = kRpmGhost;
  ghost.verify_flags = kRpmVerifyLinkTarget;
  const PackedAttributes packed({loose, link, ghost});
  ASSERT_EQ(packed.links().size(), 1U);
  EXPECT_EQ(packed.links()[0].path, "/bin");
  EXPECT_EQ(packed.links()[0].target, "usr/bin");
}

TEST(PackedAttributesTest, OfAListThatSaysNothingThereIsNothing) {
  EXPECT_EQ(PackedAttributes().Of(0), nullptr);
  EXPECT_TRUE(PackedAttributes().links().empty());
}

}  // namespace
}  // namespace assayfs
