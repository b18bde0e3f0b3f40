// SPDX-License-Identifier: Apache-2.0
// What both ends of the control socket need.
#pragma once

#include <sys/un.h>

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Errors: ENAMETOOLONG if path does not fit a socket address.
Result<sockaddr_un> SocketAddress(const std::string& path);

// Reads up to a newline, which is left out. passed: where to put a descriptor
// that comes along, the last one of several; without it none is taken.
// Errors: ETIMEDOUT if it does not come in time, EFBIG over max_bytes, EPIPE
// if the other end closes first; those of recvmsg(2).
Result<std::string> ReceiveLine(int socket, std::size_t max_bytes,
                                std::chrono::milliseconds limit,
                                UniqueFd* passed = nullptr);

// Sends text and a newline, and along with it a descriptor, unless that is -1.
// Errors: ETIMEDOUT as above; those of sendmsg(2).
Result<void> SendLine(int socket, std::string_view text,
                      std::chrono::milliseconds limit, int descriptor = -1);

}  // namespace assayfs
