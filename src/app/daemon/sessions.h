// SPDX-License-Identifier: Apache-2.0
// Sessions: the mounts of one tree that this daemon serves.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "base/guarded.h"
#include "fs/session.h"

namespace assayfs {

// Threads: safe. What is handed to the functions below lives until they
// return, and they are called with no lock held: dropping pages may block.
class Sessions {
 public:
  // The order in which sessions were asked for.
  using Number = unsigned;

  // Gives out a number, for what a session needs to know before it exists.
  Number Reserve();
  void Add(Number number, std::shared_ptr<FuseSession> session);
  void Remove(Number number);

  using Work = std::function<void(FuseSession&)>;
  void ForEach(const Work& work) const;
  void ForOthers(Number self, const Work& work) const;

 private:
  using Map = std::map<Number, std::shared_ptr<FuseSession>>;
  Map Copy() const;

  struct State {
    Number next = 0;
    Map sessions;
  };
  Guarded<State> state_;
};

}  // namespace assayfs
