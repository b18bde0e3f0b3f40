// SPDX-License-Identifier: Apache-2.0
// ControlClient: asks the daemon of a mount.
#include "app/control/control_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "app/control/control_path.h"
#include "app/control/control_socket.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 20;
constexpr std::chrono::minutes kSendLimit{1};
// Loading many lists into a slow TPM takes long.
constexpr std::chrono::minutes kAnswerLimit{30};

bool IsOfRootOrSelf(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == ::geteuid());
}

bool IsAbsent(const Error& error) {
  return error.code() == ENOENT || error.code() == ECONNREFUSED;
}

}  // namespace

Result<nlohmann::json> AskDaemon(const std::string& path,
                                 const nlohmann::json& request,
                                 Answerer answerer, int descriptor) {
  const auto address = SocketAddress(path);
  if (!address) return Fail(address.error());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Fail(Error::FromErrno("socket"));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address),
                sizeof(*address)) != 0) {
    return Fail(Error::FromErrno(path));
  }
  if (answerer == Answerer::kRootOrSelf && !IsOfRootOrSelf(socket.get())) {
    return Fail(EACCES, path + ": the daemon is of another user");
  }
  auto sent = SendLine(socket.get(), request.dump(), kSendLimit, descriptor);
  if (!sent) return Fail(std::move(sent).error().WithContext(path));
  auto line = ReceiveLine(socket.get(), kMaxAnswerBytes, kAnswerLimit);
  if (!line) {
    if (line.error().code() == EPIPE || line.error().code() == ECONNRESET) {
      return Fail(EACCES, path +
                              ": the daemon hung up; only root and the user "
                              "who mounted may ask");
    }
    return Fail(std::move(line).error().WithContext(path));
  }
  const auto answer = nlohmann::json::parse(*line, nullptr, false);
  if (!answer.is_object()) {
    return Fail(EPROTO, path + ": not an answer of assayfs");
  }
  const auto error = answer.find("error");
  if (error != answer.end() && error->is_string()) {
    return Fail(EREMOTEIO, error->get<std::string>());
  }
  const auto value = answer.find("answer");
  if (value == answer.end()) {
    return Fail(EPROTO, path + ": not an answer of assayfs");
  }
  return *value;
}

Result<nlohmann::json> AskMount(const std::string& mount_point,
                                const std::string& control,
                                const nlohmann::json& request,
                                Answerer answerer, int descriptor) {
  if (!control.empty()) {
    return AskDaemon(control, request, answerer, descriptor);
  }
  for (const std::string& folder : RuntimeFolders()) {
    auto answer = AskDaemon(ControlPath(folder, mount_point), request, answerer,
                            descriptor);
    if (answer || !IsAbsent(answer.error())) return answer;
  }
  return Fail(ENOENT, mount_point +
                          ": its daemon does not answer; if it is gone, run "
                          "umount " +
                          mount_point + ", else give its --control");
}

}  // namespace assayfs
