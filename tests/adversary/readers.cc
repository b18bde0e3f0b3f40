// SPDX-License-Identifier: Apache-2.0
// The oracle.
#include "adversary/readers.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "adversary/attacks.h"
#include "adversary/file.h"

namespace adversary {
namespace {

// What was so before an open, to be compared with what is so after it.
class Before {
 public:
  Before(const Arena& arena, Group& group)
      : arena_(arena),
        group_(group),
        through_(group.changes(Side::kThrough).ended()),
        below_(group.changes(Side::kBelow).ended()),
        phase_(arena.list_phase.now()) {
    for (std::size_t i = 0; i < held_.size(); ++i) {
      held_[i] = group.held(i).word();
    }
  }

  // To be called once the file is open.
  void Opened() { opened_phase_ = arena_.list_phase.now(); }

  // Says whether a writer through the mount has held the inode all the time.
  bool HeldUntilNow(ino_t inode) const {
    for (std::size_t i = 0; i < held_.size(); ++i) {
      const std::uint64_t word = group_.held(i).word();
      if (word == held_[i] && HeldInode::InodeOf(word) == inode) return true;
    }
    return false;
  }

  // Says whether anybody changed files from a side at any time since.
  bool Changed(Side side) const {
    return group_.changes(side).begun() !=
           (side == Side::kThrough ? through_ : below_);
  }

  // Says whether the list that comes and goes was gone during the open.
  bool ListWasGone() const {
    return !arena_.options.read_only && phase_ == opened_phase_ &&
           ListPhase::IsGone(phase_);
  }

 private:
  const Arena& arena_;
  Group& group_;
  std::uint64_t through_;
  std::uint64_t below_;
  std::uint64_t phase_;
  std::uint64_t opened_phase_ = 0;
  std::array<std::uint64_t, Group::kMaxAttackers> held_{};
};

enum class Way { kRead, kMap, kReadTwice };

const char* NameOf(Way way) {
  switch (way) {
    case Way::kRead:
      return "read";
    case Way::kMap:
      return "mapped";
    case Way::kReadTwice:
      return "read twice";
  }
  return "";
}

Way SomeWay(Random& random) { return static_cast<Way>(random.Below(3)); }

// Returns what a file showed, once or twice; nothing if a read failed.
std::vector<std::string> ReadIn(Way way, int fd, off_t size, Random& random) {
  if (way == Way::kMap) {
    const Mapping mapping(fd, static_cast<std::size_t>(size), PROT_READ);
    auto bytes = mapping ? mapping.Load() : std::nullopt;
    if (!bytes) return {};
    return {std::move(*bytes)};
  }
  auto bytes = ReadAll(fd);
  if (!bytes) return {};
  if (way == Way::kRead) return {std::move(*bytes)};
  if (random.OneIn(2)) ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  Pause(random, 3000);
  auto again = ReadAll(fd);
  if (!again) return {};
  return {std::move(*bytes), std::move(*again)};
}

struct Ran {
  int error = 0;    // errno, if the script was not started
  int status = -1;  // its exit status, or -1 if a signal ended it
};

// What a child needs to know to become a script.
struct Start {
  const char* path;
  char* const* arguments;
  int error = 0;
};

// Runs in a child that shares memory and descriptors with its parent, so it
// makes nothing but system calls.
int Become(void* given) {
  Start& start = *static_cast<Start*>(given);
  // A table of its own, into which nothing is copied that others write to: else
  // that would stay open for writing until the program was judged, and rightly
  // be refused meanwhile.
  ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE);
  const long null =
      ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    ::syscall(SYS_dup3, null, fd, 0);
  }
  char* const no_environment[] = {nullptr};
  ::syscall(SYS_execve, start.path, start.arguments, no_environment);
  start.error = errno;
  ::syscall(SYS_exit, 127);
  return 127;
}

// Executes a script with no output.
Ran Execute(const std::string& path) {
  constexpr std::size_t kStackBytes = 64 << 10;
  const auto stack = std::make_unique<std::byte[]>(kStackBytes);
  std::string name = path;
  const std::array<char*, 2> arguments = {name.data(), nullptr};
  Start start{path.c_str(), arguments.data()};
  Ran ran;
  // The stack grows down, from an address that is a multiple of 16.
  const pid_t child =
      ::clone(Become, stack.get() + kStackBytes,
              CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &start);
  ran.error = child < 0 ? errno : start.error;
  if (child < 0) return ran;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (ran.error == 0 && WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  return ran;
}

void CountFailure(Arena& arena, int error) {
  ++(error == EACCES ? arena.counters.denied : arena.counters.other_errors);
}

std::string SomeName(Kind kind, Random& random) {
  const auto& names = Arena::Names();
  while (true) {
    const std::string& name = names[random.Below(names.size())];
    if (Arena::KindOf(name) == kind) return name;
  }
}

// Says whether a reading while files changed below shows nothing but blocks of
// known contents. Where no open is asked for, the length may be that of another
// one: who looks for the size, and then reads, is not protected from what comes
// in between.
bool IsOfKnownBlocks(const Arena& arena, const std::string& bytes) {
  return arena.options.read_only ? arena.contents.IsOfPieces(bytes)
                                 : arena.contents.IsMixed(bytes);
}

}  // namespace

