// SPDX-License-Identifier: Apache-2.0
// What `lists sign` with a real key does is in lists_sign_test.cc.
#include "app/lists/gpg_signer.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::TempDir;

// Looks for programs in one folder only, for as long as it lives.
class SearchPath {
 public:
  explicit SearchPath(const std::string& folder) : before_(::getenv("PATH")) {
    ::setenv("PATH", folder.c_str(), 1);
  }
  ~SearchPath() { ::setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

// Writes a shell script named gpg into dir.
void WriteGpg(const TempDir& dir, const std::string& script) {
  const auto path = dir.Write("gpg", "#!/bin/sh\n" + script);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

TEST(GpgSignerTest, FailsWithoutGpg) {
  const TempDir dir;
  const SearchPath path(dir.path());
  EXPECT_THAT(GpgSign("key", "", AsBytes("payload")),
              FailsSaying(ENOENT, "gpg"));
}

TEST(GpgSignerTest, GivesGpgsLastWords) {
  const TempDir dir;
  WriteGpg(dir, "echo first >&2; echo 'gpg: no such key' >&2; exit 2\n");
  const SearchPath path(dir.path());
  const auto signature = GpgSign("key", "", AsBytes("payload"));
  ASSERT_THAT(signature, FailsWith(EKEYREJECTED));
  EXPECT_EQ(signature.error().message(), "gpg: no such key");
}

TEST(GpgSignerTest, RefusesAnEmptySignature) {
  const TempDir dir;
  WriteGpg(dir, "exit 0\n");
  const SearchPath path(dir.path());
  EXPECT_THAT(GpgSign("key", "", AsBytes("payload")), FailsWith(EKEYREJECTED));
}

TEST(GpgSignerTest, GivesGpgThePayloadAndReturnsItsOutput) {
  const TempDir dir;
  // read and echo are built into the shell, so that no PATH is needed.
  WriteGpg(dir, "read -r line; echo \"$line signed $*\"\n");
  const SearchPath path(dir.path());
  const auto signature = GpgSign("-x; y", "/home of it", AsBytes("payload\n"));
  ASSERT_TRUE(signature.has_value()) << signature.error().message();
  EXPECT_EQ(AsText(*signature),
            "payload signed --batch --no-armor --homedir=/home of it "
            "--local-user=-x; y --digest-algo SHA512 --output - "
            "--detach-sign\n");
}

}  // namespace
}  // namespace assayfs
