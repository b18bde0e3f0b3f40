// SPDX-License-Identifier: Apache-2.0
#include "app/lists/list_sources.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/results.h"
#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::RealData;
using testing::Shell;
using testing::TempDir;

TEST(ListSourcesTest, AFolderAndAFileHaveOnlyAPath) {
  const TempDir dir;
  const auto file = dir.Write("rpm-a", "x");
  const auto sources = Must(MakeListSources({dir.path(), file}));
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].path, dir.path());
  EXPECT_EQ(sources[1].path, file);
  EXPECT_FALSE(sources[0].read);
  EXPECT_FALSE(sources[1].read);
}

TEST(ListSourcesTest, SlashesAtTheEndAreTakenOff) {
  const TempDir dir;
  const auto sources = Must(MakeListSources({dir.path().string() + "/"}));
  EXPECT_EQ(sources[0].path, dir.path());
}

TEST(ListSourcesTest, RelativePathsBecomeAbsolute) {
  const auto sources = Must(MakeListSources({"."}));
  EXPECT_TRUE(sources[0].path.starts_with("/"));
}

TEST(ListSourcesTest, ALinkIsKeptAsALink) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "lists");
  std::filesystem::create_symlink("lists", dir / "link");
  const auto sources = Must(MakeListSources({dir / "link"}));
  EXPECT_EQ(sources[0].path, dir / "link");
}

TEST(ListSourcesTest, NamesWhatIsMissing) {
  const TempDir dir;
  EXPECT_THAT(MakeListSources({dir / "missing"}),
              FailsSaying(ENOENT, "missing"));
}

TEST(ListSourcesTest, RefusesWhatIsNeitherFolderNorFile) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(MakeListSources({dir / "fifo"}), FailsWith(EINVAL));
}

TEST(ListSourcesTest, RefusesARootWithoutADatabase) {
  const TempDir dir;
  EXPECT_THAT(MakeListSources({"rpmdb:" + dir.path().string()}),
              FailsSaying(ENOENT, "rpmdb:"));
}

TEST(ListSourcesTest, ADatabaseGivesOneListForEachPackage) {
  if (RealData().empty()) GTEST_SKIP() << "no real packages";
  const TempDir dir;
  const std::string package =
      RealData() / "rpms/good/centos-release-6-0.el6.centos.5.x86_64.rpm";
  if (!Shell("rpm --root " + dir.path().string() +
             " --dbpath /var/lib/rpm -i --justdb --nodeps --nosignature "
             "--noscripts --ignorearch "
             "--ignoreos " +
             package)) {
    GTEST_SKIP() << "rpm cannot install into a folder here";
  }
  const std::string argument = "rpmdb:" + dir.path().string();
  const auto sources = Must(MakeListSources({argument}));
  ASSERT_EQ(sources.size(), 1u);
  EXPECT_EQ(sources[0].label, argument);
  EXPECT_TRUE(sources[0].path.starts_with(dir.path().string()));
  const auto lists = Must(ReadSource(sources[0]));
  ASSERT_EQ(lists.size(), 1u);
  const std::string name = "rpm-centos-release-6-0.el6.centos.5.x86_64";
  EXPECT_EQ(lists[0].name, name);
  EXPECT_EQ(lists[0].origin, argument + "/" + name);
  EXPECT_TRUE(lists[0].bytes.has_value());
  // Policies may ask for the owner of the database.
  ASSERT_TRUE(lists[0].file.has_value());
  EXPECT_EQ(lists[0].file->owner, ::geteuid());
}

}  // namespace
}  // namespace assayfs
