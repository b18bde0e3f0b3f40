// SPDX-License-Identifier: Apache-2.0
// OpenFile: one open of a regular file.
#include "fs/open_file.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <utility>

#include "fs/verified_read.h"

namespace assayfs {
namespace {

// Says whether both are tags, but of different content.
bool IsOther(const std::shared_ptr<const BlockTags>& a,
             const std::shared_ptr<const BlockTags>& b) {
  return a && b && a != b && !a->AgreesWith(*b);
}

}  // namespace

std::unique_ptr<OpenFile> OpenFile::Judged(Base base, JudgedContent content,
                                           ExecutionMark executing) {
  std::unique_ptr<OpenFile> file(new OpenFile(std::move(base)));
  file->keeps_pages_ = file->state_->OpenJudged(content);
  file->content_ = std::move(content);
  file->executing_ = std::move(executing);
  return file;
}

std::unique_ptr<OpenFile> OpenFile::PassedThrough(Base base,
                                                  ExecutionMark executing) {
  std::unique_ptr<OpenFile> file(new OpenFile(std::move(base)));
  file->executing_ = std::move(executing);
  return file;
}

std::unique_ptr<OpenFile> OpenFile::Plain(Base base) {
  std::unique_ptr<OpenFile> file(new OpenFile(std::move(base)));
  file->plain_ = true;
  file->state_->OpenPlain();
  return file;
}

std::unique_ptr<OpenFile> OpenFile::Writing(Base base, ChangeGuard change) {
  std::unique_ptr<OpenFile> file(new OpenFile(std::move(base)));
  file->change_ = std::move(change);
  return file;
}

OpenFile::~OpenFile() {
  if (content_) state_->CloseJudged();
  if (plain_) state_->ClosePlain();
  // Whoever waits for this handle goes on only when nothing of it is left.
  fd_.Reset();
  way_ = {};
  change_.reset();
  if (flushed_) state_->NotFlushed();
}

Result<Bytes> OpenFile::Read(std::uint64_t offset, std::size_t size,
                             ReadFor whom, ByteVector& buffer,
                             std::optional<Mismatch>& mismatch) const {
  const JudgedContent current = state_->current();
  const JudgedContent& shown = content_ ? *content_ : current;
  if (IsOther(shown.tags, current.tags)) {
    return Fail(EIO, "the pages are of other content that was judged since");
  }
  if (!shown.tags) return ReadPlain(fd_.get(), offset, size, buffer);
  if (whom == ReadFor::kCache &&
      IsBehindEnd(shown.tags->file_bytes(), offset, size)) {
    return Fail(EIO, "the kernel was told of a longer file");
  }
  auto read = ReadVerified(fd_.get(), *shown.tags, offset, size, buffer);
  if (!read) return Fail(std::move(read).error());
  if (!read->mismatch) return read->bytes;
  mismatch = Mismatch{shown.id, *read->mismatch};
  return Fail(EIO, "a block is not what was judged");
}

std::optional<std::uint64_t> OpenFile::verified_bytes() const {
  const auto tags = (content_ ? *content_ : state_->current()).tags;
  return tags ? std::optional(tags->file_bytes()) : std::nullopt;
}

Result<std::size_t> OpenFile::Write(Bytes bytes, std::uint64_t offset,
                                    Place place) {
  AboutToChange();
  const int flags = place == Place::kAppend ? RWF_APPEND : 0;
  std::size_t written = 0;
  while (written < bytes.size()) {
    const Bytes rest = bytes.subspan(written);
    const iovec part = {const_cast<std::byte*>(rest.data()), rest.size()};
    const ssize_t count = ::pwritev2(
        fd_.get(), &part, 1, static_cast<off_t>(offset + written), flags);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && written == 0) return Fail(Error::FromErrno("write"));
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  return written;
}

Result<void> OpenFile::Flush() {
  UniqueFd copy(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  // UniqueFd would not tell what close returned.
  const bool closed = copy && ::close(copy.Release()) == 0;
  if (!closed && errno != EINTR) return Fail(Error::FromErrno("flush"));
  if (!change_) return {};
  const auto now = OpenState::Clock::now();
  if (flushed_.exchange(true)) {
    state_->FlushedAgain(now);
  } else {
    state_->Flushed(now);
  }
  return {};
}

void OpenFile::AboutToChange() {
  if (flushed_.exchange(false)) state_->NotFlushed();
}

Result<void> OpenFile::Sync(Extent extent) const {
  const int returned =
      extent == Extent::kData ? ::fdatasync(fd_.get()) : ::fsync(fd_.get());
  if (returned != 0) return Fail(Error::FromErrno("fsync"));
  return {};
}

Result<void> OpenFile::Allocate(int mode, off_t offset, off_t length) {
  AboutToChange();
  if (::fallocate(fd_.get(), mode, offset, length) != 0) {
    return Fail(Error::FromErrno("fallocate"));
  }
  return {};
}

Result<off_t> OpenFile::Seek(off_t offset, int whence) const {
  const off_t found = ::lseek(fd_.get(), offset, whence);
  if (found < 0) return Fail(Error::FromErrno("lseek"));
  return found;
}

Result<std::size_t> CopyRange(const OpenFile& from, off_t from_offset,
                              OpenFile& to, off_t to_offset, std::size_t length,
                              unsigned flags) {
  // The kernel then copies by reading through us, which checks every block.
  if (from.verified()) return Fail(EOPNOTSUPP, "must be read to be checked");
  to.AboutToChange();
  const ssize_t count = ::copy_file_range(from.fd(), &from_offset, to.fd(),
                                          &to_offset, length, flags);
  if (count < 0) return Fail(Error::FromErrno("copy_file_range"));
  return static_cast<std::size_t>(count);
}

}  // namespace assayfs
