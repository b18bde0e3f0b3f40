// SPDX-License-Identifier: Apache-2.0
// Children of this process: waiting for them, and ending them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>

namespace assayfs {

// Waits until a child has ended, but not longer than limit, and reaps it.
// Returns its status as waitpid(2) tells it; nothing if it still runs.
std::optional<int> ReapWithin(pid_t child, std::chrono::milliseconds limit);

// Asks a child to end (SIGTERM), kills it if that takes longer than half a
// minute, and reaps it. Returns its status as waitpid(2) tells it.
int EndChild(pid_t child);

// Kills a child, and reaps it.
void KillChild(pid_t child);

// Has the kernel kill this process when parent, who forked it, ends. The kernel
// forgets that when user ids change.
void EndWithParent(pid_t parent);

// Asks, every millisecond, until the answer is yes or the time is over. Returns
// the last answer.
bool WaitUntil(const std::function<bool()>& holds,
               std::chrono::milliseconds limit);

}  // namespace assayfs
