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

// A list that an update brings: verified, whole, with its name in the folder,
// which IsSafeName holds of.
struct ComingList {
  std::string name;
  ByteVector bytes;
};

// One folder of lists while package managers work: new lists are added first,
// and old ones count until the update is settled. Then the RPM database says
// which lists of packages stay. Whatever is killed in between, all of them
// count until somebody settles that update. Several may be under way; each has
// an id, see IsUpdateId, and settles only what it brought itself.
//
// Threads: one object, one thread. Another object for the same folder, also in
// another process, waits in Open until this one is gone.
class ListUpdate {
 public:
  struct Begun {
    std::size_t added = 0;
    std::size_t there_already = 0;
    bool continued = false;  // this one was under way; more is added to it
  };
  struct Settled {
    std::size_t removed = 0;
    std::size_t kept = 0;  // of the lists that the update was about
  };
  // What others that are under way wait for stays. Of lists of packages that
  // are new, or were installed when it began, those stay whose very header is
  // that of an installed package, by the RPM database. For the others, and
  // where there never was a database, kEnd means that the new ones stay and
  // those told to go do so, and kAbort the other way round.
  enum class Outcome { kEnd, kAbort };

  // Opens the folder, and waits for others, see UpdateLock.
  // Errors: those of open(2) with the path; EBUSY if others take longer.
  static Result<ListUpdate> Open(const std::string& folder);

  // Begins an update, or adds to the one of that id. When it returns, whoever
  // watches the folder was told of the new lists, and they are on disk.
  // root: an absolute path; of the system whose packages change, one for each
  // folder. coming: where the folder has another list of that name, the new one
  // of a package gets "~" and eight digits behind it, for good; both count
  // until the end. removed: names of lists in the folder that go with kEnd.
  // Errors: EINVAL for an id or root that cannot be (a root has no line end);
  // ENOENT for a name in removed that the folder has not; EEXIST for a list of
  // no package whose name another one has, and if the update of that id is of
  // another root; EBADMSG for a damaged journal; those of reading the database,
  // but one that is missing is none; those of writing. What was added by then
  // is in the journal.
  Result<Begun> Begin(const std::string& id, const std::string& root,
                      const std::vector<ComingList>& coming,
                      const std::vector<std::string>& removed);

  // Returns the ids of all updates that are under way. Errors: as NamesIn.
  Result<std::vector<std::string>> UnderWay() const {
    return UpdatesUnderWay(fd_.get());
  }

  // Says whether the update brought lists, none of which is of an installed
  // package: as if the package manager keeps its database elsewhere.
  // Errors: EBADMSG as Begin; those of reading database and lists.
  Result<bool> NoneIsInstalled(const std::string& id) const;

  // Settles an update; nothing if it is not under way.
  // Errors: EBADMSG for a damaged journal, also of another update; EIO if there
  // was a database when it began and now is none; those of reading the database
  // and lists, and of removing them. All leave the journal, so that it can be
  // called again.
  Result<std::optional<Settled>> Settle(const std::string& id, Outcome outcome);

 private:
  // SHA-256 of the headers of all installed packages; nothing where there is
  // no RPM database.
  using Headers = std::optional<std::set<Digest>>;
  using Names = std::set<std::string>;
  // Names of lists, by the same without number.
  using Bases = std::map<std::string, std::string>;
  using Journals = std::map<std::string, UpdateJournal>;  // by id

  // What a begin is to write.
  struct Plan {
    UpdateJournal journal;
    std::map<std::string, Bytes> to_write;  // by name
    Begun begun;
  };
  // What a settling goes by.
  struct Facts {
    UpdateJournal journal;
    Headers headers;
    Names awaited;  // added by other updates, and not installed yet
  };

  ListUpdate(std::string folder, UniqueFd fd, UpdateLock lock)
      : folder_(std::move(folder)),
        fd_(std::move(fd)),
        lock_(std::move(lock)) {}

  static Result<Headers> ReadHeaders(const std::string& root);
  // The SHA-256 of a list's payload; nothing for what is gone, or no list.
  Result<std::optional<Digest>> PayloadOf(const std::string& name) const;
  Result<bool> IsInstalled(const std::string& name,
                           const Headers& headers) const;

  Result<Plan> MakePlan(const std::string& id, const std::string& root,
                        const std::vector<ComingList>& coming,
                        const std::vector<std::string>& removed) const;
  Result<void> PlanComing(const ComingList& list, const Bases& bases,
                          const Names& added, Plan& plan) const;
  // Says whether a file of the folder has these bytes.
  Result<bool> Holds(const std::string& name, Bytes list) const;
  // Reads those of all updates under way.
  Result<Journals> ReadJournals() const;

  Result<Settled> SettleLists(const Facts& facts, Outcome outcome) const;
  Result<bool> Stays(const std::string& name, const Facts& facts,
                     Outcome outcome) const;
  Result<void> Remove(const std::string& name) const;
  // Those of the lists that it brought that are of no installed package.
  Result<Names> NotInstalled(const UpdateJournal& journal) const;
  Result<void> LeaveForGood(const std::string& id, const Names& added) const;
  // Takes what is installed off what other updates wait for; returns the rest.
  Result<Names> AwaitedByOthers(const std::string& id) const;
  Result<void> Sync() const;

  std::string folder_;
  UniqueFd fd_;
  UpdateLock lock_;  // last: it needs fd_
};

}  // namespace assayfs
