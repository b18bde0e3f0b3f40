// SPDX-License-Identifier: Apache-2.0
// That nothing is shown while a PIN is typed is in token_sign_test.py.
#include "trust/pkcs11_pin.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;
using testing::TempDir;

class Pkcs11PinTest : public ::testing::Test {
 protected:
  static std::string Read(const std::string& source) {
    return std::string(AsText(Must(ReadPinSource(source)).bytes()));
  }

  TempDir dir_;
};

// Ends the process: 0 if the PIN "1234" came from input, 1 if another one, 2 if
// the error is that there is none.
[[noreturn]] void AskWithoutTerminal(const std::string& input) {
  ::setsid();  // leaves the terminal
  const int fd = ::open(input.c_str(), O_RDONLY | O_CLOEXEC);
  ::dup2(fd, STDIN_FILENO);
  const auto pin = AskForPin("token");
  if (pin) ::_exit(AsText(pin->bytes()) == "1234" ? 0 : 1);
  const bool none = pin.error().code() == EINVAL &&
                    pin.error().message().find("no PIN") != std::string::npos;
  ::_exit(none ? 2 : 3);
}

TEST_F(Pkcs11PinTest, AFileIsNamedByPathOrUri) {
  const std::string path = dir_.Write("pin", "1234");
  EXPECT_EQ(Read(path), "1234");
  EXPECT_EQ(Read("file:" + path), "1234");
  EXPECT_EQ(Read("file://" + path), "1234");
}

TEST_F(Pkcs11PinTest, LineEndsDoNotBelongToThePin) {
  EXPECT_EQ(Read(dir_.Write("pin", "12 34 \r\n\n")), "12 34 ");
}

TEST_F(Pkcs11PinTest, CommandsAreNotRun) {
  EXPECT_THAT(ReadPinSource("|touch " + dir_ / "ran"),
              FailsSaying(EINVAL, "not run"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "ran"));
}

TEST_F(Pkcs11PinTest, NamesAFileWithoutPin) {
  EXPECT_THAT(ReadPinSource(dir_.Write("empty", "\n")),
              FailsSaying(EINVAL, "empty holds no PIN"));
  EXPECT_THAT(ReadPinSource(dir_ / "missing"), FailsSaying(ENOENT, "missing"));
  EXPECT_THAT(ReadPinSource(dir_.Write("large", std::string(4097, '1'))),
              FailsSaying(EFBIG, "large"));
}

TEST_F(Pkcs11PinTest, WithoutTerminalThePinComesFromStandardInput) {
  const std::string input = dir_.Write("input", "1234\n");
  EXPECT_EXIT(AskWithoutTerminal(input), ::testing::ExitedWithCode(0), "");
}

TEST_F(Pkcs11PinTest, NobodyToAskIsAnError) {
  EXPECT_EXIT(AskWithoutTerminal("/dev/null"), ::testing::ExitedWithCode(2),
              "");
  const std::string input = dir_.Write("input", "\n");
  EXPECT_EXIT(AskWithoutTerminal(input), ::testing::ExitedWithCode(2), "");
}

}  // namespace
}  // namespace assayfs
