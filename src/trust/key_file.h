// SPDX-License-Identifier: Apache-2.0
// Finding key files and the armoured blocks in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

enum class KeyBlockKind { kOpenPgp, kX509, kCrl, kOther };

struct KeyBlock {
  KeyBlockKind kind = KeyBlockKind::kOther;
  std::string_view text;  // from the BEGIN line to the END line; borrowed
};

// Splits text into its armoured blocks; anything between them is skipped, and
// so is a block without an end. Threads: pure function.
std::vector<KeyBlock> SplitKeyBlocks(std::string_view text);

// The files that a path given by the administrator stands for: itself, or all
// *.asc, *.pem and *.crl of the folder, sorted by name.
struct KeyPath {
  bool is_folder = false;
  std::vector<std::string> files;
};

// Errors: those of stat(2) and of reading the folder; the message names path.
Result<KeyPath> ExpandKeyPath(const std::string& path);

// Reads a key file. Errors: EFBIG over 16 MiB, EINVAL if it is not a regular
// file, those of openat(2); the message names path and says what to do.
Result<ByteVector> ReadKeyFile(const std::string& path);

}  // namespace assayfs
