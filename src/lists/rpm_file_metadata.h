// SPDX-License-Identifier: Apache-2.0
// RpmFileMetadata: what an RPM header says of its files beside their digests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace assayfs {

// Bits of FILEFLAGS, as rpmfiles.h of librpm has them.
enum RpmFileFlag : std::uint32_t {
  kRpmConfig = 1u << 0,
  kRpmDoc = 1u << 1,
  kRpmMissingOk = 1u << 3,
  kRpmNoReplace = 1u << 4,
  kRpmSpecFile = 1u << 5,
  kRpmGhost = 1u << 6,  // the package names the file and does not bring it
  kRpmLicense = 1u << 7,
  kRpmReadme = 1u << 8,
  kRpmArtifact = 1u << 12,
};

// Bits of FILEVERIFYFLAGS, as rpmvf.h of librpm has them: what about a file may
// be held against the header.
enum RpmVerifyFlag : std::uint32_t {
  kRpmVerifyDigest = 1u << 0,
  kRpmVerifySize = 1u << 1,
  kRpmVerifyLinkTarget = 1u << 2,
  kRpmVerifyUser = 1u << 3,
  kRpmVerifyGroup = 1u << 4,
  kRpmVerifyMtime = 1u << 5,
  kRpmVerifyMode = 1u << 6,
  kRpmVerifyRdev = 1u << 7,
  kRpmVerifyCapabilities = 1u << 8,
};

// One file of a header, of any kind: folders, links and ghosts as well.
struct RpmFileMetadata {
  std::string path;              // as in the header; absolute in a package
  std::optional<Digest> digest;  // only of regular files that are no ghosts
  std::uint64_t size_bytes = 0;
  std::uint16_t mode = 0;  // st_mode, type included
  std::uint16_t rdev = 0;  // of a device
  std::uint32_t mtime_s = 0;
  std::uint32_t flags = 0;         // RpmFileFlag
  std::uint32_t verify_flags = 0;  // RpmVerifyFlag
  std::string link_target;         // of a symbolic link, else empty
  std::string user;
  std::string group;
  std::string capabilities;  // as cap_to_text(3) writes them; empty: none
};

struct RpmPackageFiles {
  std::string package;  // name-[epoch:]version-release.arch
  std::vector<RpmFileMetadata> files;
  std::string name = {};
  std::string version = {};  // [epoch:]version-release
};

// Parses all that one RPM header says of files. bytes: as for ParseRpmHeader;
// not kept. Returns files in header order.
// Errors: as ParseRpmHeader, which accepts the same and more: here each tag
// must have one value for each file, FILECAPS alone may be missing.
// Threads: pure function. Source: RPM manual, header format; the tags of
// ParseRpmHeader and 1028 or 5008, 1033, 1034, 1036, 1037, 1039, 1040, 1045,
// 5010.
Result<RpmPackageFiles> ParseRpmFileMetadata(Bytes bytes);

}  // namespace assayfs
