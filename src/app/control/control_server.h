// SPDX-License-Identifier: Apache-2.0
// ControlServer: answers requests on a Unix socket.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

inline constexpr std::size_t kMaxRequestBytes = 64 << 10;

// Serves one client at a time: a line comes, a line goes, the connection ends.
// Clients other than root and our own user are turned away. A client that does
// not send its line or take its answer within two seconds is dropped.
//
// Threads: one owner; answers are made on a thread of this object.
class ControlServer {
 public:
  struct Request {
    std::string line;     // without the newline
    UniqueFd descriptor;  // that came along, if one did
    uid_t uid = 0;        // of the client
    pid_t pid = 0;        // of the client; 0 if it is not seen from here
  };
  using Answer = std::function<std::string(Request)>;

  // Makes the socket at path, with mode 0600. A socket there that nobody
  // serves is replaced. answer: returns a line without newline.
  // Errors: EADDRINUSE if somebody serves it, ENAMETOOLONG, and those of
  // bind(2), naming the path.
  static Result<std::unique_ptr<ControlServer>> Start(const std::string& path,
                                                      Answer answer);
  ~ControlServer();  // removes the socket, if it is still ours
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  ControlServer() = default;
  void Run() const;
  void Serve(int client) const;

  std::string path_;
  dev_t device_ = 0;  // of the socket's name
  ino_t inode_ = 0;
  Answer answer_;
  UniqueFd socket_;
  UniqueFd ending_;
  std::thread thread_;
};

}  // namespace assayfs
