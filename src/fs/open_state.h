// SPDX-License-Identifier: Apache-2.0
// OpenState: what is open on one inode, as far as it matters to other opens.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "crypto/block_tags.h"
#include "fs/kernel_passthrough.h"

namespace assayfs {

class OpenState;

// Marks, which count as long as they live. The state must outlive them.
struct EndsExecution {
  void operator()(OpenState* state) const;
};
struct EndsWriting {
  void operator()(OpenState* state) const;
};
struct EndsThroughUs {
  void operator()(OpenState* state) const;
};
using ExecutionMark = std::unique_ptr<OpenState, EndsExecution>;
using WritingMark = std::unique_ptr<OpenState, EndsWriting>;

// How the bytes of a handle travel as long as it is open: one of both is set.
struct DataWay {
  // The kernel reads and writes the lower file by itself.
  std::shared_ptr<const BackingFile> backing;
  // It asks us, and keeps pages.
  std::unique_ptr<OpenState, EndsThroughUs> through_us;
};

// How they are wanted to travel. kEither: as those of other handles, or else
// through us.
enum class DataWish { kThroughUs, kEither, kPassthrough };

// What a handle was judged for.
struct JudgedContent {
  std::uint64_t id = 0;  // as the appraiser gave it; 0 if it is not known
  // What reads are checked against; null to read without checking.
  std::shared_ptr<const BlockTags> tags;
  std::uint64_t change = 0;  // OpenState::change() from before the judgement
};

// Knows which content the pages that the kernel keeps came from and what must
// not get into them, which handles for writing are about to go, and keeps
// execution and writing apart.
//
// The kernel itself refuses to write to what runs, and to run what is written,
// but only from the end of an open on. Without us, somebody could write
// between our answer and that moment.
// Threads: safe. Nothing but WaitForClosing and BeginWriting blocks.
class OpenState {
 public:
  using Clock = std::chrono::steady_clock;

  // Counts the changes that began through the mount.
  std::uint64_t change() const;

  // A handle on judged content opens or closes. Returns true if all pages that
  // the kernel may keep of this inode are of that very content.
  bool OpenJudged(const JudgedContent& content);
  void CloseJudged();

  // The content that was judged last, if a judged handle is open and no change
  // began through the mount since; empty if not. All handles share the kernel's
  // pages, and its idea of the size; so a handle that was not judged may show
  // nothing else.
  JudgedContent current() const;

  // Calls take_back, with the lock held, unless a judged handle is open and
  // that was done since current() is what it is. It is to take back the size
  // that the kernel was told of the content before. With the lock, because no
  // handle on the same content may be answered before that is done, and it must
  // not be done twice: the kernel then also ignores the answers that are on
  // their way to it.
  void SettleSize(const std::function<void()>& take_back);

  // A handle for reading that was not judged opens or closes: it may bring
  // other bytes into the kernel's pages.
  void OpenPlain();
  void ClosePlain();

  // An open for execution begins; to be called before the content is judged.
  // Lasts until the kernel releases the handle: of a program when it has ended,
  // of an ELF interpreter when nobody maps it any more, of a script at once.
  // Returns null while a handle for writing is open.
  ExecutionMark BeginExecution();

  // A handle for writing opens, or a change without one begins; to be called
  // before the lower file is touched. The kernel tells of the end of a program
  // without anyone waiting for it, so while the file is executed this waits
  // for the end of that, but not longer than limit, and not again after a wait
  // in vain. Returns null if it is still executed.
  WritingMark BeginWriting(std::chrono::milliseconds limit);

  bool is_written() const;   // there is a handle for writing, or a change
  bool is_executed() const;  // see BeginExecution

  // Chooses the way of a handle's bytes. The kernel does not mix both ways for
  // one inode: while it keeps pages, or cannot pass through, it is through us.
  // lower_fd: of the lower file, borrowed.
  // Errors: EIO if they must go through us and those of another handle do not.
  Result<DataWay> ChooseWay(DataWish wish, int lower_fd,
                            KernelPassthrough& kernel);

  // A handle for writing was flushed, so its last descriptor may just have
  // been closed; again, without being used since; or it was used again, or is
  // gone. Call NotFlushed once for each Flushed, when the handle is gone after
  // its mark.
  void Flushed(Clock::time_point when);
  void FlushedAgain(Clock::time_point when);
  void NotFlushed();

  // The kernel tells of the end of a handle without anyone waiting for it, so
  // the next open can overtake it. Waits while handles for writing are open
  // and all of them look closed, until limit has passed since the last flush,
  // and not again after a wait in vain: one that stays open costs no more than
  // that for each flush.
  void WaitForClosing(std::chrono::milliseconds limit);

 private:
  friend EndsExecution;
  friend EndsWriting;
  friend EndsThroughUs;
  void EndExecution();
  void EndWriting();
  void EndThroughUs();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t change_ = 0;
  unsigned judged_ = 0;           // handles on judged content
  JudgedContent current_;         // see current()
  bool size_settled_ = false;     // see SettleSize
  std::uint64_t content_id_ = 0;  // of the pages kept; 0: unknown or mixed
  unsigned plain_ = 0;            // handles for reading that were not judged
  unsigned through_us_ = 0;       // handles whose bytes go through us
  std::weak_ptr<const BackingFile> backing_;  // of the others
  unsigned executing_ = 0;
  bool runs_on_ = false;    // somebody waited in vain for the end of execution
  unsigned writers_ = 0;    // handles for writing, and changes without one
  unsigned flushed_ = 0;    // of them, flushed and not used since
  bool stay_open_ = false;  // somebody waited in vain since the last flush
  Clock::time_point flushed_at_;
};

}  // namespace assayfs
