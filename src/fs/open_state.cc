// SPDX-License-Identifier: Apache-2.0
// OpenState: counting handles.
#include "fs/open_state.h"

namespace assayfs {

void EndsExecution::operator()(OpenState* state) const {
  state->EndExecution();
}

void EndsWriting::operator()(OpenState* state) const { state->EndWriting(); }

void EndsThroughUs::operator()(OpenState* state) const {
  state->EndThroughUs();
}

std::uint64_t OpenState::change() const {
  const std::lock_guard lock(mutex_);
  return change_;
}

bool OpenState::OpenJudged(const JudgedContent& content) {
  const std::lock_guard lock(mutex_);
  ++judged_;
  const bool changed = content.change != change_ || writers_ != 0;
  const bool same = content.id != 0 && content.id == content_id_ && !changed;
  content_id_ = plain_ == 0 && !changed ? content.id : 0;
  // Opens may end in another order than they were judged in.
  const bool younger = content.id == 0 || content.id >= current_.id;
  if (!changed && younger) {
    if (content.id == 0 || content.id != current_.id) size_settled_ = false;
    current_ = content;
  }
  return same;
}

void OpenState::CloseJudged() {
  const std::lock_guard lock(mutex_);
  if (--judged_ != 0) return;
  current_ = {};
  size_settled_ = false;
}

JudgedContent OpenState::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void OpenState::SettleSize(const std::function<void()>& take_back) {
  const std::lock_guard lock(mutex_);
  if (!size_settled_ || judged_ == 0) take_back();
  size_settled_ = true;
}

void OpenState::OpenPlain() {
  const std::lock_guard lock(mutex_);
  content_id_ = 0;
  ++plain_;
}

void OpenState::ClosePlain() {
  const std::lock_guard lock(mutex_);
  --plain_;
}

ExecutionMark OpenState::BeginExecution() {
  const std::lock_guard lock(mutex_);
  if (writers_ != 0) return nullptr;
  ++executing_;
  return ExecutionMark(this);
}

void OpenState::EndExecution() {
  {
    const std::lock_guard lock(mutex_);
    --executing_;
    runs_on_ = false;
  }
  changed_.notify_all();
}

WritingMark OpenState::BeginWriting(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  const auto deadline = Clock::now() + (runs_on_ ? Clock::duration{} : limit);
  if (!changed_.wait_until(lock, deadline,
                           [this] { return executing_ == 0; })) {
    runs_on_ = true;
    return nullptr;
  }
  ++change_;
  content_id_ = 0;
  current_ = {};
  size_settled_ = false;
  ++writers_;
  return WritingMark(this);
}

void OpenState::EndWriting() {
  {
    const std::lock_guard lock(mutex_);
    --writers_;
  }
  changed_.notify_all();
}

bool OpenState::is_executed() const {
  const std::lock_guard lock(mutex_);
  return executing_ > 0;
}

bool OpenState::is_written() const {
  const std::lock_guard lock(mutex_);
  return writers_ != 0;
}

Result<DataWay> OpenState::ChooseWay(DataWish wish, int lower_fd,
                                     KernelPassthrough& kernel) {
  // With the lock held while the kernel registers the file, which is quick: two
  // numbers for one inode would not do.
  const std::lock_guard lock(mutex_);
  DataWay way;
  way.backing = backing_.lock();
  if (way.backing) {
    if (wish != DataWish::kThroughUs) return way;
    return Fail(EIO, "the kernel reads the file by itself for another");
  }
  if (wish == DataWish::kPassthrough && through_us_ == 0) {
    way.backing = kernel.Register(lower_fd);
    backing_ = way.backing;
  }
  if (!way.backing) {
    ++through_us_;
    way.through_us.reset(this);
  }
  return way;
}

void OpenState::EndThroughUs() {
  const std::lock_guard lock(mutex_);
  --through_us_;
}

void OpenState::Flushed(Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  ++flushed_;
  flushed_at_ = when;
  stay_open_ = false;
}

void OpenState::FlushedAgain(Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  flushed_at_ = when;
  stay_open_ = false;
}

void OpenState::NotFlushed() {
  {
    const std::lock_guard lock(mutex_);
    --flushed_;
  }
  changed_.notify_all();
}

void OpenState::WaitForClosing(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  const auto deadline = stay_open_ ? Clock::time_point() : flushed_at_ + limit;
  stay_open_ = !changed_.wait_until(
      lock, deadline, [this] { return writers_ == 0 || flushed_ < writers_; });
}

}  // namespace assayfs
