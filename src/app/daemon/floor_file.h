// SPDX-License-Identifier: Apache-2.0
// FloorFile: floors of packages on disk, with a TPM counter against old copies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "appraise/floors.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// A file of text:
//   # assayfs floors
//   counter N          if a TPM counter vouches that this is the last copy
//   NAME VERSION       for each package, as Floors has it
// One mount at a time has it. With a counter, each writing adds one to it, so
// that a copy from before is recognized. Who can write the file as it is now
// can lower floors all the same.
// Threads: one at a time.
class FloorFile {
 public:
  struct Options {
    std::string path;  // absolute
    // NV index of the TPM, see TpmConnection; nothing for none.
    std::optional<std::uint32_t> counter;
    std::string tcti;
  };
  // Opens and locks the file, which need not exist, and reads it. Makes the
  // counter if there is none.
  // Errors: EBUSY if another mount has it; EBADMSG if it is not of this form;
  // EKEYREJECTED if it is not the copy that was written last, or if there is
  // none, but a counter for it, or if it has a counter that is not named;
  // EFBIG over 16 MiB; those of the folder, the TPM and writing.
  static Result<std::unique_ptr<FloorFile>> Open(Options options);

  // As they are in the file.
  const Floors& floors() const { return floors_; }

  // Writes floors down. Errors: those of ReplaceFileAt and TpmConnection. The
  // file is then as it was, or as it would be.
  Result<void> Keep(const Floors& floors);

 private:
  explicit FloorFile(Options options) : options_(std::move(options)) {}
  Result<void> Lock();
  // Reads the file. Returns the counter that it names, if it names one;
  // ENOENT if there is no file.
  Result<std::optional<std::uint64_t>> Read();
  Result<void> Tie(bool exists, std::optional<std::uint64_t> written);
  Result<void> Write(const Floors& floors, std::optional<std::uint64_t> count);

  Options options_;
  UniqueFd folder_;
  UniqueFd lock_;
  std::string name_;
  Floors floors_;
  std::uint64_t count_ = 0;  // of the counter
};

}  // namespace assayfs
