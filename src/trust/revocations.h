// SPDX-License-Identifier: Apache-2.0
// Revocations: keys, packages and digests that count no more.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "trust/rpm_version.h"

namespace assayfs {

inline constexpr std::size_t kMaxRevocationBytes = std::size_t{1} << 20;

// What the administrator took back. Text of one entry a line, "#" begins a
// comment:
//   key FINGERPRINT                       an OpenPGP key or subkey, or the
//                                         SHA-256 of an X.509 certificate
//   package NAME [RELATION VERSION]...    RELATION: < <= = >= >
//   digest ALGORITHM:HEX
// A package is revoked if it has the name and satisfies every relation.
// Threads: immutable once filled.
class Revocations {
 public:
  // Adds the entries of text. file: its name, for messages. Lines that mean
  // nothing are named in problems(); they stop no other.
  void Add(const std::string& file, std::string_view text);

  // Adds a file, or every file of a folder whose name begins with no dot. A
  // path that does not exist revokes nothing.
  // Errors: EFBIG for a file over kMaxRevocationBytes; those of opening and
  // reading, with the path. What could be read is added all the same, if the
  // folder could be.
  Result<void> AddPath(const std::string& path);

  // Adds the entries of other, but not its problems.
  void Merge(const Revocations& other);

  // Adds a line to problems().
  void AddProblem(const std::string& line);

  // Why something is revoked, as the entry has it; empty if it is not.
  std::string WhyKey(const std::string& fingerprint) const;
  std::string WhyPackage(const std::string& name,
                         const std::string& version) const;
  bool Has(const Digest& digest) const { return digests_.contains(digest); }

  const std::set<Digest>& digests() const { return digests_; }
  // Number of entries, and the lines that were not understood.
  std::size_t size() const;
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Bound {
    VersionRelation relation;
    std::string version;
  };
  struct Package {
    std::vector<Bound> bounds;
    std::string text;  // the entry
  };

  Result<void> AddFile(const std::string& path);
  // Reads one entry. Returns what is wrong with it, or nothing.
  std::string AddEntry(std::string_view line);
  std::string AddPackage(const std::vector<std::string>& words);

  std::set<std::string, std::less<>> keys_;                    // in lower case
  std::multimap<std::string, Package, std::less<>> packages_;  // by name
  std::set<Digest> digests_;
  std::vector<std::string> problems_;
};

}  // namespace assayfs
