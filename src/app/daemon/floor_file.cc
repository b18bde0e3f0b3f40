// SPDX-License-Identifier: Apache-2.0
// FloorFile: reading, writing, and the order of file and counter.
#include "app/daemon/floor_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/files.h"
#include "base/numbers.h"
#include "tpm/esys_pcr.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
constexpr std::string_view kTitle = "# assayfs floors\n";
constexpr std::string_view kCounter = "counter ";

// Takes the line "counter N" off the front of text, if it begins so.
Result<std::optional<std::uint64_t>> TakeCounter(std::string_view& text) {
  if (!text.starts_with(kCounter)) return std::optional<std::uint64_t>();
  text.remove_prefix(kCounter.size());
  const auto digits = text.substr(0, text.find('\n'));
  const auto count = ParseNumber<std::uint64_t>(digits);
  if (!count) return Fail(EBADMSG, "the counter is not a number");
  text.remove_prefix(std::min(digits.size() + 1, text.size()));
  return count;
}

}  // namespace

Result<void> FloorFile::Lock() {
  const std::filesystem::path path = options_.path;
  name_ = path.filename();
  folder_.Reset(
      ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) return Fail(Error::FromErrno(path.parent_path().native()));
  // Not the file itself, which is another one after each writing.
  const std::string lock = "." + name_ + ".lock";
  lock_.Reset(::openat(folder_.get(), lock.c_str(),
                       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_) return Fail(Error::FromErrno(lock));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) {
    return Fail(EBUSY, "another mount keeps its floors there");
  }
  return Fail(Error::FromErrno(lock));
}

Result<std::optional<std::uint64_t>> FloorFile::Read() {
  const auto bytes = ReadFileAt(folder_.get(), name_, kMaxBytes);
  if (!bytes) return Fail(bytes.error());
  std::string_view text = AsText(*bytes);
  if (!text.starts_with(kTitle)) {
    return Fail(EBADMSG, "does not begin with \"# assayfs floors\"");
  }
  text.remove_prefix(kTitle.size());
  const auto count = TakeCounter(text);
  if (!count) return Fail(count.error());
  auto floors = Floors::Parse(text);
  if (!floors) return Fail(floors.error());
  floors_ = std::move(*floors);
  return *count;
}

Result<void> FloorFile::Write(const Floors& floors,
                              std::optional<std::uint64_t> count) {
  std::string text(kTitle);
  if (count) text.append(kCounter).append(std::to_string(*count)).append("\n");
  text += floors.Text();
  return ReplaceFileAt(folder_.get(), name_, AsBytes(text), 0600);
}

Result<void> FloorFile::Tie(bool exists, std::optional<std::uint64_t> written) {
  const std::uint32_t index = *options_.counter;
  auto tpm = TpmConnection::Open(options_.tcti);
  if (!tpm) return Fail(std::move(tpm).error());
  auto count = tpm->ReadCounter(index);
  if (!count && count.error().code() == ENOENT && !written) {
    if (auto made = tpm->DefineCounter(index); !made) return made;
    count = tpm->ReadCounter(index);
    if (!count) return Fail(std::move(count).error());
    count_ = *count;
    return Write(floors_, count_);
  }
  if (!count) return Fail(std::move(count).error());
  if (!exists || !written) {
    return Fail(EKEYREJECTED,
                "there is a counter for it in the TPM, but " +
                    std::string(exists ? "it does not name it"
                                       : "there is no such file"));
  }
  count_ = *count;
  if (*written == count_) return {};
  // The writing that was under way when the machine stopped.
  if (*written == count_ + 1) {
    auto added = tpm->IncrementCounter(index);
    if (added) ++count_;
    return added;
  }
  return Fail(EKEYREJECTED, "is not the copy that was written last: it has " +
                                std::to_string(*written) + ", the TPM " +
                                std::to_string(count_));
}

Result<std::unique_ptr<FloorFile>> FloorFile::Open(Options options) {
  std::unique_ptr<FloorFile> file(new FloorFile(std::move(options)));
  const std::string what = "floors " + file->options_.path;
  const auto failed = [&what](Error error) {
    return Fail(std::move(error).WithContext(what));
  };
  if (auto locked = file->Lock(); !locked) return failed(locked.error());
  const auto written = file->Read();
  const bool exists = written || written.error().code() != ENOENT;
  if (exists && !written) return failed(written.error());
  if (file->options_.counter) {
    const auto tied = file->Tie(exists, exists ? *written : std::nullopt);
    if (!tied) return failed(tied.error());
  } else if (exists && *written) {
    return failed(Error(EKEYREJECTED,
                        "is tied to a counter of the TPM; name it with "
                        "--floors-counter"));
  }
  return file;
}

Result<void> FloorFile::Keep(const Floors& floors) {
  std::optional<std::uint64_t> count;
  if (options_.counter) count = count_ + 1;
  // The file first: with a counter that is one behind, it is still known to be
  // the last one.
  if (auto done = Write(floors, count); !done) return done;
  floors_ = floors;
  if (!count) return {};
  auto tpm = TpmConnection::Open(options_.tcti);
  if (!tpm) return Fail(std::move(tpm).error());
  if (auto added = tpm->IncrementCounter(*options_.counter); !added) {
    return added;
  }
  ++count_;
  return {};
}

}  // namespace assayfs
