// SPDX-License-Identifier: Apache-2.0
// Capabilities of files as texts.
#include "appraise/file_capabilities.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include "base/files.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;
using testing::TempDir;

TEST(FileCapabilitiesTest, EqualSetsAreEqualTexts) {
  const auto both = Must(ParseCapabilities("cap_net_admin,cap_net_raw=ep"));
  EXPECT_EQ(Must(ParseCapabilities("cap_net_raw+ep cap_net_admin+pe")), both);
  EXPECT_NE(Must(ParseCapabilities("cap_net_raw=ep")), both);
  EXPECT_NE(Must(ParseCapabilities("cap_net_admin,cap_net_raw=p")), both);
}

TEST(FileCapabilitiesTest, NoneIsAnEmptyText) {
  EXPECT_EQ(Must(ParseCapabilities("")), "");
  EXPECT_EQ(Must(ParseCapabilities("=")), "");
}

TEST(FileCapabilitiesTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(ParseCapabilities("cap_of_the_future=ep"), FailsWith(EINVAL));
  EXPECT_THAT(ParseCapabilities("\x1b[31m"), FailsWith(EINVAL));
}

TEST(DecodeCapabilitiesTest, RefusesWhatTheKernelWouldNotTake) {
  EXPECT_THAT(DecodeCapabilities({}), FailsWith(EINVAL));
  ByteVector value(20);
  value[3] = std::byte{2};
  EXPECT_EQ(Must(DecodeCapabilities(value)), "");
  EXPECT_THAT(DecodeCapabilities(Bytes(value).first(19)), FailsWith(EINVAL));
  value.resize(24);
  EXPECT_THAT(DecodeCapabilities(value), FailsWith(EINVAL));
  value[3] = std::byte{3};
  EXPECT_EQ(Must(DecodeCapabilities(value)), "");
  value[3] = std::byte{4};
  EXPECT_THAT(DecodeCapabilities(value), FailsWith(EINVAL));
}

class CapabilitiesOfTest : public ::testing::Test {
 protected:
  // In the form of the kernel (linux/capability.h): version, and two words each
  // of permitted and inheritable.
  void Set(const std::string& value) {
    if (::setxattr(path_.c_str(), "security.capability", value.data(),
                   value.size(), 0) != 0) {
      GTEST_SKIP() << "may not set capabilities";
    }
  }
  Result<std::string> Get() {
    return CapabilitiesOf(Must(OpenForReading(AT_FDCWD, path_)).get());
  }

  TempDir dir_;
  std::string path_ = dir_.Write("file", "");
};

TEST_F(CapabilitiesOfTest, ReadsThoseOfAFile) {
  EXPECT_EQ(Must(Get()), "");
  // Version 2, effective; CAP_NET_RAW is bit 13.
  Set(std::string("\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20));
  EXPECT_EQ(Must(Get()), Must(ParseCapabilities("cap_net_raw=ep")));
}

TEST_F(CapabilitiesOfTest, ThoseOfAnotherUserNamespaceEqualNoOthers) {
  // Version 3, which has the number of a root at its end: 1000.
  Set(std::string("\x01\0\0\x03\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe8\x03\0\0",
                  24));
  EXPECT_EQ(Must(Get()),
            Must(ParseCapabilities("cap_net_raw=ep")) + "[rootid=1000]");
}

TEST_F(CapabilitiesOfTest, FailsOnWhatItCannotRead) {
  EXPECT_THAT(CapabilitiesOf(-1), FailsWith(EBADF));
}

}  // namespace
}  // namespace assayfs
