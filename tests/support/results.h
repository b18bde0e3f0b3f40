// SPDX-License-Identifier: Apache-2.0
// Matchers and accessors for Result<T> in tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace assayfs::testing {

// Matches a Result that failed with this errno.
MATCHER_P(FailsWith, code, "") {
  if (arg) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << arg.error().code() << ": " << arg.error().message();
  return arg.error().code() == code;
}

// Matches a Result that failed with this errno and this text in its message.
MATCHER_P2(FailsSaying, code, text, "") {
  if (arg) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << arg.error().code() << ": " << arg.error().message();
  return arg.error().code() == code &&
         arg.error().message().find(text) != std::string::npos;
}

// Takes the value out; ends the test program with the error if there is none.
template <typename T>
T Must(Result<T> result) {
  if (!result) {
    std::cerr << "unexpected error: " << result.error().message() << "\n";
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace assayfs::testing
