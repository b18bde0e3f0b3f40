// SPDX-License-Identifier: Apache-2.0
// One sequence of calls.
#include "sequence.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include "calls.h"
#include "look.h"
#include "user.h"

namespace assayfs::differential {
namespace {

constexpr std::size_t kFirstCalls = 4;

void Check(bool done, const std::string& what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

// Makes the folder that a lane works in, with somebody as its owner.
UniqueFd MakeWork(const std::string& path, Random random) {
  std::filesystem::create_directories(path);
  UniqueFd work(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  Check(bool{work}, path);
  const auto owner = random.From<uid_t>({0, 1000, 65534});
  const auto group = random.From<gid_t>({0, 1000, 2000});
  const auto mode = random.From<mode_t>({0777, 0777, 01777, 02777, 0755});
  Check(::chown(path.c_str(), owner, group) == 0, path);
  Check(::chmod(path.c_str(), mode) == 0, path);
  return work;
}

void RunLane(const SequenceId& id, std::size_t number, const LeftOut& left_out,
             Lane& lane, std::vector<Step>& steps) {
  // The umask becomes this thread's own.
  ::unshare(CLONE_FS);
  Random random{id.seed, id.number, number};
  ::umask(random.From<mode_t>({022, 0, 027}));
  const User& usual = DrawUser(random);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (left_out.contains({number, i})) continue;
    Random own{id.seed, id.number, number, i};
    const User& user = own.OneIn(5) ? DrawUser(own) : usual;
    steps[i].call = UserName(user);
    lane.Begin(own, steps[i]);
    const AsUser as_user(user);
    if (i < kFirstCalls) {
      MakeFirstCall(lane, i);
    } else {
      MakeAnyCall(lane);
    }
  }
}

}  // namespace

Shape ShapeOf(const SequenceId& id, std::size_t threads, std::size_t steps) {
  Random random{id.seed, id.number};
  const std::size_t lanes = random.OneIn(8) ? threads : 1;
  // Short ones are easy to read, long ones find what takes many steps.
  if (steps == 0) {
    steps = 12 + random.Below(9);
    if (random.OneIn(10)) steps *= 4;
  }
  return {lanes, steps};
}

Outcome RunSequence(const SequenceId& id, const Shape& shape,
                    const LeftOut& left_out, const std::string& parent) {
  const std::string folder = parent + "/" + std::to_string(id.number);
  std::filesystem::create_directory(folder);
  std::ofstream(folder + "/shared") << "the same for all\n";
  Outcome outcome;
  outcome.lanes.assign(shape.lanes, std::vector<Step>(shape.steps));
  std::vector<Lane> lanes;
  for (std::size_t i = 0; i < shape.lanes; ++i) {
    UniqueFd memory(::memfd_create("differential", MFD_CLOEXEC));
    Check(bool{memory}, "memfd_create");
    // Two levels: ".." belongs to the lane alone.
    lanes.emplace_back(MakeWork(folder + "/" + std::to_string(i) + "/work",
                                Random{id.seed, id.number, i, 0}),
                       std::move(memory));
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < shape.lanes; ++i) {
    threads.emplace_back(
        [&, i] { RunLane(id, i, left_out, lanes[i], outcome.lanes[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  const bool any_stored = std::ranges::any_of(
      lanes, [](const Lane& lane) { return lane.blocks() == Blocks::kOmit; });
  lanes.clear();
  outcome.tree = LookAtTree(folder, any_stored ? Blocks::kOmit : Blocks::kShow);
  std::filesystem::remove_all(folder);
  return outcome;
}

}  // namespace assayfs::differential
