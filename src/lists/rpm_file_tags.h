// SPDX-License-Identifier: Apache-2.0
// What RPM headers say of a package and of the names of its files, for every
// parser of headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "lists/rpm_tags.h"

namespace assayfs {

struct RpmPackageName {
  std::string text;     // name-[epoch:]version-release.arch
  std::string name;     // name
  std::string version;  // [epoch:]version-release
};

// Errors: EBADMSG if a part is missing, empty or over 1024 bytes.
Result<RpmPackageName> ReadRpmPackageName(const RpmTags& tags);

// Returns the algorithm of the file digests; MD5 where none is named, as in
// headers from before there were others.
// Errors: EBADMSG for a tag that is not one number, EOPNOTSUPP for an algorithm
// that is not known.
Result<HashAlgorithm> RpmFileAlgorithm(const RpmTags& tags);

// Reads one value of FILEDIGESTS, that of the numbered file. Returns nothing
// for a file without a digest, which is empty, or all zeros: librpm gives that
// in its place, and tools may have written it down. No content hashes to it, so
// nothing is lost. Errors: EBADMSG if it is not hexadecimal of the algorithm's
// length.
Result<std::optional<Digest>> ParseRpmFileDigest(HashAlgorithm algorithm,
                                                 std::size_t file,
                                                 std::string_view hex);

// The paths of a header's files, put together on demand: a folder and a name,
// or, in headers of the old kind, one string. Borrows the bytes behind the
// tags. Threads: one object, one thread.
class RpmFilePaths {
 public:
  // Errors: EBADMSG if a tag is missing or wrong, there is not one folder for
  // each file, or an index is out of range.
  static Result<RpmFilePaths> Read(const RpmTags& tags);

  std::size_t size() const { return names_.size(); }

  // Returns the path of a file, as it is in the header, ".." and all.
  // file: below size(), once each.
  // Errors: EBADMSG for more than 4096 bytes, or more than kMaxListBytes in all
  // paths taken so far: many files may share one long folder.
  Result<std::string> Take(std::size_t file);

 private:
  std::vector<std::string_view> folders_;
  std::vector<std::uint32_t> folder_indexes_;  // one for each name, or empty
  std::vector<std::string_view> names_;
  std::size_t taken_bytes_ = 0;
};

}  // namespace assayfs
