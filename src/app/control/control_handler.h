// SPDX-License-Identifier: Apache-2.0
// ControlHandler: what the daemon answers to status, why and reload.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/control/control_server.h"
#include "app/daemon/judging.h"
#include "app/daemon/record_writer.h"
#include "app/daemon/updates.h"
#include "app/daemon/use_recorder.h"
#include "base/result.h"

namespace assayfs {

// Requests, one JSON object a line:
//   {"verb": "status"}
//   {"verb": "reload"}
//   {"verb": "update"}, with a descriptor of /dev/fuse that was mounted
//   {"verb": "why", "path_hex": H, "uid": N, "exec": BOOL}
// H: the bytes of the path below the mount point in hexadecimal digits, as a
// path need not be UTF-8. uid: the client's own if missing. Who asks can be
// described further, by members of "why" that are not known if they are missing
// (but euid is then uid):
//   "euid": N, "gid": N, "egid": N
//   "exe_hex": H       the path of the asker's program
//   "container": TEXT  the id of the asker's container; "": it is in none
//   "mask": N          what for, instead of "exec": see Mask
// Answers: {"answer": VALUE} or {"error": TEXT}.
//
// Threads: Answer on one thread at a time.
class ControlHandler {
 public:
  struct Writers {
    const RecordWriter& records;
    const UseRecorder* uses = nullptr;  // null if nothing is recorded
  };
  // All borrowed; they must outlive this.
  ControlHandler(Judging& judging, const FuseSession& session, Updates& updates,
                 Writers writers, int root_fd)
      : judging_(judging),
        session_(session),
        updates_(updates),
        writers_(writers),
        root_fd_(root_fd) {}

  std::string Answer(ControlServer::Request request);

 private:
  Result<nlohmann::json> Dispatch(ControlServer::Request& request);
  Result<nlohmann::json> Why(const nlohmann::json& request, uid_t client);
  Result<nlohmann::json> Reload();
  Result<nlohmann::json> Update(ControlServer::Request& request);
  nlohmann::json Status();

  Judging& judging_;
  const FuseSession& session_;
  Updates& updates_;
  const Writers writers_;
  int root_fd_;
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
};

}  // namespace assayfs
