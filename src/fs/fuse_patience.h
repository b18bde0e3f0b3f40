// SPDX-License-Identifier: Apache-2.0
// Answering requests that may take long, as long as somebody waits for them.
#pragma once

#include <atomic>
#include <cerrno>
#include <memory>
#include <utility>

#include "crypto/file_hash.h"
#include "fs/fuse_ops.h"

namespace assayfs {

// Hears that a signal came for the caller. The kernel tells of any signal that
// has a handler, and only once; whether it ends the caller is to be looked up
// then, again and again. libfuse calls back with a lock of the request held,
// which both ends here take, so nothing but the flag is touched there.
class Interrupt {
 public:
  explicit Interrupt(fuse_req_t req);
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // To be called before the reply, which ends the request.
  void End();

  bool EndsCaller() const { return came_ && IsDying(caller_); }

 private:
  fuse_req_t req_;
  pid_t caller_;
  std::atomic<bool> came_ = false;
};

// Calls reply(result) with what attempt(give_up) returned, both on one thread:
// this one, unless attempt fails with EINTR because it was told to give up what
// takes long; then one of the slow lane, where it goes on until the caller is
// gone. Both are copied.
template <typename Attempt, typename Reply>
void AnswerPatiently(fuse_req_t req, Attempt attempt, Reply reply) {
  auto at_once = attempt(GiveUp([] { return true; }));
  if (at_once || at_once.error().code() != EINTR) {
    return reply(std::move(at_once));
  }
  SlowLane& lane = ServerOf(req).slow_lane;
  const auto interrupt = std::make_shared<Interrupt>(req);
  const GiveUp give_up = [&lane, interrupt] {
    return lane.stopping() || interrupt->EndsCaller();
  };
  lane.Add(
      [attempt, reply, interrupt, give_up] {
        auto result = attempt(give_up);
        interrupt->End();
        reply(std::move(result));
      },
      give_up);
}

}  // namespace assayfs
