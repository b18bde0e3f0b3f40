// SPDX-License-Identifier: Apache-2.0
// ControlHandler: what the daemon answers to status, why and reload.
#include "app/control/control_handler.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/control/explanation_json.h"
#include "app/control/json_text.h"
#include "app/control/status_json.h"
#include "base/bytes.h"
#include "base/files.h"

namespace assayfs {
namespace {

using nlohmann::json;

// Folders, links, devices and the like are never judged.
json NotRegular(const std::string& path, const Use& use) {
  Appraiser::Explanation explanation;
  explanation.use = use;
  explanation.path = path;
  explanation.answer.permitted = true;
  explanation.answer.decision.reason = Reason::kNotRegular;
  return ExplanationJson(explanation);
}

std::optional<std::uint32_t> NumberIn(const json& request, const char* name) {
  const json& number = MemberOf(request, name);
  if (!number.is_number_unsigned() ||
      number.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return number.get<std::uint32_t>();
}

// Says whether a process is in the PID namespace of this one.
bool SharesNumbers(pid_t process) {
  struct stat own {};
  struct stat its {};
  const std::string place = "/proc/" + std::to_string(process) + "/ns/pid";
  return process > 0 && ::stat("/proc/self/ns/pid", &own) == 0 &&
         ::stat(place.c_str(), &its) == 0 && own.st_dev == its.st_dev &&
         own.st_ino == its.st_ino;
}

// The use that a request asks about.
Use UseIn(const json& request, uid_t client) {
  const uid_t uid = NumberIn(request, "uid").value_or(client);
  const uid_t euid = NumberIn(request, "euid").value_or(uid);
  // The kernel tells of a request whose rights count.
  Use use{.uid = euid};
  use.number(NumberFact::kUid) = uid;
  use.number(NumberFact::kEuid) = euid;
  use.number(NumberFact::kGid) = NumberIn(request, "gid");
  use.number(NumberFact::kEgid) = NumberIn(request, "egid");
  const auto exe = FromHex(TextOf(request, "exe_hex"));
  if (exe && !exe->empty()) {
    use.text(TextFact::kExe) = {std::string(AsText(*exe))};
  }
  const json& container = MemberOf(request, "container");
  if (container.is_string()) {
    use.text(TextFact::kContainer) = {container.get<std::string>()};
  }
  if (MemberOf(request, "exec") == true) use.mask = kMayExec;
  constexpr Mask kAll = kMayExec | kMayWrite | kMayRead | kMayAppend;
  const Mask mask = NumberIn(request, "mask").value_or(0) & kAll;
  if (mask != 0) use.mask = mask;
  return use;
}

}  // namespace

std::string ControlHandler::Answer(ControlServer::Request request) {
  auto answer = Dispatch(request);
  if (answer) return LineOf({{"answer", std::move(*answer)}});
  return LineOf({{"error", answer.error().message()}});
}

Result<json> ControlHandler::Dispatch(ControlServer::Request& request) {
  const json parsed = json::parse(request.line, nullptr, false);
  const std::string verb = TextOf(parsed, "verb");
  if (verb == "status") return Status();
  if (verb == "why") return Why(parsed, request.uid);
  if (verb == "reload") return Reload();
  if (verb == "update") return Update(request);
  return Fail(EPROTO, "the daemon does not know this request");
}

Result<json> ControlHandler::Why(const json& request, uid_t client) {
  const auto path_bytes = FromHex(TextOf(request, "path_hex"));
  if (!path_bytes || path_bytes->empty()) {
    return Fail(EPROTO, "why: no path given");
  }
  const std::string path(AsText(*path_bytes));
  const Use use = UseIn(request, client);
  // A device must not be opened just to look at it.
  const auto place = OpenInRoot(root_fd_, path, O_PATH, Links::kRefuse);
  if (!place) return Fail(place.error());
  struct stat info {};
  if (::fstat(place->get(), &info) != 0) return Fail(Error::FromErrno(path));
  if (!S_ISREG(info.st_mode)) return NotRegular(path, use);

  const auto file =
      OpenInRoot(root_fd_, path, O_RDONLY | O_NONBLOCK, Links::kRefuse);
  if (!file) return Fail(file.error());
  const auto explanation = judging_.appraiser().Explain(file->get(), use);
  if (!explanation) return Fail(explanation.error());
  return ExplanationJson(*explanation);
}

Result<json> ControlHandler::Reload() {
  if (auto reloaded = judging_.Reload(); !reloaded) {
    return Fail(reloaded.error());
  }
  return Status();
}

Result<json> ControlHandler::Update(ControlServer::Request& request) {
  // The kernel numbers the users of a mount as who made it numbers processes.
  if (!SharesNumbers(request.pid)) {
    return Fail(EPERM,
                "processes have other numbers where this was called, so the "
                "daemon could not tell who uses a file; run it in the PID "
                "namespace of the daemon");
  }
  if (!session_.read_only()) {
    return Fail(EINVAL, "the mount is writable; run the command as it is");
  }
  if (auto serving = updates_.Serve(std::move(request.descriptor)); !serving) {
    return Fail(serving.error());
  }
  return json::object();
}

json ControlHandler::Status() {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now() - start_);
  json status = StatusJson(judging_, session_.data(), updates_.running(),
                           writers_.records.lost(), uptime);
  if (writers_.uses != nullptr) {
    status["record"] = RecordJson(*writers_.uses);
  }
  return status;
}

}  // namespace assayfs
