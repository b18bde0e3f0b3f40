// SPDX-License-Identifier: Apache-2.0
// UseRecorder: writes what a mount is asked into a file, each use once.
#include "app/daemon/use_recorder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "app/uses/use_log.h"
#include "base/files.h"
#include "crypto/hasher.h"

namespace assayfs {
namespace {

// Nothing only if OpenSSL fails; the line is then written each time.
std::optional<std::uint64_t> KeyOf(std::string_view line) {
  const auto digest = HashBytes(HashAlgorithm::kSha256, AsBytes(line));
  return digest ? std::optional(digest->Beginning()) : std::nullopt;
}

// Also says so of a first line that was cut off behind that.
bool BeginsWithUse(int fd) {
  std::string start(kUseBegins.size(), '\0');
  const ssize_t got = ::pread(fd, start.data(), start.size(), 0);
  return got == static_cast<ssize_t>(start.size()) && start == kUseBegins;
}

LoggedUse ToLogged(const AskedUse& asked) {
  LoggedUse logged;
  logged.use = asked.use;
  if (logged.use.text(TextFact::kPath).empty()) logged.seeming = asked.path;
  if (asked.content != nullptr) logged.digests = asked.content->digests;
  logged.mode = asked.mode;
  logged.verdict = VerdictName(asked.decision.verdict);
  logged.reason = ReasonName(asked.decision.reason);
  return logged;
}

}  // namespace

UseRecorder::UseRecorder(Options options, UniqueFd fd)
    : options_(std::move(options)), fd_(std::move(fd)) {}

Result<std::unique_ptr<UseRecorder>> UseRecorder::Open(Options options) {
  // For reading, too: then a FIFO needs no reader. It must not make the end of
  // the mount wait for one.
  UniqueFd fd(::open(options.path.c_str(),
                     O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
                         O_NONBLOCK | O_NOCTTY,
                     0600));
  if (!fd) return Fail(Error::FromErrno(options.path));
  std::unique_ptr<UseRecorder> made(
      new UseRecorder(std::move(options), std::move(fd)));
  if (auto taken = made->TakeOver(); !taken) {
    return Fail(Error(taken.error()).WithContext(made->options_.path));
  }
  made->writer_ = std::make_unique<RecordWriter>(
      [recorder = made.get()](const std::string& line) {
        recorder->Write(line);
      },
      made->options_.max_waiting);
  return made;
}

Result<void> UseRecorder::TakeOver() {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return Fail(Error::FromErrno("fstat"));
  is_file_ = S_ISREG(info.st_mode);
  if (!is_file_) return {};
  // Each would have a limit of its own, and write what the other knows.
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Fail(EBUSY, "another mount records in it; name another");
  }
  // A slip, such as a key in the place of the file, must not spoil what is
  // there.
  if (info.st_size > 0 && !BeginsWithUse(fd_.get())) {
    return Fail(EEXIST, "is there, and is no record of uses; name another");
  }
  if (info.st_uid != ::geteuid()) {
    return Fail(EPERM, "belongs to another user; name another");
  }
  constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
  if ((info.st_mode & 07777) != kOwnerOnly &&
      ::fchmod(fd_.get(), kOwnerOnly) != 0) {
    return Fail(Error::FromErrno("fchmod"));
  }
  bytes_ = static_cast<std::uint64_t>(info.st_size);
  return bytes_ > options_.max_bytes ? Result<void>() : ReadKnown();
}

Result<void> UseRecorder::ReadKnown() {
  const auto content = ReadWholeFile(fd_.get(), options_.max_bytes);
  if (!content) return Fail(content.error());
  std::string_view rest = AsText(*content);
  torn_ = !rest.empty() && !rest.ends_with('\n');
  known_.With([&](auto& known) {
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.empty()) continue;
      if (const auto key = KeyOf(line)) known.insert(*key);
      ++uses_;
    }
  });
  return {};
}

void UseRecorder::Add(const AskedUse& asked) {
  const LoggedUse logged = ToLogged(asked);
  if (!logged.path().starts_with('/')) return;
  std::string line = WriteUse(logged);
  const auto key = KeyOf(line);
  const bool is_new = known_.With(
      [key](auto& known) { return !key || known.insert(*key).second; });
  if (!is_new || writer_->Add(line)) return;
  Lose(line);
}

// It may come again, and there may be room then.
void UseRecorder::Lose(const std::string& line) {
  const auto key = KeyOf(line);
  if (key) known_.With([key](auto& known) { return known.erase(*key); });
  ++lost_;
}

void UseRecorder::Write(const std::string& line) {
  const std::string text = (torn_ ? "\n" : "") + line + "\n";
  if (bytes_ > options_.max_bytes ||
      text.size() > options_.max_bytes - bytes_) {
    Lose(line);
    TellOnce(told_full_, "has reached its limit of " +
                             std::to_string(options_.max_bytes) + " bytes");
    return;
  }
  const auto written = WriteAll(fd_.get(), AsBytes(text));
  if (!written) {
    torn_ = true;
    // A part of it may be there.
    struct stat info {};
    if (is_file_ && ::fstat(fd_.get(), &info) == 0) {
      bytes_ = static_cast<std::uint64_t>(info.st_size);
    }
    Lose(line);
    TellOnce(told_failed_, written.error().message());
    return;
  }
  torn_ = false;
  if (is_file_) bytes_ += text.size();
  ++uses_;
}

void UseRecorder::TellOnce(bool& told, const std::string& why) {
  if (told || !options_.tell) return;
  told = true;
  options_.tell("record " + options_.path + ": " + why +
                "; uses that are not recorded are counted");
}

UseRecorder::Counters UseRecorder::counters() const {
  return {.uses = uses_, .lost = lost_};
}

}  // namespace assayfs
