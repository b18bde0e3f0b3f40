// SPDX-License-Identifier: Apache-2.0
// Reading the headers of installed packages out of an RPM database.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// One installed package. Nothing here is verified yet.
struct InstalledPackage {
  std::string name;       // name-[epoch:]version-release.arch
  ByteVector header;      // magic and immutable region
  ByteVector signatures;  // as SignedHeader::signatures in lists/rpm_header.h
};

// Reads all packages of the database below root ("/" for the running system),
// sorted by name. The gpg-pubkey pseudo packages and headers without an
// immutable region are left out.
// Nothing is created below root; a SQLite database that nobody has open is
// read from a copy in the temporary folder.
// Errors: ENOENT if root has no RPM database, those of stat(2) if that cannot
// be seen, EIO if it cannot be opened, copied or read to its end.
// Threads: one call at a time in a process (librpm keeps global state); calls
// are serialised inside.
Result<std::vector<InstalledPackage>> ReadRpmDatabase(const std::string& root);

// Returns the folder that holds the database below root, for watching it.
// Errors: ENOENT as above.
Result<std::string> RpmDatabaseFolder(const std::string& root);

}  // namespace assayfs
