// SPDX-License-Identifier: Apache-2.0
// FuseSession: the connection and its threads.
#include "fs/session.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "fs/fuse_loop.h"
#include "fs/fuse_ops.h"
#include "fs/hear_of.h"
#include "fs/page_dropper.h"

namespace assayfs {
namespace {

// Threads beyond those that are kept, for requests that wait for a hash or
// for the lower file system.
constexpr unsigned kMostThreads = 64;

void Negotiate(void* user_data, fuse_conn_info* connection) {
  Server& server = *static_cast<Server*>(user_data);
  server.passthrough.Negotiate(*connection);
  server.may_watch =
      server.watcher && (connection->capable & FUSE_CAP_EXPIRE_ONLY) != 0;
  if (server.enforce_at == EnforceAt::kRead) {
    connection->want |=
        connection->capable & static_cast<unsigned>(FUSE_CAP_NO_OPEN_SUPPORT);
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_ATOMIC_O_TRUNC);
  }
  if (!server.opens_folders) {
    connection->want |= connection->capable &
                        static_cast<unsigned>(FUSE_CAP_NO_OPENDIR_SUPPORT);
  }
  // Without HANDLE_KILLPRIV the kernel itself takes set-user-ID bits and
  // capabilities away from what is written. Splicing makes reads slower.
  connection->want &=
      ~static_cast<unsigned>(FUSE_CAP_HANDLE_KILLPRIV | FUSE_CAP_SPLICE_READ |
                             FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
  connection->want |=
      connection->capable &
      static_cast<unsigned>(FUSE_CAP_POSIX_ACL | FUSE_CAP_DONT_MASK |
                            FUSE_CAP_PARALLEL_DIROPS);
  // A link that is kept would not be judged again.
  if (server.names == nullptr || !server.names->judges_links()) {
    connection->want |=
        connection->capable & static_cast<unsigned>(FUSE_CAP_CACHE_SYMLINKS);
  }
  connection->max_write = 1U << 20;
}

fuse_lowlevel_ops Operations(const Server& server) {
  fuse_lowlevel_ops ops{};
  ops.init = Negotiate;
  AddNameOps(ops);
  AddAttributeOps(ops);
  AddFileOps(ops);
  AddFolderOps(ops);
  if (!server.opens_folders) SetOpsWithoutFolders(ops);
  if (server.enforce_at == EnforceAt::kRead) SetOpsAtRead(ops);
  return ops;
}

struct SessionDeleter {
  void operator()(fuse_session* session) const {
    fuse_session_destroy(session);
  }
};

unsigned IdleThreads(unsigned wanted) {
  if (wanted != 0) return std::min(wanted, kMostThreads);
  return std::clamp(2 * std::thread::hardware_concurrency(), 8U, 32U);
}

}  // namespace

struct FuseSession::Impl {
  Impl(Appraiser& appraiser, std::unique_ptr<InodeTable> table,
       const Options& options)
      : server(appraiser, std::move(table), options),
        wanted(options.data),
        idle_threads(IdleThreads(options.threads)) {}

  ~Impl() { StopTelling(); }
  // Ends the threads that tell the kernel something. While they do they may
  // have to wait for answers, so requests must still be answered.
  void StopTelling() {
    const std::lock_guard lock(stopping);
    if (server.watcher) server.watcher->Stop();
    if (dropper) dropper->Stop();
  }

