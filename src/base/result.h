// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error. The whole project reports failure this way.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace assayfs {

// Why something could not be done: one errno code and one line for people.
//
// The code is what a file system operation answers; the message names what
// failed and why, without a trailing newline. A denial is not an Error: it is
// a Verdict (see assayfs/verdict.h).
class [[nodiscard]] Error {
 public:
  // code: an errno constant, not 0.
  Error(int code, std::string message)
      : code_(code), message_(std::move(message)) {}

  // Builds "WHAT: strerror(errno)". Reads errno, so call it at once after the
  // failing call.
  static Error FromErrno(std::string_view what);

  // Returns the same error with "CONTEXT: " before its message.
  Error WithContext(std::string_view context) &&;

  int code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  int code_;
  std::string message_;
};

// tl::expected has the interface of std::expected, which C++20 lacks.
template <typename T>
using Result = tl::expected<T, Error>;

// Wraps an Error so that it converts to any Result<T>.
inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> Fail(int code, std::string message) {
  return tl::unexpected<Error>(Error(code, std::move(message)));
}

}  // namespace assayfs