void VisitAttacked(Arena& arena, Group& group, Random& random) {
  const auto& names = Arena::Names();
  const std::string& name = names[random.Below(names.size())];
  const std::string path = arena.Folder(group, Side::kThrough) + name;
  const Way way = SomeWay(random);
  const int direct = random.OneIn(8) ? O_DIRECT : 0;
  Before before(arena, group);
  const Fd fd = OpenAt(path, O_RDONLY | direct);
  if (!fd) return CountFailure(arena, errno);
  before.Opened();
  ++arena.counters.allowed;
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    ++arena.counters.other_errors;
    return;
  }
  if (before.HeldUntilNow(info.st_ino)) {
    arena.FalseAllow(name + " was opened while a writer held it", &group);
  }
  if (random.OneIn(3)) Pause(random, 1000);
  const auto readings = ReadIn(way, fd.get(), info.st_size, random);
  if (readings.empty()) {
    ++arena.counters.read_errors;
    return;
  }
  if (before.Changed(Side::kThrough)) {
    ++arena.counters.excused;
    return;
  }
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const Content* const content = arena.contents.FindKnown(readings[i]);
    if (content == nullptr && before.Changed(Side::kBelow) &&
        IsOfKnownBlocks(arena, readings[i])) {
      // An old holder sees the pages of a newer known content.
      ++arena.counters.mixed;
    } else if (arena.options.read_only && readings[i].empty()) {
      // Nobody asks for anything to read of an empty file.
    } else if (content == nullptr) {
      arena.FalseAllow(
          name + ", " + NameOf(way) + ", showed " +
              arena.contents.Describe(readings[i]) +
              (i == 0 ? ""
                      : ", and before " + arena.contents.Describe(readings[0])),
          &group);
    } else if (content->known == Known::kWhileListed && before.ListWasGone() &&
               i == 0) {
      arena.FalseAllow(
          name + " showed " + content->name + " while its list was gone",
          &group);
    }
  }
}

void RunAttacked(Arena& arena, Group& group, Random& random) {
  const std::string name = SomeName(Kind::kScript, random);
  const Before before(arena, group);
  const Ran ran = Execute(arena.Folder(group, Side::kThrough) + name);
  if (ran.error != 0) return CountFailure(arena, ran.error);
  if (ran.status == kKnownStatus) {
    ++arena.counters.allowed;
  } else if (ran.status != kAlienStatus) {
    // The shell was refused the script, or met an error as it read it.
    ++arena.counters.denied;
  } else if (before.Changed(Side::kThrough)) {
    ++arena.counters.excused;
  } else {
    arena.FalseAllow(name + " ran with alien content", &group);
  }
}

void VisitQuiet(Arena& arena, const std::string& folder, Random& random) {
  const auto& all = arena.contents.all();
  const Content& content = all[random.Below(all.size())];
  if (content.known != Known::kAlways) return;
  const std::string path = folder + content.name;
  if (content.kind == Kind::kScript && random.OneIn(8)) {
    const Ran ran = Execute(path);
    if (ran.error != 0 || ran.status != kKnownStatus) {
      arena.FalseDenial(path + " was not run: error " +
                            std::to_string(ran.error) + ", status " +
                            std::to_string(ran.status),
                        nullptr);
    }
    return;
  }
  const Fd fd = OpenAt(path, O_RDONLY);
  const auto size = static_cast<off_t>(content.bytes.size());
  const auto readings = fd ? ReadIn(SomeWay(random), fd.get(), size, random)
                           : std::vector<std::string>();
  if (readings.empty()) {
    arena.FalseDenial(path + (fd ? " was not read: " : " was not opened: ") +
                          std::strerror(errno),
                      nullptr);
    return;
  }
  ++arena.counters.allowed;
  for (const std::string& bytes : readings) {
    if (bytes == content.bytes) continue;
    arena.FalseAllow(path + " showed " + arena.contents.Describe(bytes),
                     nullptr);
  }
}

}  // namespace adversary
