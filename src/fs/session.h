// SPDX-License-Identifier: Apache-2.0
// FuseSession: serves one mount.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "appraise/appraiser.h"
#include "appraise/name_judge.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// When files are judged. kOpen: each open is asked about and judged. kRead: the
// kernel opens files by itself, and each read that it has no page for is
// judged; for mounts that nobody can write to and policies to which
// DependsOnOpen does not apply.
enum class EnforceAt { kOpen, kRead };

// How bytes reach who reads. kVerified: through us, each block compared with
// what was judged. kPassthrough: the kernel reads and writes lower files by
// itself where it can, and what was judged is not compared again. kAuto: so
// where nothing is to be compared, and while a file is written.
enum class DataPath { kAuto, kVerified, kPassthrough };

// What callers change through a mount, for other mounts of the same tree. Each
// may be null; called on threads that answer requests, with no lock held.
struct ChangeListeners {
  // A file is about to be written to: what is kept of it must be gone when this
  // returns.
  std::function<void(FileId)> content;
  // Owner, mode, times, links or extended attributes have changed.
  std::function<void(FileId)> attributes;
  // A file is about to lose a name, perhaps its last. fd: O_PATH, borrowed.
  std::function<void(FileId, int fd)> removing;
  // A name in a folder came, went, or leads somewhere else.
  std::function<void(FileId folder, const std::string& name)> name;
};

// Serves the FUSE connection of one mount with several threads. Uses the signal
// SIGRTMIN+2 to end their waiting; they leave SIGTERM, SIGINT, SIGHUP and
// SIGQUIT to others.
//
// Threads: Run on one thread; Stop, and what drops or forgets, from any.
class FuseSession {
 public:
  struct Options {
    // A descriptor of /dev/fuse whose mount exists or is about to be made with
    // fd=N by somebody else (see MountData).
    UniqueFd fuse_fd;
    // O_PATH descriptor of the lower root; borrowed.
    int root_fd = -1;
    // A mount that shows files of a mount being replaced must not let callers
    // change anything: set for "ro".
    bool read_only = false;
    EnforceAt enforce_at = EnforceAt::kOpen;
    DataPath data = DataPath::kAuto;
    // Judges what is shown of files that nobody opens; borrowed, must outlive
    // the session. Null: nothing of it is judged.
    const NameJudge* names = nullptr;
    // On all file systems of the tree, an offset in a folder leads to the same
    // place after the folder was closed and opened again. Then the kernel need
    // not open folders.
    bool offsets_last = false;
    // How many descriptors to keep of files that the kernel knows.
    std::size_t max_fds = 1024;
    // Called once, when the kernel has agreed to what the session can do, on a
    // thread of the session; may be null.
    std::function<void()> begun;
    ChangeListeners changes = {};
    unsigned threads = 0;  // most threads to keep idle; 0: chosen by itself
  };

  // appraiser: borrowed, must outlive the session.
  // Errors: EINVAL and EIO from libfuse, with its words on stderr; EAGAIN for
  // want of a thread.
  static Result<std::unique_ptr<FuseSession>> Create(Options options,
                                                     Appraiser& appraiser);
  ~FuseSession();

  // Answers requests until the mount is gone or Stop was called; requests that
  // were taken are finished. Errors: EIO if the connection broke.
  Result<void> Run();

  // Makes Run return soon. Threads: any.
  void Stop();

  // How bytes travel: what is in force, kVerified where passthrough is not
  // possible; and how many opens of regular files are served which way now.
  struct Data {
    DataPath in_force = DataPath::kVerified;
    std::size_t through_us = 0;
    std::size_t passed = 0;
  };
  Data data() const;
  bool read_only() const;

  // Drops the pages that the kernel keeps of a lower file, if it keeps any.
  // Blocks while the kernel waits for pages being read: not on a thread that
  // answers requests.
  void InvalidatePages(FileId id);
  // Makes the kernel ask for the attributes of a lower file at their next use.
  // Does not block.
  void ForgetAttributes(FileId id);
  // Makes the kernel look up a name again, and list its folder again. May block
  // while the kernel waits for an answer about that folder: not on a thread
  // that answers requests of this session.
  void ForgetName(FileId folder, const std::string& name);
  // Keeps a lower file, if the kernel knows it, as long as it does: it is about
  // to be removed. fd: O_PATH, borrowed.
  void KeepRemoved(FileId id, int fd);
  // Drops pages soon; does not block.
  void DropPagesSoon(FileId id);
  // Drops the pages of all files that the kernel knows; may block.
  void InvalidateAllPages();

 private:
  struct Impl;
  explicit FuseSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Returns the data argument of mount(2) for type "fuse.assayfs":
// "fd=N,rootmode=40000,user_id=U,group_id=G,default_permissions,allow_other".
std::string MountData(int fuse_fd);

}  // namespace assayfs
