// SPDX-License-Identifier: Apache-2.0
// Versions of packages, in the order that RPM has.
#pragma once

#include <string>

namespace assayfs {

// How a version must stand to another one.
enum class VersionRelation {
  kLess,
  kLessOrEqual,
  kEqual,
  kGreaterOrEqual,
  kGreater
};

// A version is [EPOCH:]VERSION[-RELEASE], as in a dependency of a package. Text
// of any other form is a version too, that of an odd package.

// Returns less than, equal to, or greater than zero as a is older than b, the
// same, or newer. No epoch is epoch 0; a version without a release is older
// than the same with one.
// Threads: pure function.
int CompareVersions(const std::string& a, const std::string& b);

// Says whether version satisfies "relation bound" as it would a dependency of
// a package: a bound without a release stands for all its releases.
// Threads: pure function.
bool Satisfies(const std::string& version, VersionRelation relation,
               const std::string& bound);

}  // namespace assayfs
