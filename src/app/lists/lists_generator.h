// SPDX-License-Identifier: Apache-2.0
// ListGenerator: one run of `lists gen`.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/lists/lists_make.h"
#include "assayfs/signature_verifier.h"
#include "base/unique_fd.h"
#include "crypto/digest.h"

namespace assayfs {

// Takes sources one by one and writes lists into a folder as they come. What
// goes wrong with one source is told and does not stop the others.
//
// Threads: one object, one thread.
class ListGenerator {
 public:
  enum class Format { kBySource, kRpm, kTlv };

  struct Options {
    Format format = Format::kBySource;
    HashAlgorithm algorithm = HashAlgorithm::kSha256;
    std::string name;  // of the list of hashed files; empty: the first source's
    std::string root;  // as TreeOptions::root
    // Of a database, only packages whose name (without version) matches one
    // of these shell patterns; none: all.
    std::vector<std::string> packages;
    // Packages that it does not verify get no list; null: nothing is verified.
    std::shared_ptr<const SignatureVerifier> verifier;
    bool allow_weak = false;  // MD5, SHA-1 and SHA-224 too
    // Told what went wrong, or is worth knowing, with what; one line each.
    std::function<void(const std::string& what, const std::string& why)> tell;
    // Told the number of files hashed so far.
    std::function<void(std::size_t)> progress;
  };

  struct Written {
    std::string name;
    bool is_signed = false;
    std::size_t digests = 0;
  };

  // folder: where lists are written; files of the same name are replaced.
  ListGenerator(Options options, UniqueFd folder)
      : options_(std::move(options)), folder_(std::move(folder)) {}

  // source: "rpmdb:ROOT", a package file, a folder or a file. If two packages
  // have one name, the first one gets the list.
  void AddSource(const std::string& source);

  // Hashes the files that a list of paths names, see SplitPaths. Folders, links
  // and special files are left out. path: a file, "-" for the standard input.
  void AddPathList(const std::string& path);

  // Takes digests and paths from a measurement log, see ParseMeasuredFiles.
  // Weak digests are left out unless allowed. path: as for AddPathList.
  void AddMeasurementLog(const std::string& path);

  // Writes the one list of all files that were hashed or measured, each digest
  // of a path once. If any of them could not be, nothing is written.
  void Finish();

  const std::vector<Written>& written() const { return written_; }
  // Packages without a list: not verified, malformed, or of an unsafe name.
  std::size_t refused() const { return refused_; }
  // Something could not be read or written.
  bool failed() const { return failed_; }

 private:
  void AddDatabase(const std::string& source);
  void AddPackageFile(const std::string& path);
  void AddPackageFolder(const std::string& path);
  void AddPackage(const std::string& origin, const SignedHeader& package);
  void AddTree(const std::string& path);
  // The list of files is named after path unless it has a name already.
  void NameAfter(const std::string& path);
  void FilesFailed(const std::string& what, const Error& error);
  void Write(const NewList& list);
  void Failed(const std::string& what, const Error& error);
  void Refused(const std::string& what, const Error& error);

  Options options_;
  UniqueFd folder_;
  std::string files_name_;  // of the list of files_; empty: there is none
  bool files_complete_ = true;
  std::vector<ListedFile> files_;
  std::vector<Written> written_;
  std::set<std::string> names_;  // of the lists written, or tried
  std::size_t refused_ = 0;
  bool failed_ = false;
};

}  // namespace assayfs
