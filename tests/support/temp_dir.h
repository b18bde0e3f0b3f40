// SPDX-License-Identifier: Apache-2.0
// TempDir: a folder of its own for one test, removed at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace assayfs::testing {

class TempDir {
 public:
  TempDir() {
    std::string name =
        std::filesystem::temp_directory_path() / "assayfs-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ / name; }

  // Writes content to a file in place and returns its full path.
  std::string Write(std::string_view name, std::string_view content) const {
    const std::string full = *this / name;
    std::ofstream(full, std::ios::binary) << content;
    return full;
  }

 private:
  std::filesystem::path path_;
};

// Returns the whole content of a file; empty if it cannot be read.
inline std::string ReadText(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Returns the folder of real packages that the test run was given, or an
// empty path: tests on it are skipped then.
inline std::filesystem::path RealData() {
  const char* path = std::getenv("ASSAYFS_TEST_DATA");
  return path == nullptr ? "" : path;
}

}  // namespace assayfs::testing
