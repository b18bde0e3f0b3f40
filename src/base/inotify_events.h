// SPDX-License-Identifier: Apache-2.0
// What an inotify descriptor has to tell.
#pragma once

#include <cstdint>
#include <functional>

namespace assayfs {

// Reads all events that are there, from a descriptor that does not block, and
// hands each to visit. watch: of the folder or file, -1 for an overflow; mask:
// see inotify(7); name: in a folder, else empty, valid during the call.
// Threads: one at a time on one descriptor.
void ReadInotifyEvents(int inotify_fd,
                       const std::function<void(int watch, std::uint32_t mask,
                                                const char* name)>& visit);

}  // namespace assayfs
