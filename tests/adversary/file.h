// SPDX-License-Identifier: Apache-2.0
// A descriptor and whole-file helpers. Failures are common here and expected.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace adversary {

// Owns a descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept;
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Opens with O_CLOEXEC; a file that is made gets mode 0755.
Fd OpenAt(const std::string& path, int flags);

// Writes all bytes at an offset; returns whether that worked.
bool WriteAll(int fd, const std::string& bytes, off_t offset = 0);

// Reads from offset 0 to the end; nullopt, and errno, if a read fails.
std::optional<std::string> ReadAll(int fd);

// Makes or replaces a file by one with these bytes, under its own inode.
bool WriteFile(const std::string& path, const std::string& bytes);

// Makes the file at path hold exactly these bytes, and keeps its inode.
bool WriteInPlace(const std::string& path, const std::string& bytes);

// A shared mapping of a whole file.
class Mapping {
 public:
  // protection: of mmap(2). False if it could not be made.
  Mapping(int fd, std::size_t size, int protection);
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  explicit operator bool() const { return address_ != nullptr; }

  // Copies to and from the mapping by system calls, so that a page that cannot
  // be had is an error and no SIGBUS.
  std::optional<std::string> Load() const;
  bool Store(std::size_t offset, char byte);

 private:
  void* address_ = nullptr;
  std::size_t size_;
};

}  // namespace adversary
