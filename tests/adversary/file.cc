// SPDX-License-Identifier: Apache-2.0
// Whole-file helpers.
#include "adversary/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <utility>

namespace adversary {

Fd::Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Fd OpenAt(const std::string& path, int flags) {
  return Fd(::open(path.c_str(), flags | O_CLOEXEC, 0755));
}

bool WriteAll(int fd, const std::string& bytes, off_t offset) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pwrite(fd, bytes.data() + done, bytes.size() - done,
                                   offset + static_cast<off_t>(done));
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<std::string> ReadAll(int fd) {
  std::string bytes;
  std::string part(65536, '\0');
  while (true) {
    const ssize_t count =
        ::pread(fd, part.data(), part.size(), static_cast<off_t>(bytes.size()));
    if (count < 0) return std::nullopt;
    if (count == 0) return bytes;
    bytes.append(part, 0, static_cast<std::size_t>(count));
  }
}

bool WriteFile(const std::string& path, const std::string& bytes) {
  ::unlink(path.c_str());
  const Fd fd = OpenAt(path, O_WRONLY | O_CREAT | O_EXCL);
  return fd && WriteAll(fd.get(), bytes);
}

bool WriteInPlace(const std::string& path, const std::string& bytes) {
  const Fd fd = OpenAt(path, O_WRONLY | O_CREAT);
  return fd && WriteAll(fd.get(), bytes) &&
         ::ftruncate(fd.get(), static_cast<off_t>(bytes.size())) == 0;
}

Mapping::Mapping(int fd, std::size_t size, int protection) : size_(size) {
  if (size == 0) return;
  void* const address = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (address != MAP_FAILED) address_ = address;
}

Mapping::~Mapping() {
  if (address_ != nullptr) ::munmap(address_, size_);
}

std::optional<std::string> Mapping::Load() const {
  std::string bytes(size_, '\0');
  const iovec local = {bytes.data(), size_};
  const iovec remote = {address_, size_};
  const ssize_t count =
      ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0);
  if (count != static_cast<ssize_t>(size_)) return std::nullopt;
  return bytes;
}

bool Mapping::Store(std::size_t offset, char byte) {
  const iovec local = {&byte, 1};
  const iovec remote = {static_cast<char*>(address_) + offset, 1};
  return ::process_vm_writev(::getpid(), &local, 1, &remote, 1, 0) == 1;
}

}  // namespace adversary
