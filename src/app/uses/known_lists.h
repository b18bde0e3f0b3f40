// SPDX-License-Identifier: Apache-2.0
// KnownLists: the lists that recorded uses are held against.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "appraise/digest_index.h"
#include "appraise/list_loader.h"
#include "appraise/list_source.h"
#include "assayfs/signature_verifier.h"
#include "base/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

class Keyring;

// Which lists, as the command line has it.
struct ListArguments {
  std::vector<std::string> lists;
  std::vector<std::string> keys;
  std::string revoked;
  // Package files, folders of them or lists, in the place of lists of packages
  // of the same name, or else of lists of the same file name.
  std::vector<std::string> updates;
  // Globs of names of lists, or of their packages, that are left out. They must
  // have passed CheckGlob.
  std::vector<std::string> removed;
};

// Adds --lists, --keys and --revoked, with their defaults. arguments must
// outlive verb.
void AddListOptions(CLI::App& verb, ListArguments& arguments);

struct KnownLists {
  std::vector<ListSource> sources;  // without those of updates
  std::shared_ptr<const DigestIndex> index;
  std::vector<RejectedList> refused;
  bool unreadable = false;  // one of those refused could not even be read
};

// Loads keys; problems with single ones are told on the standard error stream.
// Errors: those of Keyring::Load.
Result<std::shared_ptr<const Keyring>> LoadKeys(const ListArguments& arguments);

// What is read beside lists that a mount would load, and their digests.
struct ListReading {
  bool attributes = false;  // see ListRules
  // Lists whose key is rejected, too, as lists that do not count: what a
  // trusted key once vouched for is told from what nobody ever did. They stay
  // among those refused.
  bool rejected = false;
};

// Reads, checks and indexes lists as a mount does, but measures none, and reads
// package files as well. Refused lists are told on the standard error stream.
// Errors: those of MakeListSources, VisitSource and ReadRevoked; ENOENT if
// there are no lists, and for a glob that fits none; for what is refused among
// updates, its reason.
Result<KnownLists> LoadKnownLists(const ListArguments& arguments,
                                  const SignatureVerifier& verifier,
                                  const ListReading& reading);

// Returns what headers of packages say of these paths, for those of which they
// say something: bits of RpmFileFlag, also of files without a digest. Lists are
// read once more. Errors: those of VisitSource.
Result<std::map<std::string, std::uint32_t>> FlagsOf(
    const KnownLists& lists, const SignatureVerifier& verifier,
    const std::set<std::string>& paths);

// Returns the package of a list that counts and names one of these paths, or
// the list if it is of no package; empty if none does. spellings: see
// ListedSpellings.
std::string PackageNaming(const DigestIndex& index,
                          const std::vector<std::string>& spellings);

}  // namespace assayfs
