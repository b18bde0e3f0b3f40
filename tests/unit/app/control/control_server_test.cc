// SPDX-License-Identifier: Apache-2.0
#include "app/control/control_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/control/control_client.h"
#include "app/control/control_socket.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

// Answers with what it was asked.
std::string Echo(const ControlServer::Request& request) {
  return "{\"answer\": " + request.line + "}";
}

TEST(ControlServerTest, AnswersItsOwnUser) {
  const TempDir dir;
  const auto server = Must(ControlServer::Start(dir / "c", Echo));
  EXPECT_EQ(Must(AskDaemon(dir / "c", {{"verb", "x"}}))["verb"], "x");
  EXPECT_EQ(Must(AskDaemon(dir / "c", {{"verb", "y"}}))["verb"], "y");
}

TEST(ControlServerTest, TellsTheUserOfTheClient) {
  const TempDir dir;
  uid_t uid = 12345;
  const auto server = Must(
      ControlServer::Start(dir / "c", [&](const ControlServer::Request& asked) {
        uid = asked.uid;
        return std::string("{\"answer\": 1}");
      }));
  Must(AskDaemon(dir / "c", {{"verb", "x"}}));
  EXPECT_EQ(uid, ::getuid());
}

TEST(ControlServerTest, OnlyTheOwnerMayReachTheSocket) {
  const TempDir dir;
  const auto server = Must(ControlServer::Start(dir / "c", Echo));
  struct stat info {};
  ASSERT_EQ(::stat((dir / "c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST(ControlServerTest, RemovesItsSocketAtTheEnd) {
  const TempDir dir;
  Must(ControlServer::Start(dir / "c", Echo)).reset();
  EXPECT_FALSE(std::filesystem::exists(dir / "c"));
}

TEST(ControlServerTest, ReplacesASocketThatNobodyServes) {
  const TempDir dir;
  {
    const UniqueFd left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = Must(SocketAddress(dir / "c"));
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)),
              0);
  }
  const auto server = Must(ControlServer::Start(dir / "c", Echo));
  EXPECT_TRUE(AskDaemon(dir / "c", {{"verb", "x"}}));
}

TEST(ControlServerTest, RefusesTheSocketOfAnother) {
  const TempDir dir;
  const auto server = Must(ControlServer::Start(dir / "c", Echo));
  EXPECT_THAT(ControlServer::Start(dir / "c", Echo), FailsWith(EADDRINUSE));
}

TEST(ControlServerTest, RefusesAFileInTheWayAndANameThatIsTooLong) {
  const TempDir dir;
  EXPECT_THAT(ControlServer::Start(dir.Write("file", "x"), Echo),
              FailsWith(EEXIST));
  EXPECT_THAT(ControlServer::Start(dir / std::string(200, 'a'), Echo),
              FailsSaying(ENAMETOOLONG, "--control"));
}

TEST(ControlServerTest, DropsAClientThatSendsTooMuch) {
  const TempDir dir;
  const auto server = Must(ControlServer::Start(dir / "c", Echo));
  EXPECT_FALSE(AskDaemon(dir / "c", {{"a", std::string(70000, 'a')}}));
  EXPECT_TRUE(AskDaemon(dir / "c", {{"verb", "x"}}));
}

TEST(ControlClientTest, SaysThatNobodyIsThere) {
  const TempDir dir;
  EXPECT_THAT(AskDaemon(dir / "none", {}), FailsWith(ENOENT));
  EXPECT_THAT(AskMount("/some/where", "", {}),
              FailsSaying(ENOENT, "umount /some/where"));
}

TEST(ControlClientTest, PassesOnTheDaemonsError) {
  const TempDir dir;
  const auto server =
      Must(ControlServer::Start(dir / "c", [](const ControlServer::Request&) {
        return std::string("{\"error\": \"no such file\"}");
      }));
  EXPECT_THAT(AskDaemon(dir / "c", {}), FailsSaying(EREMOTEIO, "no such file"));
}

TEST(ControlClientTest, RefusesAnAnswerThatIsNone) {
  const TempDir dir;
  const auto server =
      Must(ControlServer::Start(dir / "c", [](const ControlServer::Request&) {
        return std::string("hello");
      }));
  EXPECT_THAT(AskDaemon(dir / "c", {}), FailsWith(EPROTO));
}

}  // namespace
}  // namespace assayfs
