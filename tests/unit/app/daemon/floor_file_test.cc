// SPDX-License-Identifier: Apache-2.0
#include "app/daemon/floor_file.h"

#include <filesystem>

#include "support/results.h"
#include "support/swtpm.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the helpers of this project
namespace fs = std::filesystem;

constexpr std::uint32_t kCounter = 0x01800042;

Floors Some(const char* text = "foo 2-1\n") {
  return Must(Floors::Parse(text));
}

class FloorFileTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<FloorFile>> Open() {
    return FloorFile::Open({.path = path_, .counter = counter_, .tcti = tcti_});
  }
  std::string Text() const { return ReadText(path_); }

  TempDir dir_;
  std::string path_ = dir_ / "floors";
  std::optional<std::uint32_t> counter_;
  std::string tcti_;
};

TEST_F(FloorFileTest, IsEmptyUntilSomethingIsKept) {
  auto file = Must(Open());
  EXPECT_EQ(file->floors().size(), 0U);
  EXPECT_FALSE(fs::exists(path_));
  Must(file->Keep(Some()));
  EXPECT_EQ(file->floors(), Some());
  EXPECT_EQ(Text(), "# assayfs floors\nfoo 2-1\n");
}

TEST_F(FloorFileTest, GivesBackWhatWasKept) {
  Must(Must(Open())->Keep(Some()));
  EXPECT_EQ(Must(Open())->floors(), Some());
}

TEST_F(FloorFileTest, OneMountAtATimeHasIt) {
  const auto file = Must(Open());
  EXPECT_THAT(Open(), FailsSaying(EBUSY, "another mount"));
}

TEST_F(FloorFileTest, RefusesOtherFiles) {
  for (const char* text : {"", "foo 2-1\n", "# assayfs floors\nfoo\n",
                           "# assayfs floors\ncounter x\n"}) {
    dir_.Write("floors", text);
    EXPECT_THAT(Open(), FailsWith(EBADMSG)) << text;
  }
}

TEST_F(FloorFileTest, RefusesALargeFile) {
  dir_.Write("floors", std::string((std::size_t{16} << 20) + 1, '#'));
  EXPECT_THAT(Open(), FailsWith(EFBIG));
}

TEST_F(FloorFileTest, NeedsItsFolder) {
  path_ = dir_ / "missing/floors";
  EXPECT_THAT(Open(), FailsSaying(ENOENT, "floors " + path_));
}

TEST_F(FloorFileTest, AFileThatIsTiedNeedsItsCounter) {
  dir_.Write("floors", "# assayfs floors\ncounter 7\n");
  EXPECT_THAT(Open(), FailsSaying(EKEYREJECTED, "--floors-counter"));
}

class TiedFloorFileTest : public FloorFileTest {
 protected:
  void SetUp() override {
    if (!Swtpm::Available()) GTEST_SKIP() << "swtpm is not installed";
    swtpm_ = std::make_unique<Swtpm>();
    counter_ = kCounter;
    tcti_ = swtpm_->tcti();
  }
  // The file as it is now, to be put back later.
  void Save() const {
    fs::copy_file(path_, dir_ / "saved", fs::copy_options::overwrite_existing);
  }
  void PutBack() const {
    fs::copy_file(dir_ / "saved", path_, fs::copy_options::overwrite_existing);
  }

  std::unique_ptr<Swtpm> swtpm_;
};

TEST_F(TiedFloorFileTest, MakesTheCounterAndTheFile) {
  Must(Open());
  EXPECT_TRUE(Text().starts_with("# assayfs floors\ncounter "));
  Must(Must(Open())->Keep(Some()));
  EXPECT_EQ(Must(Open())->floors(), Some());
}

TEST_F(TiedFloorFileTest, AnOldCopyIsRefused) {
  Must(Must(Open())->Keep(Some("foo 1-1\n")));
  Save();
  Must(Must(Open())->Keep(Some("foo 2-1\n")));
  PutBack();
  EXPECT_THAT(Open(), FailsSaying(EKEYREJECTED, "not the copy"));
}

TEST_F(TiedFloorFileTest, AFileThatIsGoneIsMissed) {
  Must(Open());
  fs::remove(path_);
  EXPECT_THAT(Open(), FailsSaying(EKEYREJECTED, "there is no such file"));
}

TEST_F(TiedFloorFileTest, AnotherFileIsNoneOfThisCounter) {
  Must(Open());
  dir_.Write("floors", "# assayfs floors\n");
  EXPECT_THAT(Open(), FailsSaying(EKEYREJECTED, "does not name it"));
}

TEST_F(TiedFloorFileTest, AFileOfBeforeCanBeTied) {
  dir_.Write("floors", "# assayfs floors\nfoo 2-1\n");
  EXPECT_EQ(Must(Open())->floors(), Some());
  EXPECT_TRUE(Text().starts_with("# assayfs floors\ncounter "));
  EXPECT_TRUE(Text().ends_with("foo 2-1\n"));
}

TEST_F(TiedFloorFileTest, AStopBetweenFileAndCounterIsMadeGood) {
  Must(Must(Open())->Keep(Some()));
  auto file = Must(Open());
  swtpm_->Hide();
  EXPECT_THAT(file->Keep(Some("foo 3-1\n")), FailsWith(ENODEV));
  file.reset();
  swtpm_->Show();
  EXPECT_EQ(Must(Open())->floors(), Some("foo 3-1\n"));
  Must(Must(Open())->Keep(Some("foo 4-1\n")));
  EXPECT_EQ(Must(Open())->floors(), Some("foo 4-1\n"));
}

TEST_F(TiedFloorFileTest, NeedsTheTpm) {
  swtpm_->Hide();
  EXPECT_THAT(Open(), FailsWith(ENODEV));
}

}  // namespace
}  // namespace assayfs
