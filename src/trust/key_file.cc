// SPDX-License-Identifier: Apache-2.0
// Finding key files and the armoured blocks in them.
#include "trust/key_file.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/files.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxKeyFileBytes = std::size_t{16} << 20;
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";

KeyBlockKind KindOf(std::string_view label) {
  if (label == "PGP PUBLIC KEY BLOCK") return KeyBlockKind::kOpenPgp;
  if (label == "CERTIFICATE") return KeyBlockKind::kX509;
  if (label == "X509 CRL") return KeyBlockKind::kCrl;
  return KeyBlockKind::kOther;
}

Error CannotRead(const std::string& path, Error error) {
  std::string message = error.message();
  if (message.rfind(path, 0) != 0) message = path + ": " + message;
  return Error(error.code(), "trusted keys: " + message +
                                 "; give a readable key file or folder");
}

}  // namespace

std::vector<KeyBlock> SplitKeyBlocks(std::string_view text) {
  std::vector<KeyBlock> blocks;
  std::size_t at = 0;
  while ((at = text.find(kBegin, at)) != std::string_view::npos) {
    const std::size_t label_at = at + kBegin.size();
    const std::size_t label_end = text.find(kDashes, label_at);
    if (label_end == std::string_view::npos) break;
    const std::string_view label = text.substr(label_at, label_end - label_at);
    const std::string end = "-----END " + std::string(label) + "-----";
    const std::size_t end_at = text.find(end, label_end);
    if (end_at == std::string_view::npos) {
      at = label_end;
      continue;
    }
    // With a newline, which the readers of armour want to see.
    const std::size_t stop = std::min(end_at + end.size() + 1, text.size());
    blocks.push_back({KindOf(label), text.substr(at, stop - at)});
    at = stop;
  }
  return blocks;
}

Result<KeyPath> ExpandKeyPath(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  KeyPath out;
  out.is_folder = fs::is_directory(path, error);
  if (error) {
    return Fail(CannotRead(path, Error(error.value(), error.message())));
  }
  if (!out.is_folder) {
    out.files.push_back(path);
    return out;
  }
  fs::directory_iterator it(path, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    const fs::path extension = it->path().extension();
    if (extension == ".asc" || extension == ".pem" || extension == ".crl") {
      out.files.push_back(it->path());
    }
  }
  if (error) {
    return Fail(CannotRead(path, Error(error.value(), error.message())));
  }
  std::sort(out.files.begin(), out.files.end());
  return out;
}

Result<ByteVector> ReadKeyFile(const std::string& path) {
  auto bytes = ReadFileAt(AT_FDCWD, path, kMaxKeyFileBytes);
  if (!bytes) return Fail(CannotRead(path, std::move(bytes).error()));
  return bytes;
}

}  // namespace assayfs
