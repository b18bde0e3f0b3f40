// SPDX-License-Identifier: Apache-2.0
// Reads that are judged one by one.
#include "fs/judged_read.h"

#include <fcntl.h>

#include <utility>

#include "base/reopen.h"
#include "fs/verified_read.h"

namespace assayfs {

Result<JudgedRead> ReadAndJudge(Appraiser& appraiser, const LowerRef& file,
                                uid_t uid, std::uint64_t offset,
                                std::size_t size, ByteVector& buffer,
                                const GiveUp& give_up) {
  // There may be one through another mount of the tree.
  if (appraiser.mode() == Mode::kEnforce && appraiser.Judges({.uid = uid})) {
    auto waited = appraiser.WaitForWriters(file.id(), give_up);
    if (!waited) return Fail(std::move(waited).error());
  }
  auto fd = ReopenUnseen(file.fd());
  if (!fd) return Fail(fd.error());
  const auto answer = appraiser.Judge(fd->get(), {.uid = uid}, give_up);
  if (!answer) return Fail(answer.error());
  if (!answer->permitted) return Fail(EACCES, "denied");
  // What is not judged stays as what changes with the times of the file.
  const bool may_stay =
      answer->decision.verdict == Verdict::kUnjudged || answer->content_id != 0;
  if (!answer->tags) {
    const auto bytes = ReadPlain(fd->get(), offset, size, buffer);
    if (!bytes) return Fail(bytes.error());
    return JudgedRead{*bytes, may_stay, std::nullopt, std::move(*fd)};
  }
  const auto read =
      ReadVerified(fd->get(), *answer->tags, offset, size, buffer);
  if (!read) return Fail(read.error());
  if (!read->mismatch) {
    return JudgedRead{read->bytes, may_stay, answer->tags->file_bytes(),
                      std::move(*fd)};
  }
  appraiser.ReportMismatch(fd->get(), answer->content_id, *read->mismatch);
  return Fail(EIO, "a block is not what was judged");
}

}  // namespace assayfs
