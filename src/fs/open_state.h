// SPDX-License-Identifier: Apache-2.0
// OpenState: what is open on one inode, as far as it matters to other opens.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace assayfs {

// Knows which content the pages that the kernel keeps came from, and which
// handles for writing are about to go.
//
// Threads: safe. Nothing but WaitForClosing blocks.
class OpenState {
 public:
  // A handle on judged content opens. content_id: what the appraiser gave, 0
  // if it is not known. Returns true if all pages that the kernel may keep of
  // this inode are of that very content.
  bool OpenJudged(std::uint64_t content_id);

  // A handle that may bring other bytes into the kernel's pages opens or
  // closes: one that was not judged, or one for writing.
  enum class Access { kRead, kWrite };
  void OpenPlain(Access access);
  void ClosePlain(Access access, bool flushed);

  // A handle for writing was flushed, so its last descriptor may just have
  // been closed; or it was used again. Call each only if it changes what was
  // said before of that handle.
  void Flushed();
  void NotFlushed();

  // The kernel tells of the end of a handle without anyone waiting for it, so
  // the next open can overtake it. Waits while handles for writing are open
  // and all of them look closed, but not longer than limit.
  void WaitForClosing(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t content_id_ = 0;  // of the pages kept; 0: unknown or mixed
  unsigned plain_ = 0;            // plain handles open
  unsigned writers_ = 0;          // of them, for writing
  unsigned flushed_ = 0;          // of them, flushed and not used since
};

}  // namespace assayfs
