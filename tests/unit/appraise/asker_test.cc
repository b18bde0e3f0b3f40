// SPDX-License-Identifier: Apache-2.0
#include "appraise/asker.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "support/results.h"

namespace assayfs {
namespace {

const std::string kId(64, 'a');

TEST(ContainerOfTest, KnowsTheNamesThatEnginesGive) {
  for (const std::string& group :
       {"/system.slice/docker-" + kId + ".scope", "/docker/" + kId,
        "/machine.slice/libpod-" + kId + ".scope/container",
        "/kubepods.slice/pod1.slice/cri-containerd-" + kId + ".scope",
        "/kubepods.slice/pod1.slice/crio-" + kId + ".scope"}) {
    EXPECT_EQ(ContainerOf(group), kId) << group;
  }
  EXPECT_EQ(ContainerOf("/machine.slice/machine-web.scope/init.scope"), "web");
  EXPECT_EQ(ContainerOf("/lxc.payload.web/system.slice"), "web");
}

TEST(ContainerOfTest, TheInnermostCounts) {
  EXPECT_EQ(ContainerOf("/docker/" + kId + "/docker/" + std::string(64, 'b')),
            std::string(64, 'b'));
}

TEST(ContainerOfTest, OtherGroupsAreOfNoContainer) {
  for (const std::string& group :
       {std::string("/"), std::string(), std::string("/user.slice/a.scope"),
        "/docker-" + kId.substr(1) + ".scope", "/" + kId + "A",
        "/" + kId.substr(1) + "G", std::string("/init.scope")}) {
    EXPECT_EQ(ContainerOf(group), "") << group;
  }
}

Use Described(const Needs& needs, pid_t thread) {
  Use use{.pid = thread};
  DescribeAsker(needs, use);
  return use;
}

TEST(DescribeAskerTest, FindsOnlyWhatIsNeeded) {
  Use use = Described({.ids = true}, ::gettid());
  EXPECT_EQ(use.number(NumberFact::kUid), ::getuid());
  EXPECT_EQ(use.number(NumberFact::kEuid), ::geteuid());
  EXPECT_EQ(use.number(NumberFact::kGid), ::getgid());
  EXPECT_EQ(use.number(NumberFact::kEgid), ::getegid());
  EXPECT_TRUE(use.text(TextFact::kExe).empty());
  EXPECT_TRUE(use.text(TextFact::kContainer).empty());
  use = Described({.exe = true, .container = true}, ::gettid());
  EXPECT_EQ(use.number(NumberFact::kUid), std::nullopt);
  EXPECT_EQ(
      use.text(TextFact::kExe),
      std::vector{std::filesystem::read_symlink("/proc/self/exe").string()});
  EXPECT_EQ(use.text(TextFact::kContainer).size(), 1U);
}

TEST(DescribeAskerTest, TellsRealFromEffectiveIds) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresgid(3, 4, 0) != 0 || ::setresuid(1, 2, 0) != 0) ::_exit(9);
    Use use = Described({.ids = true}, ::getpid());
    const bool right = use.number(NumberFact::kUid) == 1U &&
                       use.number(NumberFact::kEuid) == 2U &&
                       use.number(NumberFact::kGid) == 3U &&
                       use.number(NumberFact::kEgid) == 4U;
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(DescribeAskerTest, KnowsNothingOfWhoIsNotThere) {
  const Needs all{.ids = true, .exe = true, .container = true};
  // Beyond what the kernel gives.
  for (const pid_t thread : {0, 1 << 30}) {
    Use use = Described(all, thread);
    EXPECT_EQ(use.number(NumberFact::kUid), std::nullopt);
    EXPECT_TRUE(use.text(TextFact::kExe).empty());
    EXPECT_TRUE(use.text(TextFact::kContainer).empty());
  }
}

}  // namespace
}  // namespace assayfs
