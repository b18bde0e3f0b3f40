// SPDX-License-Identifier: Apache-2.0
// `lists number`, run as users run it.
#include <gtest/gtest.h>

#include <filesystem>

#include "crypto/hasher.h"
#include "lists/tlv.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tool_runner.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::RunTool;
using testing::TempDir;

// A folder with the lists tlv-a, tlv-b and tlv-c, and a log that names tlv-b
// and then tlv-a.
class ListsNumberTest : public ::testing::Test {
 protected:
  ListsNumberTest() {
    std::filesystem::create_directory(dir_ / "lists");
    const auto digest =
        Must(HashBytes(HashAlgorithm::kSha256, AsBytes("abcd")));
    const auto list = WriteTlv({{digest, "/usr/bin/true", {}}});
    for (const char* name : {"lists/tlv-a", "lists/tlv-b", "lists/tlv-c"}) {
      dir_.Write(name, AsText(list));
    }
    for (const char* path :
         {"boot_aggregate", "/l/tlv-b", "/usr/bin/x", "/l/tlv-a"}) {
      records_.push_back(Must(MakeImaNgRecord(12, digest, path)));
    }
  }
  std::string BinaryLog() {
    ByteVector bytes;
    for (const ImaRecord& record : records_) EncodeRecord(record, bytes);
    return dir_.Write("binary", AsText(bytes));
  }
  std::string TextLog() {
    std::string text;
    for (const ImaRecord& record : records_) text += ToAscii(record) + "\n";
    return dir_.Write("text", text);
  }
  bool Has(const std::string& name) {
    return std::filesystem::exists(dir_ / ("lists/" + name));
  }

  TempDir dir_;
  std::vector<ImaRecord> records_;
};

TEST_F(ListsNumberTest, NumbersByALogOfEitherForm) {
  for (const std::string& log : {BinaryLog(), TextLog()}) {
    const auto run = RunTool({"lists", "number", "--log", log, dir_ / "lists"});
    EXPECT_EQ(run.status, kExitYes) << run.err;
    EXPECT_EQ(run.out, "2 lists renamed, 1 unchanged, 1 without a number\n");
    EXPECT_TRUE(Has("0-tlv-b") && Has("1-tlv-a") && Has("tlv-c"));
    // The old names lead to the lists, and each counts once.
    const auto show = RunTool({"lists", "show", "--json", dir_ / "lists"});
    EXPECT_EQ(show.Json()["lists"].size(), 3u);
    EXPECT_EQ(RunTool({"lists", "show", dir_ / "lists/tlv-a"}).status,
              kExitYes);
    const auto undo = RunTool({"lists", "number", "--undo", dir_ / "lists"});
    EXPECT_EQ(undo.status, kExitYes) << undo.err;
    EXPECT_EQ(undo.out, "2 lists renamed, 1 unchanged, 3 without a number\n");
    EXPECT_TRUE(Has("tlv-b") && Has("tlv-a") && !Has("0-tlv-b"));
  }
}

TEST_F(ListsNumberTest, ACollisionIsANo) {
  dir_.Write("lists/7-tlv-a", "x");
  const auto run =
      RunTool({"lists", "number", "--log", TextLog(), dir_ / "lists"});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("nothing was changed"), std::string::npos);
  EXPECT_TRUE(Has("tlv-b"));
}

TEST_F(ListsNumberTest, ABadLogOrFolderFails) {
  for (const std::string& log : {dir_.Write("bad", "10 junk\n"),
                                 dir_.Write("empty", ""), dir_ / "missing"}) {
    const auto run = RunTool({"lists", "number", "--log", log, dir_ / "lists"});
    EXPECT_EQ(run.status, kExitFailed);
    EXPECT_NE(run.err, "");
  }
  EXPECT_EQ(RunTool({"lists", "number", "--undo", dir_ / "missing"}).status,
            kExitFailed);
  EXPECT_TRUE(Has("tlv-b"));
}

TEST_F(ListsNumberTest, TheUsageIsChecked) {
  EXPECT_EQ(RunTool({"lists", "number"}).status, kExitUsage);
  EXPECT_EQ(
      RunTool({"lists", "number", "--undo", "--log", TextLog(), dir_ / "lists"})
          .status,
      kExitUsage);
}

}  // namespace
}  // namespace assayfs
