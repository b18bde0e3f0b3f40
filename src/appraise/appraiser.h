// SPDX-License-Identifier: Apache-2.0
// Appraiser: the heart. Judges uses of files and remembers what it learned.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "appraise/list_store.h"
#include "appraise/stamp.h"
#include "appraise/verdict_cache.h"
#include "crypto/block_tags.h"
#include "crypto/file_hash.h"
#include "crypto/lower_verity.h"
#include "policy/decide.h"

namespace assayfs {

// A use for the record: one that was denied, or would have been in enforce
// mode, or one that is audited.
struct UseRecord {
  std::string path;  // relative to the tree's root, begins with "/"
  Use use;
  Decision decision;
  std::string rule_text;
  std::optional<Digest> digest;
  std::string detail;      // one line, for errors
  bool permitted = false;  // the mode let it go ahead
};

// A use that was asked for, whether or not a rule speaks of it.
struct AskedUse {
  const Use& use;            // all that a policy may ask, as far as it is known
  const Content* content;    // null if it was not read, or could not be
  const Decision& decision;  // without its rules
  mode_t mode = 0;           // st_mode of the file
  std::string path = {};     // as TreePath has it
};

// Judges uses of files of one tree.
//
// Threads: safe. No lock is held while a file is hashed.
class Appraiser {
 public:
  struct Options {
    Policy policy;
    Mode mode = Mode::kEnforce;
    // An O_PATH descriptor of the tree's root; borrowed, must outlive this.
    int root_fd = -1;
    // Packages whose content is never bound to its paths; see BoundTree.
    std::set<std::string> unbound;
    // Where records go. Called on the thread that judges: it must not block.
    std::function<void(const UseRecord&)> record;
    // Told of each use, but those that only Explain is asked about. Then every
    // file that is read is hashed, and Judges is true of all that read. On the
    // thread that judges: it must not block. May be null.
    std::function<void(const AskedUse&)> asked;
    // Called when the content of a file that was judged is about to change, or
    // may have, below the mount: pages of it that the kernel keeps are stale.
    // Called on the lease thread, never on a thread that judges; may block.
    std::function<void(FileId)> content_changed;
    // Told of a file of which IsGuarded said yes and will not do so any more,
    // unless content_changed is. On any thread, also one that judges: it must
    // not block. May be null.
    std::function<void(FileId)> unguarded;
    // Told of every file whose remembered content is no more, or is no content
    // that the lists permit to be read any more: pages that the kernel keeps of
    // it must go. Not of what content_changed is told of, and not for
    // BeginWrite or SetPolicy. On any thread, also one that judges: it must not
    // block. May be null.
    std::function<void(FileId)> content_fell;
    // Told of files that are remembered and whose content was withdrawn, once
    // when that is noticed. On the thread that loads lists. May be null.
    std::function<void(const std::vector<FileId>&)> withdrawn;
    // Asks the kernel what it holds a file to.
    std::function<std::optional<VerityFile>(int fd, Pages)> ask_below =
        AskVerity;
    // Largest number of lower files held open for leases.
    std::size_t max_leases = 1024;
  };

  // lists and measurer: borrowed, must outlive this. Listens to lists. measurer
  // is for files that a measure rule asks for, on a thread of its own. Errors:
  // those of LeaseKeeper::Start.
  static Result<std::unique_ptr<Appraiser>> Create(Options options,
                                                   ListStore& lists,
                                                   Measurer& measurer);
  ~Appraiser();

  struct Answer {
    bool permitted = false;  // what the open should answer; false means EACCES
    Decision decision;
    // With these the bytes handed out later must be checked; null where the
    // file is not judged or the mode does not enforce.
    std::shared_ptr<const BlockTags> tags;
    // Grows whenever content was hashed anew. Pages that the kernel kept
    // from an open with the same non-zero number are still good.
    std::uint64_t content_id = 0;
    // The st_mode that was judged, where a rule binds it.
    std::optional<mode_t> mode = {};
  };

