// SPDX-License-Identifier: Apache-2.0
// Sessions: the mounts of one tree that this daemon serves.
#include "app/daemon/sessions.h"

#include <utility>

namespace assayfs {

Sessions::Number Sessions::Reserve() {
  const std::lock_guard lock(mutex_);
  return next_++;
}

void Sessions::Add(Number number, std::shared_ptr<FuseSession> session) {
  const std::lock_guard lock(mutex_);
  if (!ended_) sessions_[number] = std::move(session);
}

void Sessions::Remove(Number number) {
  Map::node_type gone;  // ended with no lock held
  const std::lock_guard lock(mutex_);
  gone = sessions_.extract(number);
}

void Sessions::End() {
  Map gone;  // ended with no lock held
  std::unique_lock lock(mutex_);
  ended_ = true;
  gone = std::exchange(sessions_, {});
  idle_.wait(lock, [this] { return working_ == 0; });
}

void Sessions::Do(const Work& work, std::optional<Number> but) const {
  Map sessions;
  {
    const std::lock_guard lock(mutex_);
    sessions = sessions_;
    ++working_;
  }
  for (const auto& [number, session] : sessions) {
    if (number != but) work(*session);
  }
  {
    const std::lock_guard lock(mutex_);
    --working_;
  }
  idle_.notify_all();
}

void Sessions::ForEach(const Work& work) const { Do(work, std::nullopt); }

void Sessions::ForOthers(Number self, const Work& work) const {
  Do(work, self);
}

}  // namespace assayfs
