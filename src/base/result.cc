// SPDX-License-Identifier: Apache-2.0
// Error construction.
#include "base/result.h"

#include <system_error>

namespace assayfs {

Error Error::FromErrno(std::string_view what) {
  const int code = errno;
  return Error(
      code, std::string(what) + ": " + std::generic_category().message(code));
}

Error Error::WithContext(std::string_view context) && {
  return Error(code_, std::string(context) + ": " + message_);
}

}  // namespace assayfs
