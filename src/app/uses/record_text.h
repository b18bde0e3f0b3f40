// SPDX-License-Identifier: Apache-2.0
// The line that tells of a use.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "appraise/appraiser.h"
#include "policy/rule.h"

namespace assayfs {

// What a line begins with, before a space: the use was denied; the mode let it
// go ahead; it was permitted, and is audited.
inline constexpr std::string_view kDeniedWord = "denied";
inline constexpr std::string_view kWouldDenyWord = "would deny";
inline constexpr std::string_view kUsedWord = "used";
inline constexpr std::array kRecordWords = {kDeniedWord, kWouldDenyWord,
                                            kUsedWord};

// What a use is for, as a line has it between "for" and "by".
struct Purpose {
  std::string_view name;
  Mask mask;
};
inline constexpr std::array<Purpose, 3> kPurposes = {
    {{"exec", kMayExec}, {"read", kMayRead}, {"write", kMayWrite}}};

// Returns "denied /usr/bin/x for read by uid 0: unknown-content (DETAIL)", as
// one printable line without a newline.
// mount_point is put before the record's path. Threads: pure function.
std::string RecordText(const UseRecord& record, const std::string& mount_point);

}  // namespace assayfs
