// SPDX-License-Identifier: Apache-2.0
// ListUpdate: lists that come before what they vouch for, and go after it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/list_update/update_journal.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "crypto/digest.h"

namespace assayfs {

// A list that an update brings: verified, whole, with its name in the folder.
struct ComingList {
  std::string name;
  ByteVector bytes;
};

// One folder of lists while a package manager works: new lists are added first,
// and old ones count until the update is settled. Then the RPM database says
// which lists of packages stay. Whatever is killed in between, all of them
// count until somebody settles the update, or begins it again.
//
// Threads: one object, one thread. No two objects for a folder, also not in two
// processes.
class ListUpdate {
 public:
  struct Begun {
    std::size_t added = 0;
    std::size_t there_already = 0;
    bool continued = false;  // an update was under way; this adds to it
  };
  struct Settled {
    std::size_t removed = 0;
    std::size_t kept = 0;  // of the lists that the update was about
  };
  // kEnd: the new lists stay, and those told to go do so. kAbort: the other way
  // round. Where the RPM database knows better, neither counts: a list stays if
  // and only if a package with exactly its header is installed.
  enum class Outcome { kEnd, kAbort };

  // Opens the folder. Errors: those of open(2) with the path; EBUSY if another
  // object has it.
  static Result<ListUpdate> Open(const std::string& folder);

  // Begins an update, or adds to the one that is under way. When it returns,
  // whoever watches the folder was told of the new lists.
  // root: an absolute path; of the system whose packages change. coming: where
  // the folder has another list of that name, both count until the end.
  // removed: names of lists in the folder that go with kEnd.
  // Errors: EINVAL if root is no absolute path in one line; ENOENT for a name
  // in removed that the folder has not; EEXIST if the update that is under way
  // is of another root; EBADMSG for a damaged journal; those of reading the
  // database, but one that is missing or empty is none; those of writing. A
  // list that was added by then is in the journal.
  Result<Begun> Begin(const std::string& root,
                      const std::vector<ComingList>& coming,
                      const std::vector<std::string>& removed);

  // Settles the update that is under way.
  // Errors: ENOENT if there is none; as Begin. Those of reading lists and
  // removing them leave the journal, so that it can be called again.
  Result<Settled> Settle(Outcome outcome);

 private:
  // What an RPM database says.
  struct Database {
    std::set<std::string> lists;  // names of lists of the installed packages
    std::set<Digest> headers;     // SHA-256 of their headers
  };
  // Names of the lists in the folder, by the same without number.
  using Names = std::map<std::string, std::string>;

  ListUpdate(std::string folder, UniqueFd fd)
      : folder_(std::move(folder)), fd_(std::move(fd)) {}

  // Nothing where there is no database, or no package in it.
  static Result<std::optional<Database>> ReadDatabase(const std::string& root);
  Result<Names> ReadNames() const;
  Result<bool> HasPayload(const std::string& name, Bytes list) const;
  Result<bool> IsInstalled(const std::string& name,
                           const Database& database) const;
  // What a begin is to write.
  struct Plan {
    UpdateJournal journal;
    std::map<std::string, Bytes> to_write;  // by name
    Begun begun;
  };
  Result<Plan> MakePlan(const std::string& root,
                        const std::vector<ComingList>& coming,
                        const std::vector<std::string>& removed) const;
  Result<void> PlanComing(const ComingList& list, const Names& names,
                          Plan& plan) const;

  Result<bool> Stays(const std::string& base, const std::string& name,
                     const UpdateJournal& journal, Outcome outcome,
                     const std::optional<Database>& database) const;
  Result<void> Remove(const std::string& base, const std::string& name) const;
  // Gives lists that came beside others the names that those had.
  Result<void> NameForGood(const Names& names,
                           const UpdateJournal& journal) const;
  Result<Settled> SettleLists(const UpdateJournal& journal,
                              Outcome outcome) const;

  std::string folder_;
  UniqueFd fd_;
};

}  // namespace assayfs
