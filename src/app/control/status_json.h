// SPDX-License-Identifier: Apache-2.0
// What `status` says, as JSON and as text.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/daemon/judging.h"
#include "app/daemon/use_recorder.h"

namespace assayfs {

// Returns the object that assayfs(8) documents for `status --json`.
// data: of the session. update_running: a mount for it is served beside it.
// lost_records: denials that were not written down.
nlohmann::json StatusJson(Judging& judging, const FuseSession::Data& data,
                          bool update_running, std::uint64_t lost_records,
                          std::chrono::seconds uptime);

// Returns its member "record", which is there while what is asked is recorded.
nlohmann::json RecordJson(const UseRecorder& recorder);

// Returns the same for people, one thing a line. Threads: pure function.
std::string StatusText(const nlohmann::json& status);

}  // namespace assayfs
