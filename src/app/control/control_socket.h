// SPDX-License-Identifier: Apache-2.0
// What both ends of the control socket need.
#pragma once

#include <sys/un.h>

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assayfs {

// Errors: ENAMETOOLONG if path does not fit a socket address.
Result<sockaddr_un> SocketAddress(const std::string& path);

// Reads up to a newline, which is left out.
// Errors: ETIMEDOUT if it does not come in time, EFBIG over max_bytes, EPIPE
// if the other end closes first; those of recv(2).
Result<std::string> ReceiveLine(int socket, std::size_t max_bytes,
                                std::chrono::milliseconds limit);

// Sends text and a newline. Errors: ETIMEDOUT as above; those of send(2).
Result<void> SendLine(int socket, std::string_view text,
                      std::chrono::milliseconds limit);

}  // namespace assayfs
