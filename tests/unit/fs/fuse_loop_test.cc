// SPDX-License-Identifier: Apache-2.0
// FuseLoop: against a socket that stands in for the kernel's side of FUSE.
#include "fs/fuse_loop.h"

#include <gtest/gtest.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "fs/fuse_ops.h"

namespace assayfs {
namespace {

// Reached only if what is waited for never happens.
constexpr std::chrono::seconds kPatience{60};

// Lookups of kHeld wait here, all others are answered at once.
struct Gate {
  void Enter() {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
    --inside;
    changed.notify_all();
  }
  void AwaitInside(unsigned number) {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(
        changed.wait_for(lock, kPatience, [&] { return inside == number; }));
  }
  void Set(bool now_open) {
    const std::lock_guard lock(mutex);
    open = now_open;
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  unsigned inside = 0;
  bool open = false;
  unsigned needed = 0;  // of the kernel, which is said to have nothing
};

constexpr char kHeld[] = "held";
constexpr char kQuick[] = "quick";

void Init(void* gate, fuse_conn_info* connection) {
  connection->want |= static_cast<Gate*>(gate)->needed;
}

void Lookup(fuse_req_t request, fuse_ino_t, const char* name) {
  if (std::strcmp(name, kHeld) == 0) {
    static_cast<Gate*>(fuse_req_userdata(request))->Enter();
  }
  fuse_reply_err(request, ENOENT);
}

class FuseLoopTest : public ::testing::Test {
 protected:
  static constexpr unsigned kKeep = 2, kMost = 16;

  void SetUp() override {
    int pair[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    kernel_.Reset(pair[0]);
    std::string name = "test";
    std::array<char*, 2> argv = {name.data(), nullptr};
    fuse_args args = FUSE_ARGS_INIT(1, argv.data());
    fuse_lowlevel_ops ops{};
    ops.init = Init;
    ops.lookup = Lookup;
    session_ = fuse_session_new(&args, &ops, sizeof(ops), &gate_);
    fuse_opt_free_args(&args);
    ASSERT_NE(session_, nullptr);
    const std::string device = "/dev/fd/" + std::to_string(pair[1]);
    ASSERT_EQ(fuse_session_mount(session_, device.c_str()), 0);
    loop_ = std::make_unique<FuseLoop>(session_, kKeep, kMost,
                                       [this] { begun_.set_value(); });
    result_ = std::async(std::launch::async, [this] { return loop_->Run(); });
  }

  void Greet() {
    fuse_init_in init{};
    init.major = FUSE_KERNEL_VERSION;
    init.minor = FUSE_KERNEL_MINOR_VERSION;
    Send(FUSE_INIT, &init, sizeof(init));
    AwaitAnswers(1);
  }

  void TearDown() override {
    gate_.Set(true);
    loop_->Stop();
    result_ = {};
    fuse_session_destroy(session_);
  }

  void Send(std::uint32_t opcode, const void* data, std::size_t size) {
    std::string message(sizeof(fuse_in_header) + size, '\0');
    fuse_in_header header{};
    header.len = static_cast<std::uint32_t>(message.size());
    header.opcode = opcode;
    header.unique = next_ += 2;
    header.nodeid = FUSE_ROOT_ID;
    std::memcpy(message.data(), &header, sizeof(header));
    std::memcpy(message.data() + sizeof(header), data, size);
    ASSERT_EQ(::send(kernel_.get(), message.data(), message.size(), 0),
              static_cast<ssize_t>(message.size()));
  }

  void Ask(const char* name) { Send(FUSE_LOOKUP, name, strlen(name) + 1); }

  // Takes answers, which only stop coming if nobody serves any more.
  void AwaitAnswers(unsigned number) {
    std::array<char, 4096> answer{};
    for (unsigned i = 0; i < number; ++i) {
      pollfd wait{.fd = kernel_.get(), .events = POLLIN, .revents = 0};
      const std::chrono::milliseconds patience = kPatience;
      ASSERT_EQ(::poll(&wait, 1, static_cast<int>(patience.count())), 1)
          << i << " of " << number;
      ASSERT_GT(::read(kernel_.get(), answer.data(), answer.size()), 0);
    }
  }

  Gate gate_;
  UniqueFd kernel_;
  fuse_session* session_ = nullptr;
  std::unique_ptr<FuseLoop> loop_;
  std::promise<void> begun_;
  std::future<int> result_;
  std::uint64_t next_ = 0;
};

TEST_F(FuseLoopTest, StartsThreadsWhileOthersAreBusy) {
  Greet();
  for (unsigned i = 0; i < kMost - 1; ++i) Ask(kHeld);
  gate_.AwaitInside(kMost - 1);
  Ask(kQuick);
  AwaitAnswers(1);
}

TEST_F(FuseLoopTest, TellsOnceThatTheFirstRequestWasAnswered) {
  const auto begun = begun_.get_future();
  EXPECT_EQ(begun.wait_for(std::chrono::seconds(0)),
            std::future_status::timeout);
  Greet();
  EXPECT_EQ(begun.wait_for(kPatience), std::future_status::ready);
  Ask(kQuick);
  AwaitAnswers(1);
}

TEST_F(FuseLoopTest, ServesMoreThanItHasThreadsOneAfterTheOther) {
  Greet();
  for (unsigned i = 0; i < 2 * kMost; ++i) Ask(kHeld);
  gate_.AwaitInside(kMost);
  gate_.Set(true);
  AwaitAnswers(2 * kMost);
}

TEST_F(FuseLoopTest, ThreadsThatLeaveAreNotTakenForThoseThatWait) {
  Greet();
  for (unsigned round = 0; round < 500; ++round) {
    gate_.Set(false);
    for (unsigned i = 0; i < kMost; ++i) Ask(kHeld);
    gate_.AwaitInside(kMost);
    ASSERT_FALSE(HasFatalFailure());
    for (unsigned i = 0; i < 2 * kMost; ++i) Ask(kQuick);
    gate_.Set(true);
    AwaitAnswers(3 * kMost);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(result_.wait_for(std::chrono::seconds(0)),
              std::future_status::timeout);
  }
}

TEST_F(FuseLoopTest, StopEndsItWhenWhatWasTakenIsAnswered) {
  Greet();
  Ask(kHeld);
  gate_.AwaitInside(1);
  loop_->Stop();
  EXPECT_EQ(result_.wait_for(std::chrono::milliseconds(0)),
            std::future_status::timeout);
  gate_.Set(true);
  AwaitAnswers(1);
  EXPECT_EQ(result_.get(), 0);
}

TEST_F(FuseLoopTest, AKernelThatCannotDoWhatIsNeededEndsIt) {
  gate_.needed = FUSE_CAP_POSIX_ACL;
  Greet();
  EXPECT_EQ(result_.get(), 0);
}

TEST_F(FuseLoopTest, ABrokenConnectionIsAnError) {
  // One byte is no request.
  ASSERT_EQ(::send(kernel_.get(), "x", 1, 0), 1);
  EXPECT_EQ(result_.get(), EIO);
}

}  // namespace
}  // namespace assayfs
