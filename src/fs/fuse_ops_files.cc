// SPDX-License-Identifier: Apache-2.0
// Requests on open files.
#include <fcntl.h>

#include <optional>

#include "fs/fuse_ops.h"
#include "fs/fuse_patience.h"
#include "fs/verified_read.h"

namespace assayfs {
namespace {

OpenFile* FileOf(fuse_req_t req, const fuse_file_info* handle) {
  return OpenOf<OpenFile>(req, handle);
}

bool OnlyReads(int flags) {
  return (flags & O_ACCMODE) == O_RDONLY && (flags & O_TRUNC) == 0;
}

// Hands file over to the kernel's handle, which send(handle) replies. A request
// that the kernel gave up has no release: then send does not return 0.
template <typename Send>
bool HandOver(Server& server, fuse_file_info handle,
              std::unique_ptr<OpenFile> file, Send send) {
  handle.keep_cache = file->keeps_pages() ? 1 : 0;
  // Closing a handle that wrote nothing has nothing to tell.
  handle.noflush = OnlyReads(handle.flags) ? 1 : 0;
  // The kernel may close the handle before send returns.
  const std::uint32_t backing_id = file->backing_id();
  handle.fh = server.files.Add(std::move(file));
  if (SendWithBacking(backing_id, handle, send) == 0) return true;
  server.files.Take(handle.fh);
  return false;
}

Result<std::unique_ptr<OpenFile>> Open(fuse_req_t req, fuse_ino_t node,
                                       int flags, const GiveUp& give_up) {
  Server& server = ServerOf(req);
  const auto lower = server.table->Get(node);
  if (!lower) return Fail(lower.error());
  auto file = server.opener.Open(*lower, flags, CallerOf(req), give_up);
  if (!file) return file;
  if (OnlyReads(flags)) {
    SettleSize(server, *lower, (*file)->fd());
  } else {
    // From now on they are not relied on.
    TakeAttributesBack(server, node);
  }
  return file;
}

void ReplyOpen(fuse_req_t req, const fuse_file_info& handle,
               Result<std::unique_ptr<OpenFile>> file) {
  if (ReplyIfFailed(req, file, Request::kOpen)) return;
  HandOver(ServerOf(req), handle, std::move(*file),
           [req](const fuse_file_info& opened) {
             return fuse_reply_open(req, &opened);
           });
}

void DoOpen(fuse_req_t req, fuse_ino_t node, fuse_file_info* handle) {
  if (!OnlyReads(handle->flags) && ReplyIfReadOnly(req)) return;
  AnswerPatiently(
      req,
      [req, node, flags = handle->flags](const GiveUp& give_up) {
        return Open(req, node, flags, give_up);
      },
      [req, handle = *handle](Result<std::unique_ptr<OpenFile>> file) {
        ReplyOpen(req, handle, std::move(file));
      });
}

void DoCreate(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode,
              fuse_file_info* handle) {
  if (ReplyIfReadOnly(req)) return;
  Server& server = ServerOf(req);
  const auto folder = server.table->Get(parent);
  if (ReplyIfFailed(req, folder)) return;
  auto created = server.opener.Create(*server.table, *folder, name, mode,
                                      handle->flags, CallerOf(req));
  if (ReplyIfFailed(req, created, Request::kOpen)) return;
  TellName(req, *folder, name);
  const fuse_entry_param entry =
      EntryParam(server, created->entry, server.Watch(*folder));
  const bool taken = HandOver(server, *handle, std::move(created->file),
                              [&](const fuse_file_info& opened) {
                                return fuse_reply_create(req, &entry, &opened);
                              });
  if (!taken) server.table->Forget(entry.ino, 1);
}

void DoRead(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset,
            fuse_file_info* handle) {
  thread_local ByteVector buffer;  // grows to the largest request, 1 MiB
  const OpenFile* const file = FileOf(req, handle);
  if (file == nullptr) return;
  std::optional<OpenFile::Mismatch> mismatch;
  const auto whom = (handle->flags & O_DIRECT) != 0 ? OpenFile::ReadFor::kCaller
                                                    : OpenFile::ReadFor::kCache;
  const auto bytes = file->Read(static_cast<std::uint64_t>(offset), size, whom,
                                buffer, mismatch);
  if (mismatch) {
    ServerOf(req).appraiser.ReportMismatch(file->fd(), mismatch->content_id,
                                           mismatch->offset);
  }
  if (ReplyIfFailed(req, bytes)) return;
  const auto verified = file->verified_bytes();
  const auto ended = verified ? EndedStretch(static_cast<std::uint64_t>(offset),
                                             size, *verified)
                              : std::nullopt;
  // Once that is answered, the handle may be gone.
  const UniqueFd read_from(ended ? ::fcntl(file->fd(), F_DUPFD_CLOEXEC, 0)
                                 : -1);
  fuse_reply_buf(req, reinterpret_cast<const char*>(bytes->data()),
                 bytes->size());
  if (read_from) DropVerified(read_from.get(), *ended);
}

void DoWrite(fuse_req_t req, fuse_ino_t, const char* data, std::size_t size,
             off_t offset, fuse_file_info* handle) {
  // A page of a mapping has its place, whatever the flags of the open.
  const bool append = (handle->flags & O_APPEND) != 0 && handle->writepage == 0;
  OpenFile* const file = FileOf(req, handle);
  if (file == nullptr) return;
  const auto written =
      file->Write(AsBytes({data, size}), static_cast<std::uint64_t>(offset),
                  append ? OpenFile::Place::kAppend : OpenFile::Place::kOffset);
  if (ReplyIfFailed(req, written)) return;
  fuse_reply_write(req, *written);
}

void DoFlush(fuse_req_t req, fuse_ino_t, fuse_file_info* handle) {
  OpenFile* const file = FileOf(req, handle);
  if (file != nullptr) ReplyOutcome(req, file->Flush());
}

void DoRelease(fuse_req_t req, fuse_ino_t, fuse_file_info* handle) {
  ServerOf(req).files.Take(handle->fh);
  fuse_reply_err(req, 0);
}

void DoFsync(fuse_req_t req, fuse_ino_t, int only_data,
             fuse_file_info* handle) {
  const OpenFile* const file = FileOf(req, handle);
  if (file == nullptr) return;
  ReplyOutcome(req, file->Sync(only_data != 0 ? OpenFile::Extent::kData
                                              : OpenFile::Extent::kAll));
}

void DoFallocate(fuse_req_t req, fuse_ino_t, int mode, off_t offset,
                 off_t length, fuse_file_info* handle) {
  OpenFile* const file = FileOf(req, handle);
  if (file != nullptr) {
    ReplyOutcome(req, file->Allocate(mode, offset, length));
  }
}

void DoLseek(fuse_req_t req, fuse_ino_t, off_t offset, int whence,
             fuse_file_info* handle) {
  const OpenFile* const file = FileOf(req, handle);
  if (file == nullptr) return;
  const auto found = file->Seek(offset, whence);
  if (ReplyIfFailed(req, found)) return;
  fuse_reply_lseek(req, *found);
}

void DoCopyFileRange(fuse_req_t req, fuse_ino_t, off_t from_offset,
                     fuse_file_info* from, fuse_ino_t, off_t to_offset,
                     fuse_file_info* to, std::size_t length, int flags) {
  const OpenFile* const source = FileOf(req, from);
  if (source == nullptr) return;
  OpenFile* const target = FileOf(req, to);
  if (target == nullptr) return;
  const auto copied = CopyRange(*source, from_offset, *target, to_offset,
                                length, static_cast<unsigned>(flags));
  if (ReplyIfFailed(req, copied)) return;
  fuse_reply_write(req, *copied);
}

}  // namespace

void AddFileOps(fuse_lowlevel_ops& ops) {
  ops.open = DoOpen;
  ops.create = DoCreate;
  ops.read = DoRead;
  ops.write = DoWrite;
  ops.flush = DoFlush;
  ops.release = DoRelease;
  ops.fsync = DoFsync;
  ops.fallocate = DoFallocate;
  ops.lseek = DoLseek;
  ops.copy_file_range = DoCopyFileRange;
}

}  // namespace assayfs
