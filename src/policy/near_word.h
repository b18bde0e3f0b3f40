// SPDX-License-Identifier: Apache-2.0
// What may be meant by a word that is not known.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace assayfs {

// Returns the one of known that differs from word in the case of letters, in
// "_" and "-", or in at most two letters; empty if none does.
// Threads: pure function.
std::string_view NearWord(std::string_view word,
                          std::span<const std::string_view> known);

// Returns what to write instead of word: "; write " and the near one, or else
// "; write " and all that are known. Threads: pure function.
std::string WriteInstead(std::string_view word,
                         std::span<const std::string_view> known);

}  // namespace assayfs
