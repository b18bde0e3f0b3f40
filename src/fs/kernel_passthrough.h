// SPDX-License-Identifier: Apache-2.0
// KernelPassthrough: lower files that the kernel reads and writes by itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"

struct fuse_conn_info;
struct fuse_file_info;
struct fuse_session;
struct iovec;

namespace assayfs {

// A lower file under the number by which the kernel knows it on a connection.
class BackingFile {
 public:
  BackingFile(int fuse_fd, std::uint32_t id) : fuse_fd_(fuse_fd), id_(id) {}
  BackingFile(const BackingFile&) = delete;
  BackingFile& operator=(const BackingFile&) = delete;
  ~BackingFile();

  std::uint32_t id() const { return id_; }  // never 0

 private:
  const int fuse_fd_;  // borrowed
  const std::uint32_t id_;
};

// Agrees with the kernel on passthrough, and registers lower files for it.
//
// Needs Linux 6.9, and CAP_SYS_ADMIN in the first user namespace; the lower
// file must not be of a stacked file system (overlayfs). libfuse can ask for it
// from 3.17 on; for others the answer to FUSE_INIT is completed here.
// Threads: safe after Offer.
class KernelPassthrough {
 public:
  // Makes session ask for passthrough when the kernel says hello. Its user data
  // must be a Server, of which this is a member. Call after fuse_session_mount
  // and before the first request.
  // Errors: EINVAL if libfuse does not want to.
  Result<void> Offer(fuse_session* session);

  // To be called while libfuse answers the kernel's hello.
  void Negotiate(fuse_conn_info& connection);

  // Registers a lower file. fd may be open for anything, or O_PATH. Returns
  // null if that is not possible, for this file or at all. What is returned
  // must be gone before the session.
  std::shared_ptr<const BackingFile> Register(int fd);

  // Says whether it was agreed on, and not refused since.
  bool available() const { return fuse_fd_ >= 0 && agreed_ && !refused_; }

 private:
  // How the answer to FUSE_INIT is completed.
  struct Wire;
  void LookAtRequest(std::span<const char> request);
  void CompleteAnswer(std::span<const iovec> answer);
  void CompleteInit(std::span<char> body);

  int fuse_fd_ = -1;  // of the session
  std::atomic<std::uint64_t> init_request_ = 0;
  std::atomic<bool> agreed_ = false;
  std::atomic<bool> refused_ = false;
};

// Calls send(handle), which must reply to an open on this thread, and sees to
// it that the kernel is told to use the lower file with that number, unless it
// is 0. Returns what send returned.
int SendWithBacking(std::uint32_t backing_id, fuse_file_info handle,
                    const std::function<int(const fuse_file_info&)>& send);

}  // namespace assayfs
