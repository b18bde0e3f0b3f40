// SPDX-License-Identifier: Apache-2.0
#include "appraise/use_facts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::TempDir;

class UseFactsTest : public ::testing::Test {
 protected:
  UniqueFd Open(const std::string& name) {
    return UniqueFd(::open((dir_ / name).c_str(), O_RDONLY | O_CLOEXEC));
  }
  Use Found(int fd, const Needs& needs) {
    Use use;
    UseFacts(root_.get()).Find(fd, needs, use);
    return use;
  }

  const TempDir dir_;
  const UniqueFd root_{::open(dir_.path().c_str(), O_PATH | O_CLOEXEC)};
};

TEST_F(UseFactsTest, FindsOnlyWhatIsNeeded) {
  dir_.Write("f", "text");
  const Use use = Found(Open("f").get(), {});
  EXPECT_EQ(use.elf, std::nullopt);
  EXPECT_EQ(use.setuid, std::nullopt);
  for (const auto& number : use.numbers) EXPECT_EQ(number, std::nullopt);
  for (const auto& texts : use.texts) EXPECT_TRUE(texts.empty());
}

TEST_F(UseFactsTest, TellsElfFilesByTheirBeginning) {
  dir_.Write("f", "text");
  dir_.Write("g", "\177ELF and more");
  EXPECT_EQ(Found(Open("f").get(), {.elf = true}).elf, false);
  EXPECT_EQ(Found(Open("g").get(), {.elf = true}).elf, true);
}

TEST_F(UseFactsTest, APathIsSeenFromTheTreeAndFromTheSystem) {
  dir_.Write("f", "text");
  const UniqueFd fd = Open("f");
  Use use = Found(fd.get(), {.path = true});
  EXPECT_EQ(use.text(TextFact::kPath),
            (std::vector<std::string>{"/f", dir_ / "f"}));
  ::unlink((dir_ / "f").c_str());
  use = Found(fd.get(), {.path = true});
  EXPECT_TRUE(use.text(TextFact::kPath).empty()) << "it has none any more";
}

TEST_F(UseFactsTest, FindsOwnerAndWhatThatLends) {
  const std::string path = dir_.Write("f", "text");
  Use use = Found(Open("f").get(), {.owner = true});
  EXPECT_EQ(use.number(NumberFact::kFowner), ::geteuid());
  EXPECT_EQ(use.number(NumberFact::kFgroup), ::getegid());
  EXPECT_EQ(use.setuid, false);
  EXPECT_EQ(use.setgid, false);
  ASSERT_EQ(::chmod(path.c_str(), 04755), 0);
  EXPECT_EQ(Found(Open("f").get(), {.owner = true}).setuid, true);
  ASSERT_EQ(::chmod(path.c_str(), 02755), 0);
  EXPECT_EQ(Found(Open("f").get(), {.owner = true}).setgid, true);
}

TEST_F(UseFactsTest, FindsTheFileSystem) {
  const UniqueFd proc(::open("/proc/version", O_RDONLY | O_CLOEXEC));
  Use use = Found(proc.get(), {.file_system = true});
  EXPECT_EQ(use.number(NumberFact::kFsMagic), 0x9fa0U);
  EXPECT_EQ(use.text(TextFact::kFsName), std::vector<std::string>{"proc"});
  EXPECT_EQ(use.text(TextFact::kFsSubtype), std::vector<std::string>{""});
  EXPECT_TRUE(use.text(TextFact::kFsUuid).empty());
}

TEST(FileSystemsTest, ANumberThatStandsForAnotherIsNotMistaken) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const TempDir dir;
  const FileSystems systems;
  for (const char* type : {"tmpfs", "ramfs", "tmpfs"}) {
    if (::mount(type, dir.path().c_str(), type, 0, nullptr) != 0) {
      GTEST_SKIP() << "cannot mount here";
    }
    {
      const UniqueFd fd(::open(dir.path().c_str(), O_RDONLY | O_CLOEXEC));
      EXPECT_EQ(Must(systems.Of(fd.get())).name, type);
    }
    ASSERT_EQ(::umount(dir.path().c_str()), 0);
  }
}

TEST(FileSystemsTest, ADescriptorThatCannotBeAskedSpoilsNothing) {
  const TempDir dir;
  const FileSystems systems;
  const UniqueFd place(::open(dir.path().c_str(), O_PATH | O_CLOEXEC));
  const UniqueFd open(::open(dir.path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(Must(systems.Of(place.get())).uuid, std::nullopt);
  const auto uuid = Must(systems.Of(open.get())).uuid;
  if (!uuid) GTEST_SKIP() << "this file system tells no UUID";
  EXPECT_EQ(Must(systems.Of(place.get())).uuid, uuid);
}

TEST(UseOfOwnTest, IsByThisProgramItself) {
  Use use = UseOfOwn("/p", ListFile{7, 8, 9});
  EXPECT_EQ(use.mask, kMayRead);
  EXPECT_EQ(use.number(NumberFact::kUid), ::getuid());
  EXPECT_EQ(use.number(NumberFact::kFowner), 7U);
  EXPECT_EQ(use.number(NumberFact::kFgroup), 8U);
  EXPECT_EQ(use.number(NumberFact::kFsMagic), 9U);
  EXPECT_EQ(use.text(TextFact::kPath), std::vector<std::string>{"/p"});
  EXPECT_EQ(UseOfOwn("/p", {}).numbers[4], std::nullopt);
}

}  // namespace
}  // namespace assayfs
