// SPDX-License-Identifier: Apache-2.0
// UniqueFd: sole owner of a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace assayfs {

// Owns one file descriptor and closes it. A borrowed descriptor is an int.
//
// Threads: as an int; no two threads may change one object at once.
class [[nodiscard]] UniqueFd {
 public:
  UniqueFd() = default;
  // Takes ownership; a negative fd means "none".
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // Gives the descriptor away; the caller must close it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  // Closes the owned descriptor, if any, and takes fd. Keeps errno, so that a
  // failing path can clean up before it reports.
  void Reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

}  // namespace assayfs
