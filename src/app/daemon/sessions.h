// SPDX-License-Identifier: Apache-2.0
// Sessions: the mounts of one tree that this daemon serves.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "fs/session.h"

namespace assayfs {

// Threads: safe. Work is done with no lock held, because dropping pages may
// block.
class Sessions {
 public:
  // The order in which sessions were asked for.
  using Number = unsigned;

  // Gives out a number, for what a session needs to know before it exists.
  Number Reserve();
  void Add(Number number, std::shared_ptr<FuseSession> session);
  void Remove(Number number);

  // Forgets all, and waits until no work is done on them. To be called while
  // they still answer requests, for which the work may wait.
  void End();

  using Work = std::function<void(FuseSession&)>;
  void ForEach(const Work& work) const;
  void ForOthers(Number self, const Work& work) const;

 private:
  using Map = std::map<Number, std::shared_ptr<FuseSession>>;
  void Do(const Work& work, std::optional<Number> but) const;

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable idle_;
  mutable unsigned working_ = 0;
  Number next_ = 0;
  bool ended_ = false;
  Map sessions_;
};

}  // namespace assayfs
