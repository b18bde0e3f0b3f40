// SPDX-License-Identifier: Apache-2.0
// `lists gen`, run as users run it.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/header_builder.h"
#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::BuildPackage;
using testing::HeaderBuilder;
using testing::ReadText;
using testing::RealData;
using testing::RunTool;
using testing::Shell;
using testing::TempDir;

std::size_t FilesIn(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder),
                    std::filesystem::directory_iterator()));
}

TEST(ListsGenTest, AFolderBecomesOneTlvList) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "tree/usr");
  dir.Write("tree/usr/a", "abcd");
  dir.Write("tree/usr/b", "1");
  const auto run = RunTool({"lists", "gen", "-o", dir / "out", "--name", "site",
                            "--root", dir / "tree", dir / "tree"});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.out, "1 written, 1 unsigned, 0 refused, 2 digests\n");
  EXPECT_NE(run.err.find("tlv-site: written without a signature"),
            std::string::npos);
  const auto show = RunTool({"lists", "show", dir / "out/tlv-site"});
  // Origin: `printf abcd | sha256sum`, `printf 1 | sha256sum`.
  EXPECT_EQ(show.out,
            "sha256:88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f"
            "031589 /usr/a\n"
            "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7"
            "875b4b /usr/b\n");
}

TEST(ListsGenTest, SeveralFilesShareOneListNamedAfterTheFirst) {
  const TempDir dir;
  const auto one = dir.Write("one", "1");
  const auto two = dir.Write("two", "2");
  const auto run = RunTool(
      {"lists", "gen", "--algorithm", "sha512", "-o", dir / "out", one, two});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(FilesIn(dir / "out"), 1u);
  const auto show = RunTool({"lists", "show", "--json", dir / "out/tlv-one"});
  EXPECT_EQ(show.Json()["lists"][0]["files"].size(), 2u);
  EXPECT_EQ(show.Json()["lists"][0]["files"][0]["algorithm"], "sha512");
}

TEST(ListsGenTest, NothingIsWrittenIfAFileCannotBeHashed) {
  const TempDir dir;
  const auto run = RunTool({"lists", "gen", "-o", dir / "out", "--name", "x",
                            dir.Write("a", "1"), dir / "missing"});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_EQ(FilesIn(dir / "out"), 0u);
}

TEST(ListsGenTest, WeakAlgorithmsAreNoChoice) {
  const TempDir dir;
  EXPECT_EQ(RunTool({"lists", "gen", "--algorithm", "sha1", dir.Write("a", "")})
                .status,
            kExitUsage);
}

TEST(ListsGenTest, AHostilePackageWritesNothingAnywhere) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "out");
  const auto header =
      HeaderBuilder().Package("x/../../escaped", "1", "1", "noarch").Build();
  const auto package = dir.Write("evil.rpm", AsText(BuildPackage(header, {})));
  const auto run = RunTool({"lists", "gen", "-o", dir / "out", package});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_NE(run.err.find("refused"), std::string::npos);
  EXPECT_EQ(FilesIn(dir / "out"), 0u);
  EXPECT_EQ(FilesIn(dir.path()), 2u);
}

TEST(ListsGenTest, AnUnsafeNameIsRefused) {
  const TempDir dir;
  const auto run = RunTool({"lists", "gen", "-o", dir / "out", "--name", "../x",
                            dir.Write("a", "1")});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_EQ(FilesIn(dir / "out"), 0u);
}

TEST(ListsGenTest, FormatRpmTakesPackagesOnly) {
  const TempDir dir;
  const auto run = RunTool({"lists", "gen", "--format", "rpm", "-o",
                            dir / "out", dir.Write("a", "1")});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_NE(run.err.find("not an RPM package"), std::string::npos);
}

TEST(ListsGenTest, AMissingDatabaseFails) {
  const TempDir dir;
  const auto run = RunTool(
      {"lists", "gen", "-o", dir / "out", "rpmdb:" + dir.path().string()});
  EXPECT_EQ(run.status, kExitFailed);
}

class RealListsGenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealData().empty()) GTEST_SKIP() << "no real packages";
  }
  TempDir dir_;
};

