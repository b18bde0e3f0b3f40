// SPDX-License-Identifier: Apache-2.0
// OpenState: counting handles.
#include "fs/open_state.h"

namespace assayfs {

bool OpenState::OpenJudged(std::uint64_t content_id) {
  const std::lock_guard lock(mutex_);
  const bool same = content_id != 0 && content_id == content_id_;
  content_id_ = plain_ == 0 ? content_id : 0;
  return same;
}

void OpenState::OpenPlain(Access access) {
  const std::lock_guard lock(mutex_);
  content_id_ = 0;
  ++plain_;
  if (access == Access::kWrite) ++writers_;
}

void OpenState::ClosePlain(Access access, bool flushed) {
  {
    const std::lock_guard lock(mutex_);
    --plain_;
    if (flushed) --flushed_;
    if (access == Access::kWrite) --writers_;
  }
  changed_.notify_all();
}

void OpenState::Flushed() {
  const std::lock_guard lock(mutex_);
  ++flushed_;
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
  changed_.wait_for(lock, limit,
                    [this] { return writers_ == 0 || flushed_ < writers_; });
}

}  // namespace assayfs
