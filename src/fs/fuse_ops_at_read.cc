// SPDX-License-Identifier: Apache-2.0
// Requests where the kernel opens files and folders without asking: there are
// no handles, and each request is on a node.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "fs/fuse_ops.h"
#include "fs/fuse_patience.h"
#include "fs/judged_read.h"
#include "fs/verified_read.h"

namespace assayfs {
namespace {

// No system call of ours fails so.
constexpr int kSizesDiffer = ENOTUNIQ;

// How much of a file is asked for.
struct Wanted {
  std::size_t size;
  std::uint64_t offset;
  bool around_cache;  // for somebody with O_DIRECT
};

// Says whether what the kernel takes for the end of the file is that of the
// content that was read. If not, it would fill up with zeros what we answer
// short, or cut off what goes on. It may still go by what it was told before
// the last time: then it asks for pages that lie behind the end.
bool SizesAgree(const JudgedRead& read, const LowerRef& file,
                const Wanted& wanted) {
  if (!read.file_bytes) return true;
  if (file.told_size() != static_cast<off_t>(*read.file_bytes)) return false;
  return wanted.around_cache ||
         !IsBehindEnd(*read.file_bytes, wanted.offset, wanted.size);
}

void DoRead(fuse_req_t req, fuse_ino_t node, std::size_t size, off_t offset,
            fuse_file_info* open) {
  const Wanted wanted{size, static_cast<std::uint64_t>(offset),
                      (open->flags & O_DIRECT) != 0};
  AnswerPatiently(
      req,
      [req, node, wanted](const GiveUp& give_up) -> Result<JudgedRead> {
        thread_local ByteVector buffer;  // grows to the largest request, 1 MiB
        const auto file = NodeOf(req, node);
        if (!file) return Fail(file.error());
        auto read =
            ReadAndJudge(ServerOf(req).appraiser, *file, fuse_req_ctx(req)->uid,
                         wanted.offset, wanted.size, buffer, give_up);
        if (!read || SizesAgree(*read, *file, wanted)) return read;
        return Fail(kSizesDiffer, "the size that was told is of other content");
      },
      [req, node, wanted](const Result<JudgedRead>& read) {
        Server& server = ServerOf(req);
        if (!read && read.error().code() == kSizesDiffer) {
          // The answer is no until the kernel has asked again. So that it does,
          // what it was told is taken back; after the answer, because then it
          // may wait for this.
          fuse_reply_err(req, EIO);
          TakeAttributesBack(server, node);
          return;
        }
        if (ReplyIfFailed(req, read)) return;
        fuse_reply_buf(req, reinterpret_cast<const char*>(read->bytes.data()),
                       read->bytes.size());
        const auto ended =
            read->file_bytes
                ? EndedStretch(wanted.offset, wanted.size, *read->file_bytes)
                : std::nullopt;
        if (ended) DropVerified(read->fd.get(), *ended);
        if (read->may_stay) return;
        const auto file = server.table->Get(node);
        if (file) server.drop_pages(file->id());
      });
}

void DoLseek(fuse_req_t req, fuse_ino_t node, off_t offset, int whence,
             fuse_file_info*) {
  const auto fd = ReopenNode(req, node);
  if (ReplyIfFailed(req, fd)) return;
  const off_t found = ::lseek(fd->get(), offset, whence);
  if (found < 0) {
    fuse_reply_err(req, errno);
  } else {
    fuse_reply_lseek(req, found);
  }
}

}  // namespace

void SetOpsAtRead(fuse_lowlevel_ops& ops) {
  ops.open = NeverAskAgain;
  ops.flush = NeverAskAgain;
  ops.read = DoRead;
  ops.lseek = DoLseek;
  ops.fsync = SyncNode;
  ops.release = nullptr;
  ops.copy_file_range = nullptr;
}

}  // namespace assayfs
