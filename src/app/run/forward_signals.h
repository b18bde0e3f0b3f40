// SPDX-License-Identifier: Apache-2.0
// Waiting for a child while passing signals on to it.
#pragma once

#include <signal.h>
#include <sys/types.h>

namespace assayfs {

// Blocks the signals that WaitForwarding passes on, and SIGCHLD. Call before
// the child is forked. Returns the mask as it was, for the child.
sigset_t BlockForwardedSignals();

// Waits until child ends, passing on what other processes send us: SIGHUP,
// SIGINT, SIGQUIT, SIGTERM, SIGUSR1 and SIGUSR2. What a terminal sends, it
// sends to the child as well. orphans: kReap for a process that is init.
// Returns the exit status as a shell has it: 128 + N if signal N ended it.
enum class Orphans { kLeave, kReap };
int WaitForwarding(pid_t child, Orphans orphans);

}  // namespace assayfs
