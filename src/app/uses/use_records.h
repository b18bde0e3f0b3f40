// SPDX-License-Identifier: Apache-2.0
// Records of uses, read from files.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/uses/use_log.h"
#include "base/result.h"

namespace assayfs {

struct UseRecords {
  std::vector<LoggedUse> uses;  // each once, in the order of the files
  std::size_t left_out = 0;     // lines that tell of no use
};

// Reads every line with ReadUse; lines of one meaning are one use. Empty lines
// are nothing. How many lines were left out is told on the standard error
// stream, as by verb. files: "-" for the standard input.
// Errors: those of ReadInput, with the file; ENOMSG for a file without a use,
// which is more likely to be the wrong one than to mean that nothing was asked.
Result<UseRecords> ReadUseRecords(const std::string& verb,
                                  const std::vector<std::string>& files);

// What the program that used a file is called, for people.
std::string ProgramOf(const LoggedUse& use);

// Returns the folder of an absolute path: "/" of "/a".
std::string FolderOf(const std::string& path);

}  // namespace assayfs
