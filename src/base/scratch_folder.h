// SPDX-License-Identifier: Apache-2.0
// ScratchFolder: a folder for as long as somebody needs it.
#pragma once

#include <string>
#include <string_view>

namespace assayfs {

// A new folder, for its owner only. It is removed with what is in it. Threads:
// one object, one thread.
class ScratchFolder {
 public:
  // Makes it below the folder for temporary files. purpose: a word for its
  // name.
  explicit ScratchFolder(std::string_view purpose);
  // The same below another folder.
  ScratchFolder(std::string_view purpose, const std::string& parent);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }  // empty: none was made

 private:
  void Make(std::string_view purpose, const std::string& parent);

  std::string path_;
};

}  // namespace assayfs
