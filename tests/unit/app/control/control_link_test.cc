// SPDX-License-Identifier: Apache-2.0
#include "app/control/control_link.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::ReadText;
using testing::TempDir;

TEST(ControlLinkTest, LeadsToTheSocketWhileItLives) {
  const TempDir dir;
  {
    const ControlLink link(dir / "link", "/a/socket");
    EXPECT_EQ(std::filesystem::read_symlink(dir / "link"), "/a/socket");
  }
  EXPECT_FALSE(std::filesystem::is_symlink(dir / "link"));
}

TEST(ControlLinkTest, ReplacesALinkButNothingElse) {
  const TempDir dir;
  std::filesystem::create_symlink("/old", dir / "link");
  dir.Write("file", "x");
  {
    const ControlLink link(dir / "link", "/new");
    const ControlLink file(dir / "file", "/new");
    EXPECT_EQ(std::filesystem::read_symlink(dir / "link"), "/new");
  }
  EXPECT_EQ(ReadText(dir / "file"), "x");
}

TEST(ControlLinkTest, LeavesTheLinkOfAnother) {
  const TempDir dir;
  {
    const ControlLink link(dir / "link", "/new");
    std::filesystem::remove(dir / "link");
    std::filesystem::create_symlink("/other", dir / "link");
  }
  EXPECT_EQ(std::filesystem::read_symlink(dir / "link"), "/other");
}

}  // namespace
}  // namespace assayfs
