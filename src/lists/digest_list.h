// SPDX-License-Identifier: Apache-2.0
// DigestList: what a digest list of any format says, once parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/digest.h"

namespace assayfs {

// Lists larger than this are refused unread. The largest real RPM header seen
// has 1 MB.
inline constexpr std::size_t kMaxListBytes = std::size_t{64} << 20;

enum class ListFormat { kRpm, kTlv };

// One file that a list vouches for.
struct ListedFile {
  Digest digest;
  std::string path;  // as in the list, absolute for RPM; may be empty in TLV
  std::optional<std::uint32_t> mode;  // st_mode, where the list has it
};

struct DigestList {
  ListFormat format = ListFormat::kRpm;
  // Of the package that the list is the header of; empty for TLV.
  std::string package;            // name-[epoch:]version-release.arch
  std::string package_name;       // name
  std::string package_version;    // [epoch:]version-release
  std::vector<ListedFile> files;  // in the order of the list
};

}  // namespace assayfs
