// SPDX-License-Identifier: Apache-2.0
// A lower tree in a temporary folder, with an inode table over it.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "fs/inode_table.h"
#include "fs/passthrough_names.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs::testing {

class LowerTree {
 public:
  explicit LowerTree(std::size_t max_fds = 16)
      : root_fd_(::open(dir_.path().c_str(), O_PATH | O_CLOEXEC)),
        table_(Must(InodeTable::Create(root_fd_.get(), max_fds))) {}

  const TempDir& dir() const { return dir_; }
  InodeTable& table() { return *table_; }
  LowerRef root() { return Must(table_->Get(kRootNode)); }
  Result<Entry> Find(const char* name) { return Lookup(*table_, root(), name); }
  LowerRef At(const char* name) { return Must(Find(name)).lower; }

  struct stat Stat(std::string_view name) const {
    struct stat info {};
    EXPECT_EQ(::lstat((dir_ / name).c_str(), &info), 0) << name;
    return info;
  }
  FileId IdOf(std::string_view name) const {
    const UniqueFd fd(
        ::open((dir_ / name).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    return assayfs::IdOf(Stat(name), FileHandle::Of(fd.get()));
  }
  mode_t Permissions(std::string_view name) const {
    return Stat(name).st_mode & 07777U;
  }

 private:
  TempDir dir_;
  UniqueFd root_fd_;
  std::unique_ptr<InodeTable> table_;
};

}  // namespace assayfs::testing