TEST_F(RealListsGenTest, PackagesBecomeListsThatVerify) {
  const auto gen =
      RunTool({"lists", "gen", "--json", "--format", "rpm", "--keys",
               RealData() / "keys/good", "-o", dir_ / "out",
               RealData() / "rpms/unsigned", RealData() / "rpms/nokey",
               RealData() / "rpms/good/"
                            "fedora-release-identity-workstation-38-34."
                            "noarch.rpm"});
  EXPECT_EQ(gen.status, kExitNo);
  const auto json = gen.Json();
  EXPECT_EQ(json["written"], 1);
  EXPECT_EQ(json["unsigned"], 0);
  EXPECT_EQ(json["refused"], 6);
  ASSERT_EQ(FilesIn(dir_ / "out"), 1u);
  const auto check = RunTool({"lists", "check", "-q", "--keys",
                              RealData() / "keys/good", dir_ / "out"});
  EXPECT_EQ(check.status, kExitYes) << check.out;
}

TEST_F(RealListsGenTest, UnsignedPackagesAreWrittenAndCounted) {
  const auto gen =
      RunTool({"lists", "gen", "-o", dir_ / "out",
               RealData() / "rpms/unsigned/hello-2.0-1.x86_64.rpm"});
  EXPECT_EQ(gen.status, kExitYes);
  EXPECT_TRUE(gen.out.starts_with("1 written, 1 unsigned, 0 refused, "));
  EXPECT_NE(gen.err.find("without a signature"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "out/rpm-hello-2.0-1.x86_64"));
}

TEST_F(RealListsGenTest, OfPackagesWithOneNameTheFirstGetsTheList) {
  const auto gen =
      RunTool({"lists", "gen", "-o", dir_ / "out",
               RealData() / "rpms/good/hello-2.0-1.x86_64-signed.rpm",
               RealData() / "rpms/unsigned/hello-2.0-1.x86_64.rpm"});
  EXPECT_EQ(gen.status, kExitYes) << gen.err;
  EXPECT_TRUE(gen.out.starts_with("1 written, 0 unsigned, ")) << gen.out;
  EXPECT_NE(gen.err.find("left out"), std::string::npos);
}

TEST_F(RealListsGenTest, AListReplacesAnOlderOne) {
  std::filesystem::create_directory(dir_ / "out");
  dir_.Write("out/rpm-hello-2.0-1.x86_64", "old");
  RunTool({"lists", "gen", "-o", dir_ / "out",
           RealData() / "rpms/unsigned/hello-2.0-1.x86_64.rpm"});
  EXPECT_NE(ReadText(dir_ / "out/rpm-hello-2.0-1.x86_64"), "old");
  EXPECT_EQ(FilesIn(dir_ / "out"), 1u);
}

TEST_F(RealListsGenTest, ADatabaseGivesTheListsOfItsPackages) {
  const std::string package =
      RealData() / "rpms/good/centos-release-6-0.el6.centos.5.x86_64.rpm";
  if (!Shell("rpm --root " + dir_.path().string() +
             " --dbpath /var/lib/rpm -i --justdb --nodeps --nosignature "
             "--noscripts --ignorearch "
             "--ignoreos " +
             package)) {
    GTEST_SKIP() << "rpm cannot install into a folder here";
  }
  const auto db = RunTool(
      {"lists", "gen", "-o", dir_ / "db", "rpmdb:" + dir_.path().string()});
  EXPECT_EQ(db.status, kExitYes) << db.err;
  const auto file = RunTool({"lists", "gen", "-o", dir_ / "file", package});
  EXPECT_EQ(file.status, kExitYes) << file.err;
  const std::string name = "rpm-centos-release-6-0.el6.centos.5.x86_64";
  EXPECT_EQ(ReadText(dir_ / ("db/" + name)), ReadText(dir_ / ("file/" + name)));
  EXPECT_FALSE(ReadText(dir_ / ("db/" + name)).empty());
  const auto check = RunTool(
      {"lists", "check", "--keys", RealData() / "keys/good", dir_ / "db"});
  EXPECT_EQ(check.status, kExitYes) << check.out;
}

}  // namespace
}  // namespace assayfs
