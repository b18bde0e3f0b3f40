// SPDX-License-Identifier: Apache-2.0
// Values as text, so that outcomes can be compared and read.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assayfs::differential {

// Returns text in quotes, with escapes for all that cannot be printed; the
// middle of what is long is left out.
std::string Quoted(std::string_view text);
std::string Octal(std::uint64_t number);
// Returns the length and a hash of bytes, and the first of them.
std::string Content(std::string_view bytes);
// Returns the name of an errno.
std::string ErrnoName(int code);

struct FlagName {
  std::uint64_t bits;
  const char* name;
};
// Returns the names of the bits that are set in flags, joined by "|".
std::string Flags(std::uint64_t flags, const std::vector<FlagName>& names);
std::string OpenFlags(int flags);

// Returns a time that was set as it is, and one that the kernel took from its
// clock as "now". Explicit times in these tests are years away.
std::string Time(const struct timespec& time);
enum class Blocks { kShow, kOmit };
// Returns all of info that must be equal on both sides.
std::string Attributes(const struct stat& info, Blocks blocks);

}  // namespace assayfs::differential
