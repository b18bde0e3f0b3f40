// SPDX-License-Identifier: Apache-2.0
#include "fs/judged_read.h"

#include <fcntl.h>

#include <string>

#include "unit/fs/judged_tree.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::JudgedTree;
using testing::kGoodText;
using testing::Must;

class JudgedReadTest : public ::testing::Test {
 protected:
  Result<JudgedRead> Read(const char* name, std::uint64_t offset = 0,
                          std::size_t size = 100, const GiveUp& give_up = {}) {
    return ReadAndJudge(judged_.appraiser(), judged_.tree().At(name), 0, offset,
                        size, buffer_, give_up);
  }
  std::string Path(const char* name) { return judged_.tree().dir() / name; }

  JudgedTree judged_;
  ByteVector buffer_;
};

TEST_F(JudgedReadTest, ReadsKnownContentThatMayStay) {
  const auto read = Must(Read("good"));
  EXPECT_EQ(AsText(read.bytes), kGoodText);
  EXPECT_TRUE(read.may_stay);
}

TEST_F(JudgedReadTest, ReadsFromAnyOffsetToTheEnd) {
  EXPECT_EQ(AsText(Must(Read("good", 5, 3)).bytes), kGoodText.substr(5, 3));
  EXPECT_EQ(Must(Read("good", 100, 3)).bytes.size(), 0U);
}

TEST_F(JudgedReadTest, DeniesUnknownContent) {
  EXPECT_THAT(Read("bad"), FailsWith(EACCES));
  judged_.tree().dir().Write("good", "changed");
  EXPECT_THAT(Read("good"), FailsWith(EACCES));
}

TEST_F(JudgedReadTest, WhatSomebodyBelowCanWriteMustNotStay) {
  const UniqueFd writer(::open(Path("good").c_str(), O_WRONLY | O_CLOEXEC));
  const auto read = Must(Read("good"));
  EXPECT_EQ(AsText(read.bytes), kGoodText);
  EXPECT_FALSE(read.may_stay);
}

TEST_F(JudgedReadTest, WhatTheKernelChecksMayStay) {
  judged_.GiveVerity();
  const auto read = Must(Read("good"));
  EXPECT_EQ(AsText(read.bytes), kGoodText);
  EXPECT_TRUE(read.may_stay);
  EXPECT_THAT(Read("bad"), FailsWith(EACCES));
}

TEST_F(JudgedReadTest, GivesUpWhatMustBeHashed) {
  EXPECT_THAT(Read("good", 0, 100, [] { return true; }), FailsWith(EINTR));
  Must(Read("good"));
  EXPECT_TRUE(Read("good", 0, 100, [] { return true; }));
}

}  // namespace
}  // namespace assayfs
