// SPDX-License-Identifier: Apache-2.0
// LogFile: the file of a measurement log.
#include "tpm/log_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/files.h"

namespace assayfs {

LogFile::Lock::Lock(Lock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

LogFile::Lock::~Lock() {
  if (fd_ >= 0) ::flock(fd_, LOCK_UN);
}

LogFile::LogFile(UniqueFd fd, std::string path)
    : fd_(std::move(fd)), path_(std::move(path)) {}

Error LogFile::Failed() const { return Error::FromErrno(path_); }

Result<LogFile> LogFile::Open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(),
                     O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
                         O_NONBLOCK | O_NOCTTY,
                     0600));
  if (!fd) return Fail(Error::FromErrno(path));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return Fail(Error::FromErrno(path));
  if (!S_ISREG(info.st_mode)) return Fail(EINVAL, path + ": not a file");
  return LogFile(std::move(fd), path);
}

Result<LogFile::Lock> LogFile::Acquire() {
  while (::flock(fd_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return Fail(Failed());
  }
  return Lock(fd_.get());
}

Result<std::vector<ImaRecord>> LogFile::ReadOn() {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return Fail(Failed());
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < end_) return Fail(EBADMSG, path_ + ": the log became shorter");
  if (size > kMaxBytes) return Fail(EFBIG, path_ + ": the log is too large");
  ByteVector bytes(size - end_);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count =
        ::pread(fd_.get(), bytes.data() + filled, bytes.size() - filled,
                static_cast<off_t>(end_ + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Failed());
    if (count == 0) return Fail(EBADMSG, path_ + ": the log became shorter");
    filled += static_cast<std::size_t>(count);
  }
  auto start = ParseImaLogStart(bytes);
  if (!start) return Fail(std::move(start).error().WithContext(path_));
  end_ += start->bytes;
  torn_ = end_ != size;
  return std::move(start->records);
}

Result<void> LogFile::CutTorn() {
  if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) {
    return Fail(Failed());
  }
  torn_ = false;
  return {};
}

Result<void> LogFile::Append(const ImaRecord& record) {
  ByteVector bytes;
  EncodeRecord(record, bytes);
  auto written = WriteAll(fd_.get(), bytes);
  if (written && ::fdatasync(fd_.get()) != 0) {
    written = Fail(Error::FromErrno("fdatasync"));
  }
  if (!written) {
    // What cannot be cut off now is torn or pending for the next ReadOn.
    [[maybe_unused]] const int ignored =
        ::ftruncate(fd_.get(), static_cast<off_t>(end_));
    return Fail(std::move(written).error().WithContext(path_));
  }
  end_ += bytes.size();
  return {};
}

}  // namespace assayfs
