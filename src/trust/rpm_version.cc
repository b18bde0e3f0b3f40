// SPDX-License-Identifier: Apache-2.0
// Versions of packages, compared by librpm.
#include "trust/rpm_version.h"

#include <rpm/rpmds.h>
#include <rpm/rpmver.h>

#include <memory>

namespace assayfs {
namespace {

struct FreeVersion {
  void operator()(rpmver version) const { rpmverFree(version); }
};
using Version = std::unique_ptr<rpmver_s, FreeVersion>;

rpmsenseFlags FlagsOf(VersionRelation relation) {
  switch (relation) {
    case VersionRelation::kLess:
      return RPMSENSE_LESS;
    case VersionRelation::kLessOrEqual:
      return static_cast<rpmsenseFlags>(RPMSENSE_LESS | RPMSENSE_EQUAL);
    case VersionRelation::kEqual:
      return RPMSENSE_EQUAL;
    case VersionRelation::kGreaterOrEqual:
      return static_cast<rpmsenseFlags>(RPMSENSE_GREATER | RPMSENSE_EQUAL);
    case VersionRelation::kGreater:
      return RPMSENSE_GREATER;
  }
  return RPMSENSE_ANY;
}

// librpm takes only text that is not empty.
Version Parse(const std::string& text) {
  return Version(rpmverParse(text.empty() ? "0" : text.c_str()));
}

}  // namespace

int CompareVersions(const std::string& a, const std::string& b) {
  const Version left = Parse(a);
  const Version right = Parse(b);
  return rpmverCmp(left.get(), right.get());
}

bool Satisfies(const std::string& version, VersionRelation relation,
               const std::string& bound) {
  const Version left = Parse(version);
  const Version right = Parse(bound);
  return rpmverOverlap(left.get(), RPMSENSE_EQUAL, right.get(),
                       FlagsOf(relation)) != 0;
}

}  // namespace assayfs
