// SPDX-License-Identifier: Apache-2.0
#include "trust/rpm_database.h"

#include <unistd.h>

#include <csignal>
#include <set>

#include "command.h"
#include "gpg_home.h"
#include "lists/rpm_header.h"
#include "support/results.h"
#include "trust/keyring.h"

// librpm 4.18 does not close a SQLite database that turns out to be broken.
// The leak sanitizer asks for this function by name.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libsqlite3.so\n";
}

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::GpgHome;
using testing::HasProgram;
using ::testing::IsEmpty;
using testing::Must;
using testing::MustRun;
using testing::ReadText;
using ::testing::SizeIs;
using testing::TempDir;

// Two packages, one of them with an epoch, signed and installed into a root
// folder of their own by rpm itself.
class RpmDatabaseTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!CanInstall()) return;
    gpg_ = new GpgHome();
    work_ = new TempDir();
    key_ = new std::string(gpg_->MakeKey("packager", "rsa2048"));
    const std::string package = Build("beta", "");
    const std::string other = Build("alpha", "Epoch: 3\n");
    MustRun({"rpmsign", "--define", "__gpg /usr/bin/gpg", "--define",
             "_gpg_name " + *key_, "--define",
             "_gpg_path " + gpg_->path().string(), "--addsign", package,
             other});
    MustRun({"rpm", "--root", Root(), "--dbpath", "/usr/lib/sysimage/rpm", "-i",
             "--nodeps", "--justdb", package, other});
  }
  static void TearDownTestSuite() {
    delete key_;
    delete work_;
    delete gpg_;
  }
  void SetUp() override {
    if (!CanInstall()) GTEST_SKIP() << "needs root, rpmbuild and rpmsign";
  }

  static bool CanInstall() {
    return ::geteuid() == 0 && HasProgram("rpmbuild") && HasProgram("rpmsign");
  }
  static std::string Root() {
    const std::string root = *work_ / "root";
    std::filesystem::create_directory(root);
    return root;
  }
  static std::string Build(const std::string& name, const std::string& more) {
    const std::string spec =
        work_->Write(name + ".spec",
                     "Name: " + name + "\nVersion: 1.0\nRelease: 2\n" + more +
                         "Summary: x\nLicense: x\nBuildArch: noarch\n"
                         "%description\nx\n%install\n"
                         "mkdir -p %{buildroot}/opt\n"
                         "echo " +
                         name + " > %{buildroot}/opt/" + name +
                         "\n%files\n/opt/" + name + "\n");
    MustRun({"rpmbuild", "--quiet", "--define", "_topdir " + (*work_ / "build"),
             "-bb", spec});
    return *work_ / ("build/RPMS/noarch/" + name + "-1.0-2.noarch.rpm");
  }
  static std::set<std::string> TreeOf(const std::string& root) {
    std::set<std::string> paths;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(root)) {
      paths.insert(entry.path());
    }
    return paths;
  }

  static GpgHome* gpg_;
  static TempDir* work_;
  static std::string* key_;
};
GpgHome* RpmDatabaseTest::gpg_ = nullptr;
TempDir* RpmDatabaseTest::work_ = nullptr;
std::string* RpmDatabaseTest::key_ = nullptr;

TEST_F(RpmDatabaseTest, ListsPackagesByName) {
  const auto packages = Must(ReadRpmDatabase(Root()));
  ASSERT_THAT(packages, SizeIs(2));
  EXPECT_EQ(packages[0].name, "alpha-3:1.0-2.noarch");
  EXPECT_EQ(packages[1].name, "beta-1.0-2.noarch");
}

TEST_F(RpmDatabaseTest, SignaturesCoverTheHeadersExactly) {
  const std::string key = work_->Write("key.asc", gpg_->Export(*key_));
  const auto keyring = Must(Keyring::Load({key}));
  for (const auto& package : Must(ReadRpmDatabase(Root()))) {
    const auto check = keyring->Verify(SignatureFormat::kOpenPgp,
                                       package.header, package.signatures);
    EXPECT_EQ(check.status, SignatureStatus::kGood) << check.detail;
  }
}

TEST_F(RpmDatabaseTest, HeadersEqualThoseOfThePackageFiles) {
  for (const auto& package : Must(ReadRpmDatabase(Root()))) {
    const std::string name = package.name.substr(0, package.name.find('-'));
    const auto file = Must(ParseRpmPackage(AsBytes(ReadText(
        *work_ / ("build/RPMS/noarch/" + name + "-1.0-2.noarch.rpm")))));
    EXPECT_EQ(package.header, file.header);
    EXPECT_EQ(package.signatures, file.signatures);
    const auto list = Must(ParseRpmHeader(package.header));
    EXPECT_EQ(list.package, package.name);
  }
}

