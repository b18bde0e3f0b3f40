// SPDX-License-Identifier: Apache-2.0
// Requests on attributes and extended attributes.
#include <linux/xattr.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fs/fuse_ops.h"
#include "fs/inode_flags.h"
#include "fs/passthrough_attributes.h"

namespace assayfs {

namespace {

struct stat Shown(const Server& server, const LowerRef& file,
                  const struct stat& info) {
  struct stat shown = server.enforce_at == EnforceAt::kOpen
                          ? AttributesToShow(file, info)
                          : info;
  if (server.names != nullptr && (info.st_mode & (S_ISUID | S_ISGID)) != 0) {
    shown.st_mode &= ~server.names->UnlistedPrivileges(file.fd(), info);
    // A program that has been judged and is about to run must not get more.
    const OpenState* const state = file.known_open_state();
    if (state != nullptr && state->is_executed()) {
      shown.st_mode &= ~mode_t{S_ISUID | S_ISGID} | file.told_privileges();
    }
  }
  return shown;
}

// Says whether a file has stayed as it is for longer than an answer is under
// way. Answers that overtake each other may leave the kernel with the older
// one, though we gave it the newer one as well; of a file that has settled they
// all say the same.
bool HasSettled(const struct stat& info) {
  constexpr time_t kSeconds = 2;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return info.st_ctim.tv_sec + kSeconds < now.tv_sec;
}

}  // namespace

struct stat AttributesToTell(const Server& server, const LowerRef& file,
                             const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return info;
  struct stat now = Shown(server, file, info);
  off_t told = file.told_size();
  const bool is_first = told < 0 && file.Tell(told, now.st_size);
  file.TellPrivileges(now.st_mode);
  if (is_first || told == now.st_size) return now;
  // What was looked at a while ago must not come after what is newer.
  do {
    told = file.told_size();
    const auto again = GetAttributes(file);
    if (again) now = Shown(server, file, *again);
  } while (!file.Tell(told, now.st_size));
  file.TellPrivileges(now.st_mode);
  return now;
}

namespace {

double SecondsToRely(const Server& server, const LowerRef& file,
                     const struct stat& info, const struct stat& told,
                     bool watched) {
  // By another name it could be changed without our hearing of it.
  const bool heard = watched && (S_ISDIR(info.st_mode) || info.st_nlink == 1);
  if (!S_ISREG(info.st_mode)) return NameSeconds(heard);
  const bool differs =
      told.st_size != info.st_size || told.st_mode != info.st_mode;
  if (differs || !HasSettled(info)) return kNever;
  if (server.appraiser.IsGuarded(file.id(), StampOf(info))) {
    return NameSeconds(heard);
  }
  return heard && !server.appraiser.IsWritten(file.id()) ? kHeardOf : kNever;
}

bool IsSame(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

double AttributeSeconds(const Server& server, const LowerRef& file,
                        const struct stat& info, const struct stat& told,
                        bool watched) {
  const double seconds = SecondsToRely(server, file, info, told, watched);
  if (seconds == kNever) return kNever;
  // From here on it is taken back when something changes.
  file.Rely();
  const auto now = GetAttributes(file);
  return now && IsSame(now->st_ctim, info.st_ctim) ? seconds : kNever;
}

void TakeAttributesBack(const Server& server, NodeId node) {
  if (!server.table->StopRelying(node)) return;
  if (server.kernel->ForgetAttributes(node)) return;
  // The answer may be on its way by which the kernel gets to know the node.
  if (const auto file = server.table->Get(node)) file->Rely();
}

void SettleSize(const Server& server, const LowerRef& file, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return;
  const bool is_told =
      HasSettled(info) && file.told_size() == Shown(server, file, info).st_size;
  if (is_told) return;
  file.open_state()->SettleSize([&] {
    server.table->StopRelying(file.node());
    server.kernel->ForgetAttributes(file.node());
  });
}

namespace {

void ReplyAttributes(fuse_req_t req, const LowerRef& file) {
  const Server& server = ServerOf(req);
  const bool is_folder = S_ISDIR(file.type());
  const bool watched =
      is_folder ? server.Watch(file) : server.table->IsInWatchedFolder(file);
  const auto info = GetAttributes(file);
  if (ReplyIfFailed(req, info)) return;
  const struct stat told = AttributesToTell(server, file, *info);
  fuse_reply_attr(req, &told,
                  AttributeSeconds(server, file, *info, told, watched));
}

void DoGetattr(fuse_req_t req, fuse_ino_t node, fuse_file_info*) {
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  ReplyAttributes(req, *file);
}

std::optional<timespec> Time(int set, int flag, int now_flag,
                             const timespec& given) {
  if ((set & now_flag) != 0) return timespec{0, UTIME_NOW};
  if ((set & flag) != 0) return given;
  return std::nullopt;
}

AttributeChange ChangeOf(const struct stat& info, int set) {
  AttributeChange change;
  if ((set & FUSE_SET_ATTR_UID) != 0) change.uid = info.st_uid;
  if ((set & FUSE_SET_ATTR_GID) != 0) change.gid = info.st_gid;
  if ((set & FUSE_SET_ATTR_SIZE) != 0) change.size_bytes = info.st_size;
  if ((set & FUSE_SET_ATTR_MODE) != 0) change.mode = info.st_mode;
  change.accessed =
      Time(set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW, info.st_atim);
  change.modified =
      Time(set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW, info.st_mtim);
  return change;
}

// chown(-1, -1) sets the time of change. The kernel asks in the same way, with
// no attribute, before a write to a file whose set-group-ID bit means nothing.
Result<void> ChangeNoOwner(const LowerRef& file) {
  const auto info = GetAttributes(file);
  if (!info) return Fail(info.error());
  if ((info->st_mode & (S_ISUID | S_ISGID)) != 0) return {};
  AttributeChange none;
  none.uid = static_cast<uid_t>(-1);
  return SetAttributes(file, none, -1);
}

void DoSetattr(fuse_req_t req, fuse_ino_t node, struct stat* info, int set,
               fuse_file_info* handle) {
  if (ReplyIfReadOnly(req)) return;
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  const AttributeChange change = ChangeOf(*info, set);
  int open_fd = -1;
  std::optional<ChangeGuard> guard;
  if (handle != nullptr) {
    OpenFile* const open = OpenOf<OpenFile>(req, handle);
    if (open == nullptr) return;
    open_fd = open->fd();
    if (change.size_bytes) open->AboutToChange();
  } else if (change.size_bytes) {
    auto begun = ServerOf(req).opener.BeginChange(*file);
    if (ReplyIfFailed(req, begun)) return;
    guard = std::move(*begun);
  }
  const auto done =
      set == 0 ? ChangeNoOwner(*file) : SetAttributes(*file, change, open_fd);
  guard.reset();
  if (ReplyIfFailed(req, done)) return;
  TellAttributes(req, *file);
  ReplyAttributes(req, *file);
}

void DoStatfs(fuse_req_t req, fuse_ino_t node) {
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  const auto statistics = GetStatistics(*file);
  if (ReplyIfFailed(req, statistics)) return;
  fuse_reply_statfs(req, &*statistics);
}

// Returns capabilities if they may be shown. Errors: ENODATA if not; those of
// GetCapabilities.
Result<std::string> CapabilitiesToShow(const NameJudge& names,
                                       const LowerRef& file) {
  auto value = GetCapabilities(file);
  if (!value || names.ShowsCapabilities(file.fd(), AsBytes(*value))) {
    return value;
  }
  return Fail(ENODATA, "no list gives them");
}

// Replies with as much as was asked for.
void ReplyXattr(fuse_req_t req, std::string_view value, std::size_t size) {
  if (size == 0) {
    fuse_reply_xattr(req, value.size());
  } else if (size < value.size()) {
    fuse_reply_err(req, ERANGE);
  } else {
    fuse_reply_buf(req, value.data(), value.size());
  }
}

void DoGetxattr(fuse_req_t req, fuse_ino_t node, const char* name,
                std::size_t size) {
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  const NameJudge* const names = ServerOf(req).names;
  if (names != nullptr && std::string_view(name) == kCapabilityXattr) {
    // What is judged must be what is told, so it is read once.
    const auto value = CapabilitiesToShow(*names, *file);
    if (!ReplyIfFailed(req, value)) ReplyXattr(req, *value, size);
    return;
  }
  std::vector<char> value(size);
  const auto length = GetXattr(*file, name, value);
  if (ReplyIfFailed(req, length)) return;
  if (size == 0) {
    fuse_reply_xattr(req, *length);
  } else {
    fuse_reply_buf(req, value.data(), *length);
  }
}

void DoListxattr(fuse_req_t req, fuse_ino_t node, std::size_t size) {
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  const fuse_ctx* context = fuse_req_ctx(req);
  const NameJudge* const judge = ServerOf(req).names;
  std::optional<bool> is_admin;  // found out if it matters
  const auto shows = [&](std::string_view name) {
    // File systems, not the kernel, hide these from others.
    if (name.starts_with(XATTR_TRUSTED_PREFIX)) {
      if (!is_admin) is_admin = context->uid == 0 && HasSysAdmin(context->pid);
      return *is_admin;
    }
    return judge == nullptr || name != kCapabilityXattr ||
           CapabilitiesToShow(*judge, *file).has_value();
  };
  const auto names = ListXattrs(*file, shows);
  if (!ReplyIfFailed(req, names)) ReplyXattr(req, *names, size);
}

// Says whether the caller may keep the set-group-ID bit of a file of group
// gid. Reads /proc of the caller, which is safe here: it waits for no open.
bool KeepsSetgid(fuse_req_t req, gid_t gid) {
  const fuse_ctx* context = fuse_req_ctx(req);
  if (context->uid == 0 || context->gid == gid) return true;
  const int count = fuse_req_getgroups(req, 0, nullptr);
  if (count <= 0) return false;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  const int filled = fuse_req_getgroups(req, count, groups.data());
  if (filled < count)
    groups.resize(static_cast<std::size_t>(std::max(filled, 0)));
  return std::ranges::find(groups, gid) != groups.end();
}

// The kernel leaves it to us to take the set-group-ID bit away when somebody
// outside the group sets an access ACL; the lower file system trusts root.
Result<void> DropSetgid(fuse_req_t req, const LowerRef& file) {
  const auto info = GetAttributes(file);
  if (!info) return Fail(info.error());
  if ((info->st_mode & S_ISGID) == 0 || KeepsSetgid(req, info->st_gid)) {
    return {};
  }
  AttributeChange change;
  change.mode = info->st_mode & ~static_cast<mode_t>(S_ISGID);
  return SetAttributes(file, change, -1);
}

// With an ACL the mode changes, too. The kernel then forgets all attributes by
// itself.
void AboutToChange(const LowerRef& file, std::string_view xattr) {
  if (xattr.starts_with("system.posix_acl_")) file.ChangesAttributes();
}

void DoSetxattr(fuse_req_t req, fuse_ino_t node, const char* name,
                const char* value, std::size_t size, int flags) {
  if (ReplyIfReadOnly(req)) return;
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  AboutToChange(*file, name);
  auto done = SetXattr(*file, name, {value, size}, flags);
  if (done && std::string_view(name) == "system.posix_acl_access") {
    done = DropSetgid(req, *file);
  }
  AboutToChange(*file, name);  // from here on; it may have taken long
  TellAttributes(req, *file);
  ReplyOutcome(req, done);
}

void DoRemovexattr(fuse_req_t req, fuse_ino_t node, const char* name) {
  if (ReplyIfReadOnly(req)) return;
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  AboutToChange(*file, name);
  const auto done = RemoveXattr(*file, name);
  if (ReplyIfFailed(req, done)) return;
  TellAttributes(req, *file);
  fuse_reply_err(req, 0);
}

// Asked by the kernel itself, on a handle that it opened for that, if it opens
// any.
void DoIoctl(fuse_req_t req, fuse_ino_t node, unsigned command, void*,
             fuse_file_info* handle, unsigned flags, const void* given,
             std::size_t given_size, std::size_t wanted_size) {
  const InodeFlagsAccess access = InodeFlagsAccessOf(command);
  if (access == InodeFlagsAccess::kNone) {
    fuse_reply_err(req, ENOTTY);
    return;
  }
  int fd = -1;
  UniqueFd opened;
  const Server& server = ServerOf(req);
  const bool is_folder = (flags & FUSE_IOCTL_DIR) != 0;
  if (is_folder ? !server.opens_folders
                : server.enforce_at == EnforceAt::kRead) {
    auto reopened = ReopenNode(req, node);
    if (ReplyIfFailed(req, reopened)) return;
    opened = std::move(*reopened);
    fd = opened.get();
  } else if (is_folder) {
    const OpenFolder* const folder = OpenOf<OpenFolder>(req, handle);
    if (folder == nullptr) return;
    fd = folder->fd();
  } else {
    const OpenFile* const file = OpenOf<OpenFile>(req, handle);
    if (file == nullptr) return;
    fd = file->fd();
  }
  const bool reads = access == InodeFlagsAccess::kRead;
  if (!reads && ReplyIfReadOnly(req)) return;
  const auto* const bytes = static_cast<const std::byte*>(given);
  ByteVector value(bytes, bytes + given_size);
  if (reads) value.resize(wanted_size);
  if (ReplyIfFailed(req, AccessInodeFlags(fd, command, value))) return;
  fuse_reply_ioctl(req, 0, value.data(), reads ? value.size() : 0);
}

}  // namespace

void AddAttributeOps(fuse_lowlevel_ops& ops) {
  ops.getattr = DoGetattr;
  ops.setattr = DoSetattr;
  ops.ioctl = DoIoctl;
  ops.statfs = DoStatfs;
  ops.getxattr = DoGetxattr;
  ops.listxattr = DoListxattr;
  ops.setxattr = DoSetxattr;
  ops.removexattr = DoRemovexattr;
}

}  // namespace assayfs
