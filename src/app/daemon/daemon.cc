// SPDX-License-Identifier: Apache-2.0
// The daemon: one process that serves one mount.
#include "app/daemon/daemon.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "app/control/control_handler.h"
#include "app/control/control_link.h"
#include "app/control/control_server.h"
#include "app/daemon/folder_offsets.h"
#include "app/daemon/judging.h"
#include "app/daemon/outer_mount.h"
#include "app/daemon/record_writer.h"
#include "app/daemon/running_users.h"
#include "app/daemon/sessions.h"
#include "app/daemon/stop_signals.h"
#include "app/daemon/updates.h"
#include "app/daemon/use_recorder.h"
#include "app/report.h"
#include "app/uses/record_text.h"
#include "appraise/lease_keeper.h"
#include "base/bytes.h"
#include "base/guarded.h"
#include "fs/session.h"

namespace assayfs {
namespace {

void WriteRecord(RecordsTo to, const std::string& text) {
  if (to == RecordsTo::kSyslog) {
    ::syslog(LOG_AUTHPRIV | LOG_WARNING, "%s", text.c_str());
    return;
  }
  WriteToStderr("assayfs: " + text + "\n");
}

// The kernel may ask us to write pages of this very mount in order to find
// memory: while we wait for memory, it must not wait for that. For this thread
// and those it starts; no harm where it is not allowed.
void NeverWaitForOwnPages() { ::prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0); }

Result<UniqueFd> OpenFuse() {
  UniqueFd fd(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (fd) return fd;
  Error error = Error::FromErrno("/dev/fuse");
  const char* const hint =
      error.code() == ENOENT || error.code() == ENODEV
          ? "; load the kernel module with `modprobe fuse`, or give the "
            "container this device"
          : "; it must be open to this user";
  return Fail(error.code(), error.message() + hint);
}

// How many descriptors may be spent on what only makes things faster.
struct DescriptorBudget {
  std::size_t leases = 0;
  std::size_t inodes = 1;
};

// Raises the limit of descriptors as far as it goes. A quarter of them each is
// for leases and for inodes, and not more than programs in use together need;
// the rest is for files that are open.
DescriptorBudget RaiseDescriptorLimit() {
  constexpr rlim_t kMost = 4096;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const rlim_t quarter = std::min(limit.rlim_cur / 4, kMost);
  return {.leases = quarter, .inodes = std::max<rlim_t>(quarter, 1)};
}

// A tree that cannot be written to gets a read-only mount: then the kernel
// itself refuses changes, with the errors that it gives for the tree.
unsigned long FlagsOf(const MountSettings& settings) {
  struct statvfs lower {};
  const bool read_only = ::statvfs(settings.lower.c_str(), &lower) == 0 &&
                         (lower.f_flag & ST_RDONLY) != 0;
  return read_only ? settings.flags | MS_RDONLY : settings.flags;
}

Result<OuterMount> PrepareMount(const MountSettings& settings,
                                unsigned long flags, int fuse_fd) {
  return OuterMount::Prepare({.source = settings.lower,
                              .mount_point = settings.mount_point,
                              .flags = flags,
                              .data = MountData(fuse_fd),
                              .fuse_fd = fuse_fd},
                             settings.lower);
}

Result<std::unique_ptr<ControlServer>> StartControl(
    const MountSettings& settings, ControlHandler& handler) {
  if (settings.control_path.empty()) return nullptr;
  return ControlServer::Start(settings.control_path,
                              [&handler](ControlServer::Request request) {
                                return handler.Answer(std::move(request));
                              });
}

// Lets the kernel read ahead as much as fits into one request. To be called
// once the session has begun, which can only lower what the kernel starts with,
// 128 KiB. Not allowed without root.
void ReadFurtherAhead(const std::string& device) {
  constexpr std::string_view kKib = "1024";
  const std::string path = "/sys/class/bdi/" + device + "/read_ahead_kb";
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const ssize_t written =
      ::write(fd.get(), kKib.data(), kKib.size());
}

// Records who uses files whose content was withdrawn: nothing stops a program
// that runs.
void RecordUsers(const std::string& device, const std::vector<FileId>& files,
                 RecordWriter& records) {
  std::set<ino_t> inodes;
  for (const FileId& file : files) inodes.insert(file.inode);
  for (const RunningUser& user : FindRunningUsers(device, inodes)) {
    records.Add("withdrawn, but in use by process " + std::to_string(user.pid) +
                " (" + Printable(user.command) +
                "): " + Printable(user.path, Spaces::kEscape));
  }
}

// Null if nothing is to be recorded. records: borrowed.
Result<std::unique_ptr<UseRecorder>> OpenRecorder(const MountSettings& settings,
                                                  RecordWriter& records) {
  if (settings.record.empty()) return nullptr;
  return UseRecorder::Open(
      {.path = settings.record,
       .tell = [&records](const std::string& text) { records.Add(text); }});
}

// What the appraiser is to tell recorder, which may be null.
std::function<void(const AskedUse&)> TellTo(UseRecorder* recorder) {
  if (recorder == nullptr) return nullptr;
  return [recorder](const AskedUse& asked) { recorder->Add(asked); };
}

// Serves a session whose every other part is ready.
Result<void> MountAndRun(OuterMount& mount, FuseSession& session,
                         Sessions& sessions, const DaemonEvents& events) {
  std::atomic<bool> stopping = false;
  auto stop = [&] {
    stopping = true;
    if (events.stopping) events.stopping();
    sessions.End();
    if (auto done = mount.Unmount(); !done) {
      ReportFailure("umount", done.error());
    }
    session.Stop();
  };
  if (auto mounted = mount.Mount(); !mounted) return mounted;
  const auto signals = StopSignals::Start(stop);
  if (!signals) {
    stop();
    return Fail(signals.error());
  }
  events.ready();
  if (auto served = session.Run(); !served || stopping) return served;
  return mount.CheckGone();
}

}  // namespace

Result<void> ServeMount(const MountSettings& settings, RecordsTo records_to,
                        const DaemonEvents& events) {
  BlockLeaseSignals();
  BlockStopSignals();
  NeverWaitForOwnPages();
  auto fuse_fd = OpenFuse();
  if (!fuse_fd) return Fail(fuse_fd.error());
  const unsigned long flags = FlagsOf(settings);
  const bool read_only = (flags & MS_RDONLY) != 0;
  auto mount = PrepareMount(settings, flags, fuse_fd->get());
  if (!mount) return Fail(mount.error());
  // Opened here, not before: in this namespace nothing covers the tree.
  const UniqueFd root(
      ::open(settings.lower.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return Fail(Error::FromErrno(settings.lower));

  RecordWriter records(
      [records_to](const std::string& text) { WriteRecord(records_to, text); });
  const auto recorder = OpenRecorder(settings, records);
  if (!recorder) return Fail(recorder.error());
  Sessions sessions;
  Guarded<std::string> device;  // of the mount, once it is there
  const DescriptorBudget budget = RaiseDescriptorLimit();
  auto judging = Judging::Create(
      settings, root.get(),
      read_only ? MountAccess::kReadOnly : MountAccess::kWritable,
      {.max_leases = budget.leases,
       .record =
           [&](const UseRecord& record) {
             records.Add(RecordText(record, settings.mount_point));
           },
       .asked = TellTo(recorder->get()),
       .content_changed =
           [&sessions](FileId id) {
             sessions.ForEach(
                 [id](FuseSession& session) { session.InvalidatePages(id); });
           },
       .unguarded =
           [&sessions](FileId id) {
             sessions.ForEach(
                 [id](FuseSession& session) { session.ForgetAttributes(id); });
           },
       .withdrawn =
           [&](const std::vector<FileId>& files) {
             RecordUsers(device.With([](const auto& name) { return name; }),
                         files, records);
           },
       .content_fell =
           [&sessions](FileId id) {
             sessions.ForEach(
                 [id](FuseSession& session) { session.DropPagesSoon(id); });
           },
       .policy_changed =
           [&sessions] {
             sessions.ForEach(
                 [](FuseSession& session) { session.InvalidateAllPages(); });
           }});
  if (!judging) return Fail(judging.error());
  for (const std::string& problem : (*judging)->Problems()) {
    ReportFailure("warning", problem);
  }

  const auto mounts = ReadOwnMountTable();
  const bool offsets_last = mounts && OffsetsLast(*mounts, settings.lower);
  auto created = FuseSession::Create(
      {.fuse_fd = std::move(*fuse_fd),
       .root_fd = root.get(),
       .read_only = read_only,
       .enforce_at = (*judging)->enforcement_point().at,
       .data = settings.data,
       .names = (*judging)->names(),
       .offsets_last = offsets_last,
       .max_fds = budget.inodes,
       .begun =
           [&] {
             ReadFurtherAhead(mount->device());
             device.With([&](std::string& name) { name = mount->device(); });
           }},
      (*judging)->appraiser());
  if (!created) return Fail(created.error());
  const std::shared_ptr<FuseSession> session(std::move(*created));
  sessions.Add(sessions.Reserve(), session);

  Updates updates(
      sessions, (*judging)->appraiser(),
      {.root_fd = root.get(),
       .data = settings.data,
       .names = (*judging)->names(),
       .offsets_last = offsets_last,
       .report = [&records](const std::string& text) { records.Add(text); }});
  ControlHandler handler(**judging, *session, updates,
                         {.records = records, .uses = recorder->get()},
                         root.get());
  auto control = StartControl(settings, handler);
  if (!control) return Fail(control.error());
  const ControlLink link(settings.control_link, settings.control_path);
  auto served = MountAndRun(*mount, *session, sessions, events);
  sessions.End();
  return served;
}

}  // namespace assayfs
