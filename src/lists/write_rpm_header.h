// SPDX-License-Identifier: Apache-2.0
// Writing RPM headers.
#pragma once

#include "base/bytes.h"
#include "lists/rpm_file_metadata.h"

namespace assayfs {

// Writes "magic | immutable region" with what the parsers of this room read, so
// that ParseRpmFileMetadata gives back the same. It is no whole package, and no
// tool but ours needs to accept it.
//
// package: version is "[epoch:]version-release"; the architecture is noarch
// whatever package says. Digests are all in the same algorithm, which OpenPGP
// must have a number for; REQUIRES: no fs-verity and no SM3.
// Threads: pure function. Source: as ParseRpmFileMetadata.
ByteVector WriteRpmHeader(const RpmPackageFiles& package);

}  // namespace assayfs
