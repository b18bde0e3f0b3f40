// SPDX-License-Identifier: Apache-2.0
// Learn: content in recorded uses that no list knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/uses/use_log.h"
#include "appraise/digest_index.h"
#include "base/result.h"
#include "lists/digest_list.h"

namespace assayfs {

// One content of one path.
struct UnknownContent {
  enum class Kind {
    kConfiguration,  // the header of a package says that people change it
    kModified,       // a list gives the path another digest, or gave it then
    kAlien,          // no list names the path
    kWithdrawn,      // revoked, or known by lists only that do not count
  };
  Kind kind = Kind::kAlien;
  std::string path;
  std::vector<Digest> digests;
  std::string package;  // see PackageNaming; may be empty
  // Programs that wrote to the path, and those that used the content.
  std::set<std::string> makers;
  std::set<std::string> users;
  bool was_modified = false;  // the reason that was recorded
  bool taken = false;         // see TakeContents
};

// Returns the words for a kind.
std::string_view KindName(UnknownContent::Kind kind);

struct UnknownContents {
  std::vector<UnknownContent> all;  // by path
  // Content that a list may know by a digest that was not recorded.
  std::size_t undecided = 0;
};

// Finds content that no list knows that counts. Kinds are not told apart yet,
// but for kWithdrawn. Threads: pure function.
UnknownContents FindUnknownContents(const std::vector<LoggedUse>& uses,
                                    const DigestIndex& index);

// Returns the paths under which lists may name contents.
std::set<std::string> SpellingsOf(const UnknownContents& contents);

// Tells the kinds apart. flags: of these paths, see FlagsOf. Threads: pure
// function.
void SetKinds(const DigestIndex& index,
              const std::map<std::string, std::uint32_t>& flags,
              UnknownContents& contents);

// Marks what is to be taken into a list: content whose path one of take
// matches, and none of leave; never what is withdrawn, or has weak digests
// only. Globs must have passed CheckGlob. Threads: pure function.
void TakeContents(const std::vector<std::string>& take,
                  const std::vector<std::string>& leave,
                  UnknownContents& contents);

// Returns the globs of take that took nothing, and those of leave that match
// none of contents: "--take GLOB took nothing". Threads: pure function.
std::vector<std::string> IdleGlobs(const std::vector<std::string>& take,
                                   const std::vector<std::string>& leave,
                                   const UnknownContents& contents);

// Returns what was taken, each path with a digest in SHA-256 or else the
// strongest there is. Threads: pure function.
std::vector<ListedFile> TakenFiles(const UnknownContents& contents);

// Says what is odd about what was taken, one line each: that it is another
// content than that of a package, and that a path has several.
std::vector<std::string> WarningsOf(const UnknownContents& contents);

}  // namespace assayfs
