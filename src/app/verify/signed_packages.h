// SPDX-License-Identifier: Apache-2.0
// The packages that a tree is verified by: those that a trusted key signed.
#pragma once

#include <string>
#include <vector>

#include "appraise/list_source.h"
#include "assayfs/signature_verifier.h"
#include "base/result.h"
#include "lists/rpm_file_metadata.h"
#include "trust/revocations.h"

namespace assayfs {

struct RefusedList {
  std::string name;
  std::string origin;
  std::string why;
};

struct SignedPackages {
  std::vector<RpmPackageFiles> packages;  // in the order of the lists
  std::vector<RefusedList> refused;
  // Origins of lists that are good and no RPM headers: they say nothing of
  // anything but content.
  std::vector<std::string> left_out;
  bool unreadable = false;  // one of those refused could not even be read
};

// Verifies each list and parses its header, on all processors. Lists with weak
// digests, and those that are revoked, are refused.
SignedPackages CheckPackages(const std::vector<RawList>& lists,
                             const SignatureVerifier& verifier,
                             const Revocations& revocations);

// Returns the lists to verify a tree by where none are named, as an argument of
// ReadLists: "rpmdb:TREE" if the tree has an RPM database, else the system's
// own folder of lists.
// Errors: EXDEV if a link leads out of the tree on the way to its database:
// librpm would follow it. Those of reading the folder of the database.
Result<std::string> DefaultListsOf(const std::string& tree);

}  // namespace assayfs
