// SPDX-License-Identifier: Apache-2.0
// StopSignals: hears SIGTERM, SIGINT and SIGHUP on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Blocks those signals in the calling thread and those it starts later, and
// SIGPIPE with them. Call early in the daemon, before any thread.
void BlockStopSignals();

// Threads: one owner.
class StopSignals {
 public:
  // stop: called once, on a thread of this object, at the first signal.
  // Errors: those of signalfd(2) and eventfd(2).
  static Result<std::unique_ptr<StopSignals>> Start(std::function<void()> stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  StopSignals() = default;
  void Run() const;

  std::function<void()> stop_;
  UniqueFd signals_;
  UniqueFd ending_;
  std::thread thread_;
};

}  // namespace assayfs
