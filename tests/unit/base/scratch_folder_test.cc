// SPDX-License-Identifier: Apache-2.0
#include "base/scratch_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace assayfs {
namespace {

TEST(ScratchFolderTest, IsPrivateAndGoesWithWhatIsInIt) {
  std::string path;
  {
    const ScratchFolder folder("test");
    path = folder.path();
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
    std::filesystem::create_directory(path + "/more");
    std::ofstream(path + "/more/file") << "text";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ScratchFolderTest, MayBeBelowAnother) {
  const ScratchFolder outer("test");
  std::string path;
  {
    const ScratchFolder inner("inner", outer.path());
    path = inner.path();
    EXPECT_EQ(std::filesystem::path(path).parent_path(), outer.path());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(ScratchFolder("inner", path).path(), "");
}

}  // namespace
}  // namespace assayfs
