// SPDX-License-Identifier: Apache-2.0
// What an inotify descriptor has to tell.
#include "base/inotify_events.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace assayfs {

void ReadInotifyEvents(int inotify_fd,
                       const std::function<void(int watch, std::uint32_t mask,
                                                const char* name)>& visit) {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t count = ::read(inotify_fd, buffer.data(), buffer.size());
    if (count <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      // The kernel pads the name with NULs.
      const char* const name = buffer.data() + at + sizeof(event);
      visit(event.wd, event.mask, event.len == 0 ? "" : name);
      at += sizeof(event) + event.len;
    }
  }
}

}  // namespace assayfs
