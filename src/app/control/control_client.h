// SPDX-License-Identifier: Apache-2.0
// ControlClient: asks the daemon of a mount.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"

namespace assayfs {

// Whose daemon may answer. What is more than shown to people must come from one
// that runs as root, or as whoever asks.
enum class Answerer { kAnybody, kRootOrSelf };

// Sends a request to the daemon at socket path and returns its answer.
// descriptor: passed along, unless it is -1.
// Errors: ENOENT and ECONNREFUSED if no daemon is there, EACCES if this user
// may not ask, or somebody else would answer, EPROTO for an answer that cannot
// be read, EREMOTEIO with the daemon's own words if it could not do it.
Result<nlohmann::json> AskDaemon(const std::string& path,
                                 const nlohmann::json& request,
                                 Answerer answerer = Answerer::kAnybody,
                                 int descriptor = -1);

// As above, for the mount at this mount point, at the usual places.
// control: the socket's path if not empty.
Result<nlohmann::json> AskMount(const std::string& mount_point,
                                const std::string& control,
                                const nlohmann::json& request,
                                Answerer answerer = Answerer::kAnybody,
                                int descriptor = -1);

}  // namespace assayfs
