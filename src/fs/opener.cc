// SPDX-License-Identifier: Apache-2.0
// Opener: which opens are judged, and what each one holds.
#include "fs/opener.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <utility>

#include "base/reopen.h"
#include "fs/passthrough_attributes.h"

namespace assayfs {
namespace {

// How long an open may wait for the end of a writer that closed, or a program
// that ended, before it.
// Telling takes the kernel microseconds; this is for a machine under load.
constexpr std::chrono::milliseconds kClosingWait{250};

// The same where a writer that is still in denies nothing, so that a wait in
// vain (a child ended that shared a descriptor) is worth less.
constexpr std::chrono::milliseconds kShortWait{5};

// What of the caller's flags means something to the lower file.
constexpr int kLowerFlags =
    O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC | O_NONBLOCK | O_NOATIME;

// The kernel reads and writes by itself without its cache, and asks us for
// what O_DIRECT wants; the lower file only tells whether it could do that.
// Errors: EINVAL if it could not.
Result<void> CheckDirect(int fd, int flags) {
  if ((flags & O_DIRECT) == 0) return {};
  const int own = ::fcntl(fd, F_GETFL);
  if (own < 0 || ::fcntl(fd, F_SETFL, own | O_DIRECT) != 0) {
    return Fail(Error::FromErrno("O_DIRECT"));
  }
  ::fcntl(fd, F_SETFL, own);
  return {};
}

// What an open is for. With O_TRUNC, content that is there is not seen.
Mask MaskOf(int flags) {
  if ((flags & kOpenForExec) != 0) return kMayExec;
  const int access = flags & O_ACCMODE;
  const bool truncates = (flags & O_TRUNC) != 0;
  Mask mask = 0;
  if (access != O_WRONLY && !truncates) mask |= kMayRead;
  if (access != O_RDONLY || truncates) mask |= kMayWrite;
  if (access != O_RDONLY && (flags & O_APPEND) != 0) mask |= kMayAppend;
  return mask;
}

Result<UniqueFd> Checked(Result<UniqueFd> fd, int flags) {
  if (!fd) return fd;
  auto direct = CheckDirect(fd->get(), flags);
  if (!direct) return Fail(std::move(direct).error());
  return fd;
}

Result<UniqueFd> OpenLower(const LowerRef& file, int flags) {
  return Checked(Reopen(file.fd(), flags & kLowerFlags), flags);
}

// The kernel takes privileges away from what is written to, but knows nothing
// of those that it is not shown.
Result<void> DropHidden(const NameJudge& names, const LowerRef& file) {
  const auto info = GetAttributes(file);
  if (!info) return Fail(info.error());
  const mode_t hidden = names.UnlistedPrivileges(file.fd(), *info);
  if (hidden != 0) {
    AttributeChange change;
    change.mode = info->st_mode & ~hidden;
    if (auto done = SetAttributes(file, change, -1); !done) return done;
  }
  // Nearly all files have none, which is told sooner than what lists say.
  const auto capabilities = GetCapabilities(file);
  if (!capabilities) return {};
  if (names.ShowsCapabilities(file.fd(), AsBytes(*capabilities))) return {};
  return RemoveXattr(file, kCapabilityXattr);
}

}  // namespace

Result<Opener::Judged> Opener::Judge(const LowerRef& file, int flags,
                                     const Use& use, const GiveUp& give_up) {
  const auto state = file.open_state();
  state->WaitForClosing(appraiser_.mode() == Mode::kEnforce ? kClosingWait
                                                            : kShortWait);
  if (appraiser_.mode() == Mode::kEnforce && !state->is_written()) {
    // There may be a writer through another mount of the tree.
    auto waited = appraiser_.WaitForWriters(file.id(), give_up);
    if (!waited) return Fail(std::move(waited).error());
  }
  ExecutionMark executing;
  if (use.executes()) {
    executing = state->BeginExecution();
    if (!executing) return Fail(ETXTBSY, "open for writing");
  }
  const std::uint64_t change = state->change();
  auto fd = Checked(ReopenUnseen(file.fd()), flags);
  if (!fd) return Fail(std::move(fd).error());
  auto answer = appraiser_.Judge(fd->get(), use, give_up);
  if (!answer) return Fail(std::move(answer).error());
  if ((flags & O_NOATIME) == 0) ::fcntl(fd->get(), F_SETFL, O_RDONLY);
  if (!answer->permitted) return Fail(EACCES, "denied");
  // The kernel runs a program with the bits that it was told. It looks again
  // then, and comes back.
  if (executing && answer->mode && !file.WasToldOnly(*answer->mode)) {
    return Fail(ESTALE, "the kernel was told of other set-user-ID bits");
  }
  return Judged{std::move(*fd), std::move(*answer), change,
                std::move(executing)};
}

// What was hashed while somebody could write to it must be compared: a lease
// tells that nobody can, not even through a mapping.
DataWish Opener::WishFor(const LowerRef& file, const Judged& judged) const {
  if (!judged.answer.tags) return WishForReading();
  if (data_ == DataPath::kVerified) return DataWish::kThroughUs;
  // Nobody can change it, and the kernel compares what it reads by itself.
  if (judged.answer.tags->checked_below()) return DataWish::kPassthrough;
  if (data_ == DataPath::kAuto) return DataWish::kThroughUs;
  const auto now = StampFile(judged.fd.get());
  const std::uint64_t content = judged.answer.content_id;
  const bool guarded = now && content != 0 &&
                       appraiser_.IsGuarded(file.id(), now->stamp, content);
  return guarded ? DataWish::kPassthrough : DataWish::kThroughUs;
}

// Never so that another open of the file, which is to be checked, could meet a
// handle whose bytes do not go through us.
DataWish Opener::WishForReading() const {
  if (data_ == DataPath::kVerified) return DataWish::kThroughUs;
  const bool passes =
      data_ == DataPath::kPassthrough || appraiser_.checks() == Extent::kNone;
  return passes ? DataWish::kPassthrough : DataWish::kEither;
}

// While a file is written, no open of it passes that is to be checked. The
// kernel never stops to append to a lower file that it opened for that.
DataWish Opener::WishForWriting(int flags) const {
  if (data_ == DataPath::kAuto && (flags & O_APPEND) != 0) {
    return DataWish::kEither;
  }
  const bool all_checked =
      data_ == DataPath::kAuto && appraiser_.checks() == Extent::kAll;
  return all_checked ? DataWish::kPassthrough : WishForReading();
}

Result<OpenFile::Base> Opener::Prepare(const LowerRef& file, UniqueFd fd,
                                       DataWish wish) {
  auto way = file.open_state()->ChooseWay(wish, fd.get(), kernel_);
  if (!way) return Fail(std::move(way).error());
  return OpenFile::Base{file, std::move(fd), std::move(*way)};
}

Result<std::unique_ptr<OpenFile>> Opener::OpenJudged(const LowerRef& file,
                                                     Judged judged) {
  const DataWish wish = WishFor(file, judged);
  auto base = Prepare(file, std::move(judged.fd), wish);
  if (!base) return Fail(std::move(base).error());
  if (base->way.backing) {
    return OpenFile::PassedThrough(std::move(*base),
                                   std::move(judged.executing));
  }
  // Where others rely on checked pages, what is read without tags must not
  // count as content that is known.
  const Appraiser::Answer& answer = judged.answer;
  if (!answer.tags && appraiser_.mode() == Mode::kEnforce) {
    return OpenFile::Plain(std::move(*base));
  }
  return OpenFile::Judged(std::move(*base),
                          {answer.content_id, answer.tags, judged.change},
                          std::move(judged.executing));
}

Result<ChangeGuard> Opener::BeginChange(const LowerRef& file) {
  WritingMark mark = file.open_state()->BeginWriting(kClosingWait);
  if (!mark) return Fail(ETXTBSY, "being executed");
  ChangeGuard guard{std::move(mark), appraiser_.BeginWrite(file.id())};
  if (changing_) changing_(file.id());
  if (names_ != nullptr) {
    auto dropped = DropHidden(*names_, file);
    if (!dropped) return Fail(std::move(dropped).error());
  }
  return guard;
}

Result<std::unique_ptr<OpenFile>> Opener::OpenForChange(const LowerRef& file,
                                                        int flags, uid_t uid) {
  // First the guard, which gives our own lease up: the open would wait for it.
  auto change = BeginChange(file);
  if (!change) return Fail(std::move(change).error());
  std::optional<WithoutFsetid> as_user;
  if ((flags & O_TRUNC) != 0 && uid != 0) as_user.emplace();
  auto fd = OpenLower(file, flags);
  if (!fd) return Fail(std::move(fd).error());
  auto base = Prepare(file, std::move(*fd), WishForWriting(flags));
  if (!base) return Fail(std::move(base).error());
  return OpenFile::Writing(std::move(*base), std::move(*change));
}

Result<std::unique_ptr<OpenFile>> Opener::Open(const LowerRef& file, int flags,
                                               const Caller& caller,
                                               const GiveUp& give_up) {
  if (!S_ISREG(file.type())) return Fail(ENXIO, "not a regular file");
  const bool truncates = (flags & O_TRUNC) != 0;
  const bool changes = (flags & O_ACCMODE) != O_RDONLY || truncates;
  const Use use = {
      .mask = MaskOf(flags), .uid = caller.uid, .pid = caller.thread};
  const bool is_judged = appraiser_.Judges(use);
  if (is_judged) {
    auto judged = Judge(file, flags, use, give_up);
    if (!judged) return Fail(std::move(judged).error());
    if (!changes) {
      auto opened = OpenJudged(file, std::move(*judged));
      if (opened || opened.error().code() != EIO) return opened;
      // A writer came in meanwhile; that is an answer of its own.
      judged = Judge(file, flags, use, give_up);
      if (!judged) return Fail(std::move(judged).error());
      return OpenJudged(file, std::move(*judged));
    }
    // The descriptor goes here: a writer does not read from it.
  }
  if (changes) {
    auto opened = OpenForChange(file, flags, caller.uid);
    if (opened && !is_judged) appraiser_.NoteUnjudged(file.fd(), use);
    return opened;
  }
  auto fd = OpenLower(file, flags);
  if (!fd) return Fail(std::move(fd).error());
  auto base = Prepare(file, std::move(*fd), WishForReading());
  if (!base) return Fail(std::move(base).error());
  return OpenFile::Plain(std::move(*base));
}

Result<std::unique_ptr<OpenFile>> Opener::OpenCreated(const LowerRef& file,
                                                      UniqueFd fd, int flags) {
  const bool reads = (flags & O_ACCMODE) == O_RDONLY;
  std::optional<ChangeGuard> change;
  if (!reads) {
    auto begun = BeginChange(file);
    if (!begun) return Fail(std::move(begun).error());
    change = std::move(*begun);
  }
  auto base = Prepare(file, std::move(fd),
                      reads ? WishForReading() : WishForWriting(flags));
  if (!base) return Fail(std::move(base).error());
  if (reads) return OpenFile::Plain(std::move(*base));
  return OpenFile::Writing(std::move(*base), std::move(*change));
}

Result<Opener::Created> Opener::Create(InodeTable& table,
                                       const LowerRef& folder, const char* name,
                                       mode_t mode, int flags,
                                       const Caller& caller) {
  const bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
  const int kind = nameless ? O_TMPFILE | (flags & O_EXCL)
                            : O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY;
  UniqueFd fd;
  if (!nameless) folder.Expect(name);
  {
    const ActAs owner(caller);
    fd.Reset(::openat(folder.fd(), nameless ? "." : name,
                      (flags & kLowerFlags & ~O_TRUNC) | kind | O_CLOEXEC,
                      mode));
  }
  if (!fd) {
    const bool exists = errno == EEXIST && (flags & O_EXCL) == 0;
    Error error = exists ? Error(ESTALE, "came into being meanwhile")
                         : Error::FromErrno("create");
    if (!nameless) folder.Unexpect(name);
    return Fail(std::move(error));
  }
  if (auto direct = CheckDirect(fd.get(), flags); !direct) {
    return Fail(std::move(direct).error());
  }
  auto path_fd = Reopen(fd.get(), O_PATH);
  if (!path_fd) return Fail(std::move(path_fd).error());
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return Fail(Error::FromErrno("fstat"));
  LowerRef lower = table.Remember(std::move(*path_fd), info, folder.node(),
                                  nameless ? "" : name);
  auto file = OpenCreated(lower, std::move(fd), flags);
  if (!file) {
    table.Forget(lower.node(), 1);
    return Fail(std::move(file).error());
  }
  appraiser_.NoteUnjudged(lower.fd(), {.mask = MaskOf(flags | O_TRUNC),
                                       .uid = caller.uid,
                                       .pid = caller.thread});
  return Created{Entry{std::move(lower), info}, std::move(*file)};
}

}  // namespace assayfs