TEST_F(RpmDatabaseTest, LeavesPublicKeysOut) {
  const std::string key = work_->Write("key.asc", gpg_->Export(*key_));
  MustRun({"rpm", "--root", Root(), "--dbpath", "/usr/lib/sysimage/rpm",
           "--import", key});
  EXPECT_THAT(Must(ReadRpmDatabase(Root())), SizeIs(2));
}

TEST_F(RpmDatabaseTest, LeavesTheTreeAsItWas) {
  // The database alone, as an image has it that nobody has used yet.
  const TempDir copy;
  const std::string folder = copy / "usr/lib/sysimage/rpm";
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(Root() + "/usr/lib/sysimage/rpm/rpmdb.sqlite",
                             folder + "/rpmdb.sqlite");
  const std::string content = ReadText(folder + "/rpmdb.sqlite");
  const auto before = TreeOf(copy.path());
  EXPECT_THAT(Must(ReadRpmDatabase(copy.path())), SizeIs(2));
  EXPECT_EQ(TreeOf(copy.path()), before);
  EXPECT_EQ(ReadText(folder + "/rpmdb.sqlite"), content);
}

TEST_F(RpmDatabaseTest, ReadErrorInTheMiddleIsAnError) {
  const TempDir copy;
  std::filesystem::copy(Root(), copy.path(),
                        std::filesystem::copy_options::recursive);
  const std::string path = copy / "usr/lib/sysimage/rpm/rpmdb.sqlite";
  std::string bytes = ReadText(path);
  // The headers hold the paths; everything after the first is overwritten
  // there, up to the end of the file.
  const std::size_t at = bytes.find("/opt/");
  ASSERT_NE(at, std::string::npos);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at / 4096 * 4096),
            bytes.end(), '\xff');
  copy.Write("usr/lib/sysimage/rpm/rpmdb.sqlite", bytes);
  EXPECT_THAT(ReadRpmDatabase(copy.path()), FailsWith(EIO));
}

TEST_F(RpmDatabaseTest, LeavesSignalHandlersAlone) {
  struct sigaction before {};
  struct sigaction after {};
  ::sigaction(SIGTERM, nullptr, &before);
  Must(ReadRpmDatabase(Root()));
  ::sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST_F(RpmDatabaseTest, NamesTheFolder) {
  EXPECT_EQ(Must(RpmDatabaseFolder(Root())), Root() + "/usr/lib/sysimage/rpm");
}

TEST(RpmDatabaseErrorsTest, NoDatabaseIsAnErrorAndNothingIsMade) {
  const TempDir root;
  EXPECT_THAT(ReadRpmDatabase(root.path()),
              FailsSaying(ENOENT, root.path().string()));
  EXPECT_THAT(RpmDatabaseFolder(root.path()), FailsWith(ENOENT));
  EXPECT_TRUE(std::filesystem::is_empty(root.path()));
}

TEST(RpmDatabaseErrorsTest, BrokenDatabaseIsAnErrorWithoutNoise) {
  const TempDir root;
  std::filesystem::create_directories(root / "var/lib/rpm");
  root.Write("var/lib/rpm/rpmdb.sqlite", "this is no database");
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(ReadRpmDatabase(root.path()), FailsSaying(EIO, "RPM database: "));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(RpmDatabaseErrorsTest, NoKindOfDatabaseIsEmptyBecauseItCannotBeRead) {
  for (const char* file : {"Packages.db", "Packages"}) {
    const TempDir root;
    std::filesystem::create_directories(root / "var/lib/rpm");
    root.Write(std::string("var/lib/rpm/") + file, "this is no database");
    EXPECT_THAT(ReadRpmDatabase(root.path()), FailsWith(EIO)) << file;
  }
}

TEST(RpmDatabaseErrorsTest, FindsEachKindOfDatabase) {
  for (const char* file : {"rpmdb.sqlite", "Packages.db", "Packages"}) {
    const TempDir root;
    std::filesystem::create_directories(root / "var/lib/rpm");
    root.Write(std::string("var/lib/rpm/") + file, "");
    EXPECT_EQ(Must(RpmDatabaseFolder(root.path())), root / "var/lib/rpm");
  }
}

}  // namespace
}  // namespace assayfs
