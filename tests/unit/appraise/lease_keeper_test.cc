// SPDX-License-Identifier: Apache-2.0
#include "appraise/lease_keeper.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <filesystem>
#include <future>

#include "base/files.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::TempDir;

class LeaseKeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    keeper_ =
        Must(LeaseKeeper::Start(2, {.broken =
                                        [this](FileId id) {
                                          held_when_told_ = keeper_->size();
                                          broken_.set_value(id);
                                        },
                                    .ending =
                                        [this](FileId id) {
                                          EXPECT_FALSE(keeper_->IsUnbroken(id));
                                          held_when_told_ = keeper_->size();
                                          ended_.push_back(id);
                                        }}));
  }

  UniqueFd Open(const std::string& name) {
    dir_.Write(name, "content");
    return Must(OpenForReading(AT_FDCWD, dir_ / name));
  }
  static FileId Id(const UniqueFd& fd) { return Must(StampFile(fd.get())).id; }
  LeaseKeeper::Outcome Acquire(const UniqueFd& fd) {
    return keeper_->Acquire(fd.get(), Id(fd));
  }

  TempDir dir_;
  std::promise<FileId> broken_;
  std::vector<FileId> ended_;
  std::size_t held_when_told_ = 0;
  std::unique_ptr<LeaseKeeper> keeper_;
};

TEST_F(LeaseKeeperTest, TellsOfAWriterBeforeTheWriterGoesOn) {
  const UniqueFd file = Open("a");
  ASSERT_EQ(Acquire(file), LeaseKeeper::Outcome::kHeld);
  const UniqueFd writer(::open((dir_ / "a").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(writer);
  auto told = broken_.get_future();
  ASSERT_EQ(told.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(told.get(), Id(file));
  EXPECT_EQ(held_when_told_, 1U);
}

TEST_F(LeaseKeeperTest, ATruncateBelowIsToldToo) {
  const UniqueFd file = Open("a");
  ASSERT_EQ(Acquire(file), LeaseKeeper::Outcome::kHeld);
  ASSERT_EQ(::truncate((dir_ / "a").c_str(), 1), 0);
  EXPECT_EQ(broken_.get_future().get(), Id(file));
}

TEST_F(LeaseKeeperTest, IsRefusedWhileSomebodyHasTheFileOpenForWriting) {
  const UniqueFd file = Open("a");
  const UniqueFd writer(::open((dir_ / "a").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(Acquire(file), LeaseKeeper::Outcome::kWriter);
}

TEST_F(LeaseKeeperTest, IsRefusedWhileAWritableMappingLivesOn) {
  const UniqueFd file = Open("a");
  UniqueFd writer(::open((dir_ / "a").c_str(), O_RDWR | O_CLOEXEC));
  void* map =
      ::mmap(nullptr, 7, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  writer.Reset();
  EXPECT_EQ(Acquire(file), LeaseKeeper::Outcome::kWriter);
  ::munmap(map, 7);
}

TEST_F(LeaseKeeperTest, AReleasedLeaseLetsWritersThroughUntold) {
  const UniqueFd file = Open("a");
  ASSERT_EQ(Acquire(file), LeaseKeeper::Outcome::kHeld);
  keeper_->Release(Id(file));
  EXPECT_THAT(ended_, ::testing::ElementsAre(Id(file)));
  const UniqueFd writer(
      ::open((dir_ / "a").c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  EXPECT_TRUE(writer);
  EXPECT_EQ(broken_.get_future().wait_for(std::chrono::seconds(0)),
            std::future_status::timeout);
}

TEST_F(LeaseKeeperTest, WhatWasRemovedIsLetGo) {
  UniqueFd gone = Open("gone");
  const UniqueFd linked = Open("linked");
  std::filesystem::create_hard_link(dir_ / "linked", dir_ / "other");
  ASSERT_EQ(Acquire(gone), LeaseKeeper::Outcome::kHeld);
  ASSERT_EQ(Acquire(linked), LeaseKeeper::Outcome::kHeld);
  keeper_->ReleaseRemoved(Id(gone));
  EXPECT_EQ(keeper_->size(), 2U);
  for (const auto name : {"gone", "linked"}) {
    std::filesystem::remove(dir_ / name);
  }
  keeper_->ReleaseRemoved(Id(gone));
  keeper_->ReleaseRemoved(Id(linked));
  EXPECT_EQ(ended_, std::vector{Id(gone)});
  EXPECT_TRUE(keeper_->IsUnbroken(Id(linked)));
}

TEST_F(LeaseKeeperTest, OneTooManyReplacesTheOldest) {
  const UniqueFd a = Open("a");
  const UniqueFd b = Open("b");
  const UniqueFd c = Open("c");
  EXPECT_EQ(Acquire(a), LeaseKeeper::Outcome::kHeld);
  EXPECT_EQ(Acquire(b), LeaseKeeper::Outcome::kHeld);
  EXPECT_EQ(Acquire(c), LeaseKeeper::Outcome::kHeld);
  EXPECT_EQ(keeper_->size(), 2U);
  EXPECT_THAT(ended_, ::testing::ElementsAre(Id(a)));
  EXPECT_EQ(held_when_told_, 2U);
  EXPECT_FALSE(keeper_->IsUnbroken(Id(a)));
  EXPECT_TRUE(keeper_->IsUnbroken(Id(b)));
}

TEST_F(LeaseKeeperTest, AcquiringTwiceHoldsOne) {
  const UniqueFd a = Open("a");
  EXPECT_EQ(Acquire(a), LeaseKeeper::Outcome::kHeld);
  EXPECT_EQ(Acquire(a), LeaseKeeper::Outcome::kHeld);
  EXPECT_EQ(keeper_->size(), 1U);
  EXPECT_TRUE(ended_.empty());
  EXPECT_TRUE(keeper_->IsUnbroken(Id(a)));
}

TEST_F(LeaseKeeperTest, WhatCannotHaveALeaseIsSaidToBeUnsupported) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(keeper_->Acquire(null.get(), {0, 1}),
            LeaseKeeper::Outcome::kUnsupported);
}

TEST_F(LeaseKeeperTest, IsUnbrokenUntilAWriterAsks) {
  const UniqueFd file = Open("a");
  EXPECT_FALSE(keeper_->IsUnbroken(Id(file)));
  ASSERT_EQ(Acquire(file), LeaseKeeper::Outcome::kHeld);
  ASSERT_EQ(::chmod((dir_ / "a").c_str(), 0600), 0);
  EXPECT_TRUE(keeper_->IsUnbroken(Id(file)));
  // Does not wait for us, so that it may come before our thread has heard.
  const UniqueFd writer(
      ::open((dir_ / "a").c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  EXPECT_FALSE(keeper_->IsUnbroken(Id(file)));
}

}  // namespace
}  // namespace assayfs
