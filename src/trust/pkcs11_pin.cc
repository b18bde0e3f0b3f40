// SPDX-License-Identifier: Apache-2.0
// The PIN of a PKCS#11 token: from a file, or from whoever sits there.
#include "trust/pkcs11_pin.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>

#include "base/files.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxPinFileBytes = 4096;
constexpr std::size_t kMaxTypedBytes = 256;

std::string PathOf(std::string_view source) {
  constexpr std::string_view kScheme = "file:";
  if (source.starts_with(kScheme)) source.remove_prefix(kScheme.size());
  // An empty host, as in "file:///path".
  if (source.starts_with("///")) source.remove_prefix(2);
  return std::string(source);
}

bool IsLineEnd(std::byte byte) {
  return byte == std::byte{'\n'} || byte == std::byte{'\r'};
}

}  // namespace

Pkcs11Pin::~Pkcs11Pin() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Result<Pkcs11Pin> ReadPinSource(std::string_view source) {
  if (source.starts_with('|')) {
    return Fail(EINVAL,
                "pin-source names a command, which is not run; name a "
                "file that holds the PIN");
  }
  const std::string path = PathOf(source);
  auto bytes = ReadFileAt(AT_FDCWD, path, kMaxPinFileBytes);
  if (!bytes) return Fail(std::move(bytes).error().WithContext("pin-source"));
  while (!bytes->empty() && IsLineEnd(bytes->back())) bytes->pop_back();
  if (bytes->empty()) {
    return Fail(EINVAL, "pin-source: " + path + " holds no PIN");
  }
  return Pkcs11Pin(std::move(*bytes));
}

Result<Pkcs11Pin> AskForPin(std::string_view token) {
  const std::string prompt = "PIN of the token \"" + Printable(token) + "\": ";
  std::array<char, kMaxTypedBytes> typed{};
  const int failed = EVP_read_pw_string(
      typed.data(), static_cast<int>(typed.size()), prompt.c_str(), 0);
  Pkcs11Pin pin(ToVector(AsBytes(typed.data())));
  OPENSSL_cleanse(typed.data(), typed.size());
  ERR_clear_error();
  if (failed != 0 || pin.bytes().empty()) {
    return Fail(EINVAL,
                "no PIN was given; type it on a terminal, or name a "
                "file that holds it with pin-source= in the URI");
  }
  return pin;
}

}  // namespace assayfs
