// SPDX-License-Identifier: Apache-2.0
// What the `lists` verbs read: lists, folders, RPM databases and packages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "appraise/list_source.h"
#include "base/result.h"
#include "lists/rpm_header.h"

namespace assayfs {

// Says whether the file at path starts like an RPM package. False for what
// cannot be read.
bool IsPackageFile(const std::string& path);

// Reads the signed header of the package file at path. The payload is not
// looked at, however large it is.
// Errors: as ParseRpmPackage; those of open(2) and read(2). They do not name
// the path.
Result<SignedHeader> ReadPackage(const std::string& path);

// Returns the signed header as list bytes, signature appended where there is
// one.
ByteVector ListBytes(const SignedHeader& package);

// Reads every list that the arguments stand for, in order: a folder, a list
// file, a package file, "rpmdb:ROOT". Packages, also those in a folder, become
// lists named "rpm-" and the file name without ".rpm". What cannot be read in
// a folder has the error in its bytes.
// Errors: as MakeListSources and ReadSource.
Result<std::vector<RawList>> ReadLists(
    const std::vector<std::string>& arguments);

// Reads the whole of a file of any kind, or of the standard input for "-".
// Errors: EFBIG for more than 256 MiB; those of open(2) and read(2). They do
// not name the path.
Result<ByteVector> ReadInput(const std::string& path);

// Takes a list of paths apart: at its NULs if it has any, else at its line
// ends. Empty ones are left out.
// Errors: ENAMETOOLONG, naming it by its number, for a path over 4096 bytes.
// Threads: pure function.
Result<std::vector<std::string>> SplitPaths(std::string_view text);

// Says whether a list was not even read, so that nothing is known of it.
bool WasUnreadable(const RawList& raw);

}  // namespace assayfs
