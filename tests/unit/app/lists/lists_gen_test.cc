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

TEST(ListsGenTest, FsVerityDigestsAreShownAsSuch) {
  const TempDir dir;
  const auto run =
      RunTool({"lists", "gen", "--algorithm", "verity-sha256", "--root",
               dir.path(), "-o", dir / "out", dir.Write("abc", "abc")});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  // Origin: `fsverity digest abc`, fsverity 1.5.
  EXPECT_EQ(RunTool({"lists", "show", dir / "out/tlv-abc"}).out,
            "verity-sha256:700b6bd8510f0b4f9bac8b9cf0459151a1c4a99f467892bb4bd2"
            "89a67df8e19c /abc\n");
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

TEST(ListsGenTest, APathListGivesTheFilesThatItNames) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "folder");
  const auto one = dir.Write("folder/one", "1");
  const auto two = dir.Write("two words", "2");
  std::filesystem::create_symlink("two words", dir / "link");
  const auto paths =
      dir.Write("paths", one + "\n" + dir / "folder" + "\n" + two + "\n" +
                             dir / "link" + "\n" + one + "\n");
  const auto run = RunTool({"lists", "gen", "-o", dir / "out", "--root",
                            dir.path(), "--paths-from", paths});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.out, "1 written, 1 unsigned, 0 refused, 2 digests\n");
  EXPECT_NE(run.err.find("left out 2 paths"), std::string::npos);
  const auto show = RunTool({"lists", "show", "--json", dir / "out/tlv-paths"});
  const auto files = show.Json()["lists"][0]["files"];
  EXPECT_EQ(files[0]["path"], "/folder/one");
  EXPECT_EQ(files[1]["path"], "/two words");
}

TEST(ListsGenTest, APathListMayHaveNuls) {
  const TempDir dir;
  const auto odd = dir.Write("new\nline", "1");
  const auto paths = dir.Write("paths", odd + std::string(1, '\0'));
  const auto run = RunTool({"lists", "gen", "-o", dir / "out", "--paths-from",
                            paths, "--name", "x"});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_NE(RunTool({"lists", "show", dir / "out/tlv-x"}).out.find("\\x0a"),
            std::string::npos);
}

TEST(ListsGenTest, NothingIsWrittenIfAListedPathIsMissing) {
  const TempDir dir;
  const auto paths =
      dir.Write("paths", dir.Write("one", "1") + "\n" + dir / "missing" + "\n");
  const auto run =
      RunTool({"lists", "gen", "-o", dir / "out", "--paths-from", paths});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("missing"), std::string::npos);
  EXPECT_EQ(FilesIn(dir / "out"), 0u);
}

TEST(ListsGenTest, APathListWithoutAFileIsRefused) {
  const TempDir dir;
  const auto run = RunTool({"lists", "gen", "-o", dir / "out", "--paths-from",
                            dir.Write("paths", "\n/\n")});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_EQ(FilesIn(dir / "out"), 0u);
}

TEST(ListsGenTest, APathListThatCannotBeReadFails) {
  const TempDir dir;
  for (const std::string& list : {dir / "missing", dir.path().string(),
                                  dir.Write("long", std::string(4097, 'x'))}) {
    EXPECT_EQ(RunTool({"lists", "gen", "-o", dir / "out", "--name", "x",
                       "--paths-from", list})
                  .status,
              kExitFailed);
  }
}

// Two lines of one path, one of SHA-1, a violation and the boot aggregate.
std::string ImaLog() {
  const std::string start = "10 " + std::string(40, '1') + " ima-ng ";
  return start + "sha256:" + std::string(64, 'f') + " boot_aggregate\n" +
         start + "sha256:" + std::string(64, 'a') + " /usr/bin/a\n" + start +
         "sha256:" + std::string(64, 'b') + " /usr/bin/a\n" + start +
         "sha256:" + std::string(64, 'a') + " /usr/bin/a\n" + start +
         "sha1:" + std::string(40, 'c') + " /usr/bin/c\n" + "10 " +
         std::string(40, '0') + " ima-ng sha1:" + std::string(40, '0') +
         " /usr/bin/d\n";
}

TEST(ListsGenTest, AMeasurementLogGivesItsDigests) {
  const TempDir dir;
  const auto log = dir.Write("ascii_runtime_measurements", ImaLog());
  const auto run =
      RunTool({"lists", "gen", "-o", dir / "out", "--ima-log", log});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_NE(run.err.find("left out 1 weak digest;"), std::string::npos);
  const auto list = dir / "out/tlv-ascii_runtime_measurements";
  EXPECT_EQ(RunTool({"lists", "show", list}).out,
            "sha256:" + std::string(64, 'a') + " /usr/bin/a\nsha256:" +
                std::string(64, 'b') + " /usr/bin/a\n");
  EXPECT_TRUE(RunTool({"lists", "gen", "-o", dir / "weak", "--ima-log", log,
                       "--allow-weak-digests"})
                  .out.ends_with(" 3 digests\n"));
}

TEST(ListsGenTest, ABadLineOfALogIsNamed) {
  const TempDir dir;
  const auto log = dir.Write("log", ImaLog() + "junk\n");
  const auto run =
      RunTool({"lists", "gen", "-o", dir / "out", "--ima-log", log});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("line 7"), std::string::npos);
  EXPECT_EQ(FilesIn(dir / "out"), 0u);
}

TEST(ListsGenTest, TheSourcesOfFilesAreChecked) {
  const TempDir dir;
  const auto file = dir.Write("a", "1");
  EXPECT_EQ(RunTool({"lists", "gen"}).status, kExitUsage);
  EXPECT_EQ(RunTool({"lists", "gen", "--paths-from", "-"}).status, kExitUsage);
  EXPECT_EQ(RunTool({"lists", "gen", "--ima-log", "-"}).status, kExitUsage);
  EXPECT_EQ(
      RunTool({"lists", "gen", "--format", "rpm", "--ima-log", file}).status,
      kExitUsage);
  EXPECT_EQ(RunTool({"lists", "gen", "--package", "bash", file}).status,
            kExitUsage);
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
  const auto generate = [&](const std::string& out,
                            const std::string& pattern) {
    return RunTool({"lists", "gen", "-o", dir_ / out, "--package", pattern,
                    "rpmdb:" + dir_.path().string()});
  };
  EXPECT_TRUE(generate("one", "cent*-rel?ase").out.starts_with("1 written, "));
  for (const char* other : {"centos", "centos-release-6", "release"}) {
    const auto none = generate("none", other);
    EXPECT_EQ(none.status, kExitFailed);
    EXPECT_NE(none.err.find("no package matches " + std::string(other)),
              std::string::npos);
  }
}

}  // namespace
}  // namespace assayfs
