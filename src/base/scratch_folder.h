// SPDX-License-Identifier: Apache-2.0
// ScratchFolder: a folder for as long as somebody needs it.
#pragma once

#include <string>
#include <string_view>

namespace assayfs {

// A new folder below the one for temporary files, for its owner only. It is
// removed with what is in it. Threads: one object, one thread.
class ScratchFolder {
 public:
  // purpose: a word for its name.
  explicit ScratchFolder(std::string_view purpose);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }  // empty: none was made

 private:
  std::string path_;
};

}  // namespace assayfs
