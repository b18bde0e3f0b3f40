// SPDX-License-Identifier: Apache-2.0
// OpenFolder: one open of a folder, for listing it.
#include "fs/open_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace assayfs {

Result<std::unique_ptr<OpenFolder>> OpenFolder::Open(const LowerRef& folder,
                                                     int flags) {
  UniqueFd fd(
      ::openat(folder.fd(), ".",
               O_RDONLY | O_DIRECTORY | O_CLOEXEC | (flags & O_NOATIME)));
  if (!fd) return Fail(Error::FromErrno("opendir"));
  // Not two descriptors for each open folder: programs open thousands.
  return std::unique_ptr<OpenFolder>(
      new OpenFolder(folder.Behind(std::move(fd))));
}

// Replaces the batch by what stands at offset.
Result<void> OpenFolder::Fill(off_t offset) {
  batch_.clear();
  batch_start_ = offset;
  // Going back to 0 shows what changed since, so it is never left out.
  if (offset != position_ || offset == 0) {
    if (::lseek(fd(), offset, SEEK_SET) < 0) {
      return Fail(Error::FromErrno("seek in folder"));
    }
    position_ = offset;
  }
  alignas(dirent64) std::array<char, 32768> raw;
  const ssize_t filled = ::getdents64(fd(), raw.data(), raw.size());
  if (filled < 0) return Fail(Error::FromErrno("read folder"));
  for (ssize_t at = 0; at < filled;) {
    const auto* entry = reinterpret_cast<const dirent64*>(raw.data() + at);
    batch_.push_back({entry->d_name, entry->d_ino,
                      static_cast<mode_t>(DTTOIF(entry->d_type)),
                      entry->d_off});
    at += entry->d_reclen;
  }
  if (!batch_.empty()) position_ = batch_.back().next_offset;
  return {};
}

Result<std::vector<OpenFolder::Item>> OpenFolder::List(off_t offset,
                                                       std::size_t count) {
  const std::lock_guard lock(mutex_);
  // The caller may not have used all of what it got last.
  auto first = batch_.end();
  if (offset != 0 && offset == batch_start_) {
    first = batch_.begin();
  } else if (offset != 0) {
    first = std::ranges::find(batch_, offset, &Item::next_offset);
    if (first != batch_.end()) ++first;
  }
  if (first == batch_.end()) {
    const auto filled = Fill(offset);
    if (!filled) return Fail(filled.error());
    first = batch_.begin();
  }
  const auto left = static_cast<std::size_t>(batch_.end() - first);
  return std::vector<Item>(
      first, first + static_cast<std::ptrdiff_t>(std::min(count, left)));
}

Result<void> OpenFolder::Sync() const {
  if (::fsync(fd()) != 0) return Fail(Error::FromErrno("fsync"));
  return {};
}

}  // namespace assayfs
