// SPDX-License-Identifier: Apache-2.0
// Opener: which opens are judged, and what each one holds.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <utility>

#include "appraise/appraiser.h"
#include "appraise/name_judge.h"
#include "base/result.h"
#include "fs/caller.h"
#include "fs/open_file.h"
#include "fs/passthrough_names.h"
#include "fs/session.h"

namespace assayfs {

// The flag by which the kernel marks an open for execution.
inline constexpr int kOpenForExec = 0x20;

// Opens regular files for callers.
//
// An open is judged as the policy asks of one for reading, writing, appending
// or execution; one with O_TRUNC is for writing only. The descriptor
// that was judged is the one that is read from. An open for writing, or with
// O_TRUNC, marks the file as being written before it touches it; one for
// execution that is judged marks it as being executed before it is judged.
// Threads: safe.
class Opener {
 public:
  // appraiser, names, kernel: borrowed, must outlive this and every OpenFile it
  // gave. names: as in FuseSession::Options. changing: see
  // ChangeListeners::content.
  Opener(Appraiser& appraiser, const NameJudge* names,
         KernelPassthrough& kernel, DataPath data,
         std::function<void(FileId)> changing)
      : appraiser_(appraiser),
        names_(names),
        kernel_(kernel),
        data_(data),
        changing_(std::move(changing)) {}

  // flags: as the kernel gives them; those that speak of names, and O_APPEND
  // and O_DIRECT, which the kernel handles itself, are left out below.
  // give_up: as for Appraiser::Judge.
  // Errors: EACCES if denied, EINTR if told to give up, ENXIO if it is not a
  // regular file, ETXTBSY for execution of a file that is open for writing and
  // for writing to one that is executed, those of open(2).
  Result<std::unique_ptr<OpenFile>> Open(const LowerRef& file, int flags,
                                         const Caller& caller,
                                         const GiveUp& give_up);

  struct Created {
    Entry entry;  // counts as a lookup
    std::unique_ptr<OpenFile> file;
  };
  // Makes a file that must not exist and opens it; with O_TMPFILE among flags,
  // one without a name.
  // Errors: EEXIST if it does and flags has O_EXCL; ESTALE if it does and has
  // not: the kernel then looks again, checks permissions, and opens what it
  // found. Those of open(2).
  Result<Created> Create(InodeTable& table, const LowerRef& folder,
                         const char* name, mode_t mode, int flags,
                         const Caller& caller);

  // Marks a file as being written, and takes the privileges from it that are
  // not shown. file must outlive the guard.
  // Errors: ETXTBSY if it is executed, and has been for some time; those of
  // SetAttributes.
  Result<ChangeGuard> BeginChange(const LowerRef& file);

 private:
  struct Judged {
    UniqueFd fd;
    Appraiser::Answer answer;
    std::uint64_t change = 0;  // OpenState::change() from before
    ExecutionMark executing;   // null if not for execution
  };
  Result<Judged> Judge(const LowerRef& file, int flags, const Use& use,
                       const GiveUp& give_up);
  Result<std::unique_ptr<OpenFile>> OpenJudged(const LowerRef& file,
                                               Judged judged);
  Result<std::unique_ptr<OpenFile>> OpenForChange(const LowerRef& file,
                                                  int flags, uid_t uid);

  Result<std::unique_ptr<OpenFile>> OpenCreated(const LowerRef& file,
                                                UniqueFd fd, int flags);
  // Errors: as OpenState::ChooseWay.
  Result<OpenFile::Base> Prepare(const LowerRef& file, UniqueFd fd,
                                 DataWish wish);
  // How the bytes of an open should travel.
  DataWish WishFor(const LowerRef& file, const Judged& judged) const;
  DataWish WishForReading() const;  // not judged
  DataWish WishForWriting(int flags) const;

  Appraiser& appraiser_;
  const NameJudge* const names_;  // may be null
  KernelPassthrough& kernel_;
  const DataPath data_;
  const std::function<void(FileId)> changing_;
};

}  // namespace assayfs
