// SPDX-License-Identifier: Apache-2.0
#include "app/run/forward_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace assayfs {
namespace {

// Each in a process of its own, as signal masks would stay changed.
int InChild(int (*body)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  BlockForwardedSignals();
  return WaitForwarding(child, Orphans::kLeave);
}

TEST(ForwardSignalsTest, ReturnsTheExitStatus) {
  EXPECT_EQ(InChild([] { return 7; }), 7);
}

TEST(ForwardSignalsTest, ASignalIsAdded128) {
  EXPECT_EQ(InChild([] {
              ::raise(SIGKILL);
              return 0;
            }),
            128 + SIGKILL);
}

TEST(ForwardSignalsTest, PassesSignalsOn) {
  EXPECT_EQ(InChild([] {
              const sigset_t old = BlockForwardedSignals();
              const pid_t child = ::fork();
              if (child == 0) {
                ::sigprocmask(SIG_SETMASK, &old, nullptr);
                ::signal(SIGUSR1, SIG_DFL);
                sigset_t none;
                sigemptyset(&none);
                while (true) ::sigsuspend(&none);
              }
              ::kill(::getpid(), SIGUSR1);
              return WaitForwarding(child, Orphans::kLeave);
            }),
            128 + SIGUSR1);
}

TEST(ForwardSignalsTest, OrphansAreReaped) {
  EXPECT_EQ(InChild([] {
              BlockForwardedSignals();
              const pid_t other = ::fork();
              if (other == 0) ::_exit(9);
              const pid_t child = ::fork();
              if (child == 0) ::_exit(3);
              return WaitForwarding(child, Orphans::kReap);
            }),
            3);
}

}  // namespace
}  // namespace assayfs
