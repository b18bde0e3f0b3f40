// SPDX-License-Identifier: Apache-2.0
// The PIN of a PKCS#11 token: from a file, or from whoever sits there.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// A PIN, wiped from memory when the object goes. It is in no error message.
//
// Threads: one object, one thread.
class Pkcs11Pin {
 public:
  explicit Pkcs11Pin(ByteVector bytes) : bytes_(std::move(bytes)) {}
  Pkcs11Pin(Pkcs11Pin&&) noexcept = default;
  Pkcs11Pin& operator=(Pkcs11Pin&&) = delete;
  ~Pkcs11Pin();

  // Borrowed from the object; not empty if a function below made it.
  Bytes bytes() const { return bytes_; }

 private:
  ByteVector bytes_;
};

// Reads the PIN from where "pin-source" in a URI says: a file, as its path or
// as "file:PATH" or "file:///PATH". Line ends after the PIN do not belong to
// it. Errors: EINVAL for a command ("|...") or an empty file, EFBIG over 4 KiB,
// those of openat(2); the message names the file.
Result<Pkcs11Pin> ReadPinSource(std::string_view source);

// Asks on the terminal, without echo. token: name for the prompt.
// Errors: EINVAL if there is nobody to ask, or nothing was typed.
Result<Pkcs11Pin> AskForPin(std::string_view token);

}  // namespace assayfs
