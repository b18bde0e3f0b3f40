// SPDX-License-Identifier: Apache-2.0
#include "app/list_names/list_numbers.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "appraise/list_source.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::ReadText;
using testing::TempDir;

namespace fs = std::filesystem;
using Names = std::vector<std::string>;
using AllNames = std::map<std::string, std::string>;

class ListNumbersTest : public ::testing::Test {
 protected:
  // Makes a list whose content is its name.
  void Make(const std::string& name) { dir_.Write(name, name); }
  void Link(const std::string& name, const std::string& target) {
    fs::create_symlink(target, dir_ / name);
  }
  Result<NumberedLists> Number(const Names& used) {
    return NumberLists(dir_.path(), used);
  }
  Names Lists() { return Must(ListNames(dir_.path())); }
  // Name to what it leads to, or to its content.
  AllNames All() {
    AllNames all;
    for (const auto& entry : fs::directory_iterator(dir_.path())) {
      std::string& what = all[entry.path().filename()];
      if (entry.is_symlink()) {
        what = "-> " + fs::read_symlink(entry).string();
      } else if (entry.is_directory()) {
        what = "folder";
      } else {
        what = ReadText(entry.path());
      }
    }
    return all;
  }

  TempDir dir_;
};

TEST_F(ListNumbersTest, NumbersInTheOrderOfUseAndLeavesLinks) {
  for (const char* name : {"rpm-a", "rpm-b", "tlv-c", "rpm-d"}) Make(name);
  const auto done = Must(Number({"/etc/digest_lists/tlv-c", "/usr/bin/x",
                                 "/l/rpm-a", "/other/tlv-c", "rpm-b"}));
  EXPECT_EQ(done.renamed, 3u);
  EXPECT_EQ(done.kept, 1u);
  EXPECT_EQ(done.unnumbered, 1u);
  EXPECT_EQ(Lists(), (Names{"0-tlv-c", "1-rpm-a", "2-rpm-b", "rpm-d"}));
  EXPECT_EQ(All(), (AllNames{{"0-tlv-c", "tlv-c"},
                             {"1-rpm-a", "rpm-a"},
                             {"2-rpm-b", "rpm-b"},
                             {"rpm-a", "-> 1-rpm-a"},
                             {"rpm-b", "-> 2-rpm-b"},
                             {"rpm-d", "rpm-d"},
                             {"tlv-c", "-> 0-tlv-c"}}));
}

TEST_F(ListNumbersTest, ASecondRunChangesNothing) {
  for (const char* name : {"rpm-a", "rpm-b"}) Make(name);
  Must(Number({"/l/rpm-b", "/l/rpm-a"}));
  const auto before = All();
  // A log from after the numbering names the lists with their numbers.
  const auto done = Must(Number({"/l/0-rpm-b", "/l/1-rpm-a"}));
  EXPECT_EQ(done.renamed, 0u);
  EXPECT_EQ(done.kept, 2u);
  EXPECT_EQ(All(), before);
}

TEST_F(ListNumbersTest, AnotherOrderMovesNumbersAndLinks) {
  for (const char* name : {"rpm-a", "rpm-b", "rpm-c"}) Make(name);
  Must(Number({"rpm-a", "rpm-b", "rpm-c"}));
  Must(Number({"rpm-b", "rpm-a"}));
  EXPECT_EQ(All(), (AllNames{{"0-rpm-b", "rpm-b"},
                             {"1-rpm-a", "rpm-a"},
                             {"rpm-a", "-> 1-rpm-a"},
                             {"rpm-b", "-> 0-rpm-b"},
                             {"rpm-c", "rpm-c"}}));
}

TEST_F(ListNumbersTest, UndoTakesNumbersAndLinksAway) {
  for (const char* name : {"rpm-a", "rpm-b", "7-rpm-z"}) Make(name);
  Must(Number({"rpm-z", "rpm-b", "rpm-a"}));
  const auto done = Must(UnnumberLists(dir_.path()));
  EXPECT_EQ(done.renamed, 3u);
  EXPECT_EQ(done.unnumbered, 3u);
  EXPECT_EQ(
      All(),
      (AllNames{{"rpm-a", "rpm-a"}, {"rpm-b", "rpm-b"}, {"rpm-z", "7-rpm-z"}}));
}

TEST_F(ListNumbersTest, FindsNamesThatALogCannotHold) {
  Make("rpm-a b");
  Must(Number({"/l/rpm-a_b"}));
  EXPECT_EQ(Lists(), (Names{"0-rpm-a b"}));
}

