// SPDX-License-Identifier: Apache-2.0
// OpenState: counting handles.
#include "fs/open_state.h"

namespace assayfs {

void EndsExecution::operator()(OpenState* state) const {
  state->EndExecution();
}

void EndsWriting::operator()(OpenState* state) const { state->EndWriting(); }

bool OpenState::OpenJudged(std::uint64_t content_id) {
  const std::lock_guard lock(mutex_);
  const bool same = content_id != 0 && content_id == content_id_;
  content_id_ = plain_ == 0 && writers_ == 0 ? content_id : 0;
  return same;
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
  content_id_ = 0;
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

void OpenState::Flushed(Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  ++flushed_;
  flushed_at_ = when;
}

void OpenState::FlushedAgain(Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  flushed_at_ = when;
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
  changed_.wait_until(lock, flushed_at_ + limit,
                      [this] { return writers_ == 0 || flushed_ < writers_; });
}

}  // namespace assayfs