  Server server;
  const DataPath wanted;
  unsigned idle_threads;
  std::unique_ptr<fuse_session, SessionDeleter> session;
  std::unique_ptr<FuseLoop> loop;
  std::unique_ptr<PageDropper> dropper;
  std::mutex stopping;
};

FuseSession::FuseSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FuseSession::~FuseSession() = default;

Result<std::unique_ptr<FuseSession>> FuseSession::Create(Options options,
                                                         Appraiser& appraiser) {
  auto table = InodeTable::Create(options.root_fd, options.max_fds);
  if (!table) return Fail(std::move(table).error());
  auto impl = std::make_unique<Impl>(appraiser, std::move(*table), options);
  std::string name = "assayfs";
  std::array<char*, 2> argv = {name.data(), nullptr};
  fuse_args args = FUSE_ARGS_INIT(1, argv.data());
  const fuse_lowlevel_ops ops = Operations(impl->server);
  impl->session.reset(
      fuse_session_new(&args, &ops, sizeof(ops), &impl->server));
  fuse_opt_free_args(&args);  // libfuse puts a copy of its own there
  if (!impl->session) return Fail(EINVAL, "libfuse made no session");
  const std::string device = "/dev/fd/" + std::to_string(options.fuse_fd.get());
  if (fuse_session_mount(impl->session.get(), device.c_str()) != 0) {
    return Fail(EIO, "libfuse did not take " + device);
  }
  // The session closes it from now on.
  [[maybe_unused]] const int taken = options.fuse_fd.Release();
  if (options.data != DataPath::kVerified &&
      options.enforce_at == EnforceAt::kOpen) {
    auto offered = impl->server.passthrough.Offer(impl->session.get());
    if (!offered) return Fail(std::move(offered).error());
  }
  impl->loop =
      std::make_unique<FuseLoop>(impl->session.get(), impl->idle_threads,
                                 kMostThreads, std::move(options.begun));
  std::unique_ptr<FuseSession> session(new FuseSession(std::move(impl)));
  FuseSession::Impl& made = *session->impl_;
  Server& server = made.server;
  server.kernel.emplace(made.session.get());
  try {
    made.dropper = std::make_unique<PageDropper>(
        [self = session.get()](FileId id) { self->InvalidatePages(id); });
  } catch (const std::system_error&) {
    return Fail(EAGAIN, "cannot start a thread");
  }
  server.drop_pages = [&made](FileId id) { made.dropper->Add(id); };
  // Without it the kernel relies on names for a shorter time.
  if (auto watcher = FolderWatcher::Create()) {
    server.watcher = std::move(*watcher);
    auto started =
        server.watcher->Start([&server](const FolderWatcher::Change& change) {
          HearOf(server, change);
        });
    if (!started) return Fail(std::move(started).error());
  }
  return session;
}

Result<void> FuseSession::Run() {
  const int error = impl_->loop->Run();
  impl_->server.slow_lane.Stop();
  // What callers left open is of no use to anybody now.
  impl_->server.files.Clear();
  impl_->server.folders.Clear();
  impl_->server.table->Clear();
  if (error != 0) return Fail(error, "the FUSE connection broke");
  return {};
}

void FuseSession::Stop() {
  impl_->StopTelling();
  impl_->loop->Stop();
}

FuseSession::Data FuseSession::data() const {
  const Server& server = impl_->server;
  Data data;
  if (server.passthrough.available()) data.in_force = impl_->wanted;
  server.files.ForEach([&data](const OpenFile& file) {
    ++(file.backing_id() != 0 ? data.passed : data.through_us);
  });
  return data;
}

bool FuseSession::read_only() const { return impl_->server.read_only; }

void FuseSession::InvalidatePages(FileId id) {
  const auto node = impl_->server.table->Find(id);
  if (node) impl_->server.kernel->Drop(*node);
}

void FuseSession::ForgetAttributes(FileId id) {
  const auto node = impl_->server.table->Find(id);
  if (node) TakeAttributesBack(impl_->server, *node);
}

void FuseSession::ForgetName(FileId folder, const std::string& name) {
  const auto node = impl_->server.table->Find(folder);
  if (!node) return;
  // The name first: with it the kernel takes the folder for changed, but only
  // if it knows the name.
  impl_->server.kernel->ForgetName(*node, name);
  impl_->server.kernel->Drop(*node);
}

void FuseSession::KeepRemoved(FileId id, int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (copy) impl_->server.table->Pin(id, std::move(copy));
}

void FuseSession::DropPagesSoon(FileId id) { impl_->dropper->Add(id); }

void FuseSession::InvalidateAllPages() {
  for (const NodeId node : impl_->server.table->Nodes()) {
    impl_->server.kernel->Drop(node);
  }
}

std::string MountData(int fuse_fd) {
  return "fd=" + std::to_string(fuse_fd) +
         ",rootmode=40000,user_id=" + std::to_string(::geteuid()) +
         ",group_id=" + std::to_string(::getegid()) +
         ",default_permissions,allow_other";
}

}  // namespace assayfs