TEST_F(ListNumbersTest, CompletesARunThatWasInterruptedAtAnyStep) {
  const AllNames wanted = {{"0-rpm-a", "rpm-a"}, {"rpm-a", "-> 0-rpm-a"}};
  // Before anything, after the link went, after the list was renamed.
  for (const int step : {0, 1, 2}) {
    for (const auto& [name, content] : All()) fs::remove(dir_ / name);
    dir_.Write(step == 2 ? "0-rpm-a" : "5-rpm-a", "rpm-a");
    if (step == 0) Link("rpm-a", "5-rpm-a");
    EXPECT_EQ(Lists().size(), 1u);
    EXPECT_EQ(Must(Number({"rpm-a"})).renamed, 1u);
    EXPECT_EQ(All(), wanted) << step;
  }
}

TEST_F(ListNumbersTest, TakesOverALinkThatLedNowhere) {
  Make("5-rpm-a");
  Link("rpm-a", "0-rpm-a");
  Must(Number({"rpm-a"}));
  EXPECT_EQ(All(), (AllNames{{"0-rpm-a", "5-rpm-a"}, {"rpm-a", "-> 0-rpm-a"}}));
}

TEST_F(ListNumbersTest, LeavesAloneWhatIsNoList) {
  Make("rpm-a");
  Make("README");
  Make(".rpm-b.new");
  fs::create_directory(dir_ / "rpm-folder");
  Must(Number({"rpm-a", "README", "rpm-folder"}));
  EXPECT_EQ(Lists(), (Names{"0-rpm-a", "README"}));
  EXPECT_TRUE(fs::exists(dir_ / ".rpm-b.new"));
}

TEST_F(ListNumbersTest, RenamesALinkToAListElsewhere) {
  const TempDir pool;
  fs::create_symlink(pool.Write("x", "x"), dir_ / "rpm-a");
  Must(Number({"rpm-a"}));
  EXPECT_EQ(Lists(), (Names{"0-rpm-a"}));
  EXPECT_EQ(ReadText(dir_ / "rpm-a"), "x");
}

// Each of these is found before anything is changed.
class ListNumbersRefusalTest : public ListNumbersTest {
 protected:
  void ExpectRefused(const std::string& why) {
    Make("rpm-other");
    const auto before = All();
    EXPECT_THAT(Number({"rpm-other", "rpm-a"}), FailsSaying(EEXIST, why));
    EXPECT_EQ(All(), before);
  }
};

TEST_F(ListNumbersRefusalTest, TwoListsOfOneName) {
  Make("rpm-a");
  Make("3-rpm-a");
  ExpectRefused("the same name");
}

TEST_F(ListNumbersRefusalTest, AFolderWhereAListIsToBe) {
  Make("rpm-a");
  fs::create_directory(dir_ / "1-rpm-a");
  ExpectRefused("1-rpm-a: in the way");
}

TEST_F(ListNumbersRefusalTest, AFolderWhereALinkIsToBe) {
  Make("4-rpm-a");
  fs::create_directory(dir_ / "rpm-a");
  ExpectRefused("rpm-a: in the way");
}

TEST_F(ListNumbersRefusalTest, ALinkOfAnotherKindWhereALinkIsToBe) {
  Make("4-rpm-a");
  Link("rpm-a", "rpm-other");
  ExpectRefused("rpm-a: in the way");
}

TEST_F(ListNumbersRefusalTest, AnotherLinkThatWouldLeadNowhere) {
  Make("4-rpm-a");
  Link("rpm-b", "4-rpm-a");
  ExpectRefused("rpm-b: a link to 4-rpm-a");
}

TEST_F(ListNumbersTest, RefusesANameThatWouldBeTooLong) {
  Make("rpm-" + std::string(250, 'x'));
  EXPECT_THAT(Number({"rpm-" + std::string(250, 'x')}),
              FailsWith(ENAMETOOLONG));
}

TEST_F(ListNumbersTest, RefusesALogThatNamesNoList) {
  Make("3-rpm-a");
  EXPECT_THAT(Number({"/usr/bin/x"}), FailsSaying(ENOENT, "names no list"));
  EXPECT_EQ(Lists(), (Names{"3-rpm-a"}));
}

TEST_F(ListNumbersTest, NamesAMissingFolder) {
  EXPECT_THAT(NumberLists(dir_ / "missing", {"rpm-a"}),
              FailsSaying(ENOENT, "missing"));
  EXPECT_THAT(UnnumberLists(dir_ / "missing"), FailsWith(ENOENT));
}

}  // namespace
}  // namespace assayfs
