// SPDX-License-Identifier: Apache-2.0
// Hints: extended attributes of files that name the digest list to look in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "appraise/digest_index.h"
#include "appraise/list_hint.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace assayfs {

// Knows which list of a folder names a file. Signatures are not verified: a
// hint says where to look, never what to trust.
//
// Threads: safe, as it never changes.
class ListHints {
 public:
  // Told which list cannot be used, and why.
  using Tell = std::function<void(const std::string& list, const Error& why)>;

  // Reads every list of a folder.
  // Errors: ENOENT if there is none that can be used; those of opening and
  // reading the folder, with it as context.
  static Result<ListHints> Load(const std::string& folder, const Tell& tell);

  // The algorithms in which files must be hashed.
  const std::vector<HashAlgorithm>& algorithms() const {
    return index_->algorithms();
  }

  // Returns the file name of the list that names a file with these digests: of
  // several, the first that has the path too, else the first. If none has a
  // digest, the first that has the path. Nothing if none has that either.
  std::optional<std::string> ListOf(const std::vector<Digest>& digests,
                                    std::string_view path) const;

  // Says whether hint names a list that ListOf could have chosen, by its file
  // name or by that of a link to it in the folder.
  bool IsRight(const std::string& hint, const std::vector<Digest>& digests,
               std::string_view path) const;

 private:
  ListHints(std::unique_ptr<const DigestIndex> index,
            std::vector<std::pair<std::string, std::string>> links)
      : index_(std::move(index)), links_(std::move(links)) {}
  std::vector<DigestIndex::Entry> Candidates(const std::vector<Digest>& digests,
                                             std::string_view path) const;

  std::unique_ptr<const DigestIndex> index_;
  std::vector<std::pair<std::string, std::string>> links_;  // sorted
};

// Sets a hint, without a NUL at its end. Errors: those of fsetxattr(2).
Result<void> WriteHint(int fd, const char* attribute, const std::string& hint);

// Removes a hint that is there. Errors: those of fremovexattr(2).
Result<void> RemoveHint(int fd, const char* attribute);

}  // namespace assayfs
