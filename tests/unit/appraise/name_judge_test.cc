// SPDX-License-Identifier: Apache-2.0
// Links, set-user-ID bits and capabilities, and who gives them.
#include "appraise/name_judge.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/fakes.h"
#include "support/header_builder.h"
#include "support/policies.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
namespace fs = std::filesystem;

class NameJudgeTest : public ::testing::Test {
 protected:
  NameJudgeTest() {
    fs::create_directories(dir_ / "lists");
    fs::create_directories(dir_ / "tree/usr/bin");
    fs::create_symlink("usr/bin", dir_ / "tree/bin");
    root_.Reset(::open((dir_ / "tree").c_str(), O_PATH | O_CLOEXEC));
  }

  // Adds the header of a package that has, in /bin, the link "awk" to "gawk",
  // and the programs "su" and "ping" with their privileges.
  void AddPackage(const std::string& name, std::string_view good = "good") {
    const ByteVector header =
        HeaderBuilder()
            .Package(name, "1", "1", "noarch")
            .File("/bin/awk", "", 0120777)
            .File("/bin/su", DigestOf("su").Hex(), 0104755)
            .File("/bin/ping", DigestOf("ping").Hex())
            .Metadata()
            .Set(TagStrings(1036, {"gawk", "", ""}))
            .Set(TagStrings(5010, {"", "", "cap_net_raw=ep"}))
            .Build();
    dir_.Write("lists/rpm-" + name,
               AsText(AppendSignature(header, SignatureFormat::kPkcs7,
                                      AsBytes(good))));
  }
  void Start(const std::string& policy, Mode mode = Mode::kEnforce,
             std::set<std::string> unbound = {}) {
    names_.reset();
    appraiser_.reset();
    ListStore::Options lists;
    lists.sources = {{.path = dir_ / "lists", .label = {}, .read = {}}};
    lists.rules = {.require_signature = false, .attributes = true};
    lists_ = Must(ListStore::Open(
        std::move(lists), {.verifier = std::make_shared<FakeVerifier>()},
        measurer_));
    Appraiser::Options options;
    options.policy = Parsed(policy);
    options.mode = mode;
    options.root_fd = root_.get();
    options.record = [this](const UseRecord& record) {
      records_.push_back(record);
    };
    appraiser_ =
        Must(Appraiser::Create(std::move(options), *lists_, measurer_));
    names_.emplace(*appraiser_, *lists_, root_.get(), std::move(unbound));
  }
  UniqueFd Open(const std::string& path) {
    return UniqueFd(::open((dir_ / ("tree/" + path)).c_str(),
                           O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }
  void MakeLink(const std::string& path, const std::string& target) {
    fs::create_symlink(target, dir_ / ("tree/" + path));
  }
  static Use AskerOf(uid_t uid) {
    Use asker{.uid = uid};
    asker.number(NumberFact::kUid) = uid;
    return asker;
  }
  bool Permits(const std::string& path, uid_t uid = 0) {
    const std::string target = fs::read_symlink(dir_ / ("tree/" + path));
    return names_->PermitsLink(Open(path).get(), fs::path(path).filename(),
                               target, AskerOf(uid));
  }
  mode_t Unlisted(const std::string& path, mode_t mode, uid_t uid = 0) {
    struct stat info {};
    info.st_mode = mode;
    info.st_uid = uid;
    return names_->UnlistedPrivileges(Open(path).get(), info);
  }
  // VFS_CAP_REVISION_2 with the effective bit; by default CAP_NET_RAW.
  bool ShowsCapabilities(const std::string& path, std::uint8_t which = 0x20) {
    ByteVector value(20);
    value[0] = std::byte{1};
    value[3] = std::byte{2};
    value[5] = std::byte{which};
    return names_->ShowsCapabilities(Open(path).get(), value);
  }

  TempDir dir_;
  UniqueFd root_;
  FakeMeasurer measurer_;
  std::vector<UseRecord> records_;
  std::unique_ptr<ListStore> lists_;
  std::unique_ptr<Appraiser> appraiser_;
  std::optional<NameJudge> names_;
};

TEST_F(NameJudgeTest, ALinkLeadsWhereItsListSays) {
  AddPackage("good");
  MakeLink("usr/bin/awk", "gawk");
  Start("appraise bind=link\n");
  EXPECT_TRUE(names_->judges_links());
  EXPECT_TRUE(Permits("usr/bin/awk"));
  EXPECT_TRUE(records_.empty());
}

TEST_F(NameJudgeTest, ALinkThatLeadsElsewhereIsDeniedAndRecorded) {
  AddPackage("good");
  MakeLink("usr/bin/awk", "mawk");
  Start("appraise bind=link\n");
  EXPECT_FALSE(Permits("usr/bin/awk", 7));
  ASSERT_EQ(records_.size(), 1U);
  EXPECT_EQ(records_[0].path, "/usr/bin/awk");
  EXPECT_EQ(records_[0].use.uid, 7U);
  EXPECT_EQ(records_[0].decision.reason, Reason::kMetadataMismatch);
  EXPECT_EQ(records_[0].rule_text, "appraise bind=link");
  EXPECT_EQ(records_[0].detail, "list rpm-good: leads to mawk instead of gawk");
  EXPECT_FALSE(records_[0].permitted);
  EXPECT_EQ(appraiser_->counters().denied, 1U);
}

TEST_F(NameJudgeTest, ALinkInThePlaceOfAFileIsDenied) {
  AddPackage("good");
  MakeLink("usr/bin/su", "true");
  Start("appraise bind=link\n");
  EXPECT_FALSE(Permits("usr/bin/su"));
  EXPECT_EQ(records_.at(0).detail,
            "list rpm-good: leads to true instead of being a file");
}

TEST_F(NameJudgeTest, LinksThatNoListKnowsArePermitted) {
  AddPackage("good");
  MakeLink("usr/bin/vi", "vim");
  MakeLink("awk", "anything");  // another path with the same name
  Start("appraise bind=link\n");
  EXPECT_TRUE(Permits("usr/bin/vi"));
  EXPECT_TRUE(Permits("awk"));
}

TEST_F(NameJudgeTest, AnyOfSeveralOwnersOfALinkMayAgree) {
  AddPackage("good");
  AddPackage("bad", "forged");  // not to be believed
  MakeLink("usr/bin/awk", "gawk");
  Start("appraise bind=link\n");
  EXPECT_TRUE(Permits("usr/bin/awk"));
}

TEST_F(NameJudgeTest, ListsWithoutAGoodSignatureBindNothing) {
  AddPackage("bad", "forged");
  MakeLink("usr/bin/awk", "mawk");
  Start("appraise bind=link\n");
  EXPECT_TRUE(Permits("usr/bin/awk"));
}

TEST_F(NameJudgeTest, LogModeRecordsAndPermits) {
  AddPackage("good");
  MakeLink("usr/bin/awk", "mawk");
  Start("appraise bind=link\n", Mode::kLog);
  EXPECT_TRUE(Permits("usr/bin/awk"));
  EXPECT_TRUE(records_.at(0).permitted);
}

TEST_F(NameJudgeTest, LinksAreJudgedByTheRuleForReading) {
  AddPackage("good");
  MakeLink("usr/bin/awk", "mawk");
  Start("dont_appraise uid=7\nappraise func=FILE_CHECK bind=link\n");
  EXPECT_TRUE(Permits("usr/bin/awk", 7));
  EXPECT_FALSE(Permits("usr/bin/awk", 8));
  Start("appraise func=BPRM_CHECK bind=link\n");
  EXPECT_TRUE(Permits("usr/bin/awk", 8));
  Start("appraise bind=mode\n");
  EXPECT_FALSE(names_->judges_links());
  EXPECT_TRUE(Permits("usr/bin/awk", 8));
  Start("appraise bind=link\n", Mode::kOff);
  EXPECT_TRUE(Permits("usr/bin/awk", 8));
}

TEST_F(NameJudgeTest, ShowsPrivilegesThatAListGivesToThePath) {
  AddPackage("good");
  dir_.Write("tree/usr/bin/su", "whatever");
  dir_.Write("tree/usr/bin/copy", "su");
  dir_.Write("tree/su", "su");
  fs::create_hard_link(dir_ / "tree/usr/bin/su", dir_ / "tree/link");
  Start("appraise bind=mode\n");
  EXPECT_EQ(Unlisted("usr/bin/su", 0104755), 0U);
  EXPECT_EQ(Unlisted("link", 0104755), 0U) << "one file, one mode";
  EXPECT_EQ(Unlisted("usr/bin/su", 0106755), mode_t{S_ISGID});
  EXPECT_EQ(Unlisted("usr/bin/copy", 0104755), mode_t{S_ISUID});
  EXPECT_EQ(Unlisted("su", 0104755), mode_t{S_ISUID});
  EXPECT_EQ(Unlisted("su", 0100755), 0U);
}

TEST_F(NameJudgeTest, ARelocatedPackageMayGivePrivilegesAnywhere) {
  AddPackage("good");
  dir_.Write("tree/su", "su");
  dir_.Write("tree/ping", "ping");
  Start("appraise bind=mode,caps\n", Mode::kEnforce, {"good"});
  EXPECT_EQ(Unlisted("su", 0104755), 0U);
  EXPECT_TRUE(ShowsCapabilities("ping"));
}

TEST_F(NameJudgeTest, HidesNothingWhereNothingIsBoundOrEnforced) {
  dir_.Write("tree/su", "su");
  Start("appraise bind=link\n");
  EXPECT_EQ(Unlisted("su", 0106755), 0U);
  EXPECT_TRUE(ShowsCapabilities("su"));
  Start("appraise bind=mode,caps\n", Mode::kLog);
  EXPECT_EQ(Unlisted("su", 0106755), 0U);
  EXPECT_TRUE(ShowsCapabilities("su"));
}

TEST_F(NameJudgeTest, ShowsCapabilitiesThatAListGivesToThePath) {
  AddPackage("good");
  AddPackage("bad", "forged");
  for (const char* name : {"usr/bin/ping", "usr/bin/su", "ping"}) {
    dir_.Write("tree/" + std::string(name), "whatever");
  }
  Start("appraise bind=caps\n");
  EXPECT_TRUE(ShowsCapabilities("usr/bin/ping"));
  EXPECT_FALSE(ShowsCapabilities("usr/bin/su"));
  EXPECT_FALSE(ShowsCapabilities("ping"));
  EXPECT_FALSE(ShowsCapabilities("usr/bin/ping", 0x10)) << "others";
  EXPECT_FALSE(ShowsCapabilities("usr/bin/ping", 0x30)) << "more";
  EXPECT_FALSE(names_->ShowsCapabilities(Open("usr/bin/ping").get(), {}));
}

TEST_F(NameJudgeTest, ShowsPrivilegesWithTheOwnerThatIsListed) {
  AddPackage("good");
  dir_.Write("tree/usr/bin/su", "su");
  Start("appraise bind=mode\n");
  EXPECT_EQ(Unlisted("usr/bin/su", 0104755, 7), 0U);
  Start("appraise bind=mode,owner\n");
  EXPECT_EQ(Unlisted("usr/bin/su", 0104755), 0U);
  EXPECT_EQ(Unlisted("usr/bin/su", 0104755, 7), mode_t{S_ISUID});
}

TEST_F(NameJudgeTest, ALinkWithSeveralNamesIsFollowedByOneThatIsListed) {
  AddPackage("good");
  MakeLink("usr/bin/awk", "gawk");
  fs::create_hard_link(dir_ / "tree/usr/bin/awk", dir_ / "tree/other");
  Start("appraise bind=link\n");
  EXPECT_TRUE(Permits("usr/bin/awk"));
  EXPECT_FALSE(Permits("other"));
  EXPECT_EQ(records_.at(0).detail,
            "has several names, and no list gives it this one");
}

TEST_F(NameJudgeTest, OfListsThatAreRefusedNothingIsBelieved) {
  dir_.Write("tree/usr/bin/su", "su");
  dir_.Write(
      "lists/rpm-bare",
      AsText(AppendSignature(HeaderBuilder()
                                 .File("/bin/su", DigestOf("su").Hex(), 0104755)
                                 .Build(),
                             SignatureFormat::kPkcs7, AsBytes("good"))));
  Start("appraise bind=mode\n");
  ASSERT_EQ(lists_->Rejected().size(), 1U);
  EXPECT_THAT(lists_->Rejected()[0].error, ::testing::HasSubstr("RPM header"));
  EXPECT_EQ(Unlisted("usr/bin/su", 0104755), mode_t{S_ISUID});
}

}  // namespace
}  // namespace assayfs