  // Judges one use of the file behind fd, which must be open for reading
  // (O_RDONLY) and is borrowed. May hash the file. give_up: asked before every
  // step that may take long, so that one that says yes at once gets an answer
  // only if it is there already.
  // Errors: EINTR if told to give up. Everything else, also "could not
  // decide", is an Answer.
  Result<Answer> Judge(int fd, const Use& use, const GiveUp& give_up = {});

  // Says whether a use could be judged at all, without looking at a file:
  // false means that Judge would answer "unjudged" for every regular file, and
  // that nobody wants to be told of it.
  bool Judges(const Use& use) const;

  // Tells of a use of the file behind fd that nobody judged because no rule
  // speaks of it, and that sees no content. fd: O_PATH will do; borrowed.
  void NoteUnjudged(int fd, const Use& use);

  // Which opens for reading get tags to check what is read against.
  Extent checks() const;

  // Says whether the content that id has under this stamp is remembered, and
  // content_changed or unguarded will be called before anybody can change it.
  // content_id: if not 0, it must be that very content.
  bool IsGuarded(FileId id, const Stamp& stamp,
                 std::uint64_t content_id = 0) const;

  // Says whether somebody writes to a file through a mount.
  bool IsWritten(FileId id) const;

  // Waits until nobody has the file open for writing through a mount, but not
  // long: for the end of a writer that has just closed it.
  // Errors: EINTR if told to give up.
  Result<void> WaitForWriters(FileId id, const GiveUp& give_up) const;

  // Tells that content is about to change through the mount: drops what is
  // remembered and gives up our own lease, so call it before the lower system
  // call. While the guard lives nothing is remembered about the file, and
  // judging it answers writer-active. Use one for each handle open for
  // writing, and one around truncate and the like.
  [[nodiscard]] WriterGuard BeginWrite(FileId id);

  // Lets go of a file that the kernel has forgotten, if it was removed: nothing
  // may keep its room on the disk. Closing it may take long.
  void Release(FileId id);

  // A block of the file behind fd did not match its tag: records it, and
  // forgets the file unless it has been judged anew since the answer with
  // content_id.
  void ReportMismatch(int fd, std::uint64_t content_id, std::uint64_t offset);

  // Counts and records what was denied elsewhere.
  void ReportDenied(const UseRecord& record);

  // Everything that led to a verdict, for `why`.
  struct Explanation {
    Answer answer;
    Use use;      // with what was found out of it
    Needs needs;  // what the policy asks of uses
    std::string path;
    std::optional<Digest> digest;
    std::string rule_text;
    std::string rule_file;  // the name of the policy that it is in
    unsigned rule_line = 0;
    struct ListHit {
      std::string name;
      ListFormat format = ListFormat::kRpm;
      std::string package;
      std::string sha256;  // of the whole list file
      Signer signer;
      bool verified = false;
      bool measured = false;
      std::string withdrawn = {};  // why it does not count; empty if it does
    };
    std::vector<ListHit> lists;  // lists that hold the digest
    struct Expectation {
      std::string list;
      std::string package;
      Digest digest;
    };
    std::vector<Expectation> expected;  // what lists say of this path
    bool cached = false;
    std::uint64_t epoch = 0;
    std::string detail;
  };
  Result<Explanation> Explain(int fd, const Use& use);

  // Replaces the policy for all uses judged from now on.
  void SetPolicy(Policy policy);
  std::shared_ptr<const Policy> policy() const;
  Mode mode() const;

  struct Counters {
    std::uint64_t cached = 0;  // files remembered now
    std::uint64_t allowed = 0;
    std::uint64_t denied = 0;  // including those that the mode let pass
    std::uint64_t hashed_files = 0;
    std::uint64_t hashed_bytes = 0;
    std::uint64_t unmeasured = 0;  // files that a rule measures, but were not
  };
  Counters counters() const;

 private:
  struct Impl;
  explicit Appraiser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace assayfs
