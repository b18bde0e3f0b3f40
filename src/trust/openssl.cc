// SPDX-License-Identifier: Apache-2.0
#include "trust/openssl.h"

#include <openssl/err.h>

namespace assayfs::openssl {

std::string TakeErrorText() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason == nullptr ? "OpenSSL failed" : reason;
  ERR_clear_error();
  return text;
}

}  // namespace assayfs::openssl
