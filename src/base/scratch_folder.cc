// SPDX-License-Identifier: Apache-2.0
// ScratchFolder: a folder for as long as somebody needs it.
#include "base/scratch_folder.h"

#include <stdlib.h>

#include <filesystem>

namespace assayfs {

ScratchFolder::ScratchFolder(std::string_view purpose) {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  if (!error) Make(purpose, parent);
}

ScratchFolder::ScratchFolder(std::string_view purpose,
                             const std::string& parent) {
  Make(purpose, parent);
}

void ScratchFolder::Make(std::string_view purpose, const std::string& parent) {
  std::string name = std::filesystem::path(parent) /
                     ("assayfs-" + std::string(purpose) + "-XXXXXX");
  if (::mkdtemp(name.data()) != nullptr) path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace assayfs
