// SPDX-License-Identifier: Apache-2.0
// Lists and packages that distributions made, against what librpm reads.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "lists/appended_signature.h"
#include "lists/list_name.h"
#include "lists/rpm_header.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;
using testing::RealData;

class RealListsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealData().empty()) GTEST_SKIP() << "ASSAYFS_TEST_DATA is not set";
  }
};

std::vector<std::filesystem::path> FilesOf(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(RealData() / folder)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

ByteVector ReadBytes(const std::filesystem::path& path) {
  return Must(ReadFileAt(AT_FDCWD, path, kMaxListBytes));
}

ByteVector ReadOdd(const std::string& name) {
  return ReadBytes(RealData() / "rpms" / "odd" / name);
}

// One line of expected/*.tsv for each file of a list. Every real list has
// SHA-256 digests, which RPM numbers 8.
std::vector<std::string> ToRows(const std::string& name,
                                const DigestList& list) {
  std::vector<std::string> rows;
  for (const ListedFile& file : list.files) {
    EXPECT_EQ(file.digest.algorithm(), HashAlgorithm::kSha256);
    char mode[16];
    std::snprintf(mode, sizeof mode, "%o", file.mode.value());
    rows.push_back(name + "\t8\t" + file.digest.Hex() + "\t" + mode + "\t" +
                   file.path);
  }
  return rows;
}

std::vector<std::string> ExpectedRows(const std::string& file_name) {
  std::ifstream in(RealData() / "expected" / file_name);
  std::vector<std::string> rows;
  for (std::string line; std::getline(in, line);) rows.push_back(line);
  return rows;
}

TEST_F(RealListsTest, EveryMarinerListHasTheExpectedFiles) {
  std::vector<std::string> rows;
  for (const auto& path : FilesOf("lists/mariner")) {
    const auto bytes = ReadBytes(path);
    const auto split = Must(SplitSignature(bytes));
    ASSERT_TRUE(split.signature) << path;
    EXPECT_EQ(split.signature->format, SignatureFormat::kOpenPgp);
    const auto list = Must(ParseRpmHeader(split.payload));
    const std::string file_name = path.filename();
    EXPECT_EQ(list.package, Must(ParseListName(file_name)).name);
    std::ranges::copy(ToRows(file_name, list), std::back_inserter(rows));
  }
  EXPECT_THAT(
      rows, ::testing::UnorderedElementsAreArray(ExpectedRows("mariner.tsv")));
}

TEST_F(RealListsTest, EveryMarinerListIsPutTogetherAgain) {
  for (const auto& path : FilesOf("lists/mariner")) {
    const auto bytes = ReadBytes(path);
    const auto split = Must(SplitSignature(bytes));
    ASSERT_TRUE(split.signature) << path;
    EXPECT_EQ(AppendSignature(split.payload, split.signature->format,
                              split.signature->signature),
              bytes);
  }
}

TEST_F(RealListsTest, AnUnsignedListParses) {
  const auto bytes = ReadBytes(RealData() / "lists" /
                               "1-digestlist-rpm-libxslt-1.1.29-4.fc27-x86_64");
  const auto split = Must(SplitSignature(bytes));
  EXPECT_FALSE(split.signature);
  const auto list = Must(ParseRpmHeader(split.payload));
  EXPECT_EQ(list.package, "libxslt-1.1.29-4.fc27.x86_64");
  EXPECT_EQ(list.files.size(), 10u);
}

TEST_F(RealListsTest, EveryGoodPackageHasTheExpectedFiles) {
  std::vector<std::string> rows;
  for (const auto& path : FilesOf("rpms/good")) {
    const auto package = Must(ParseRpmPackage(ReadBytes(path)));
    EXPECT_FALSE(package.signatures.empty()) << path;
    const auto list = Must(ParseRpmHeader(package.header));
    std::ranges::copy(ToRows(path.filename(), list), std::back_inserter(rows));
  }
  EXPECT_THAT(rows,
              ::testing::UnorderedElementsAreArray(ExpectedRows("rpms.tsv")));
}

TEST_F(RealListsTest, PackagesOfUnknownSignersParse) {
  for (const auto& path : FilesOf("rpms/nokey")) {
    const auto package = Must(ParseRpmPackage(ReadBytes(path)));
    EXPECT_FALSE(package.signatures.empty()) << path;
    EXPECT_TRUE(Must(ParseRpmHeader(package.header)).files.empty());
  }
}

TEST_F(RealListsTest, UnsignedPackagesHaveNoSignatures) {
  for (const auto& path : FilesOf("rpms/unsigned")) {
    const auto package = Must(ParseRpmPackage(ReadBytes(path)));
    EXPECT_TRUE(package.signatures.empty()) << path;
    EXPECT_TRUE(ParseRpmHeader(package.header)) << path;
  }
}

// Tag 278 repeats the packet of tag 268 (566 bytes) and adds one of 119.
TEST_F(RealListsTest, SignaturesOfSeveralKeysAreJoinedOnce) {
  const auto package = Must(
      ParseRpmPackage(ReadBytes(RealData() / "rpms" / "nokey" /
                                "empty-signed-v6-multiple-0-0.x86_64.rpm")));
  EXPECT_EQ(package.signatures.size(), 566u + 119u);
}

TEST_F(RealListsTest, PackagesBeforeImmutableRegionsAreRefused) {
  EXPECT_THAT(ParseRpmPackage(ReadOdd("hello-1.0-1.x86_64.rpm-v3")),
              FailsSaying(EBADMSG, "no immutable region"));
}

// Its IMA signatures stand behind the region of the signature header.
TEST_F(RealListsTest, ABrokenImaSignatureDoesNotMatter) {
  const auto package =
      Must(ParseRpmPackage(ReadOdd("hello-2.0-1.x86_64-badima.rpm")));
  EXPECT_EQ(package.signatures.size(), 382u);
  EXPECT_EQ(Must(ParseRpmHeader(package.header)).files.size(), 4u);
}

TEST_F(RealListsTest, ATruncatedPayloadDoesNotMatter) {
  const auto package =
      Must(ParseRpmPackage(ReadOdd("hello-2.0-1.x86_64-corrupted.rpm")));
  EXPECT_EQ(package.signatures.size(), 287u);
  EXPECT_EQ(Must(ParseRpmHeader(package.header)).files.size(), 4u);
}

TEST_F(RealListsTest, PostQuantumSignaturesAreKept) {
  const auto package =
      Must(ParseRpmPackage(ReadOdd("hello-2.0-1.x86_64-signed-mldsa87.rpm")));
  // Tag 268, then both of tag 278.
  EXPECT_EQ(package.signatures.size(), 287u + 4832u + 382u);
  EXPECT_EQ(Must(ParseRpmHeader(package.header)).files.size(), 4u);
}

TEST_F(RealListsTest, SubkeyAndEcdsaSignaturesAreKept) {
  const auto subkey = Must(
      ParseRpmPackage(ReadOdd("hello-2.0-1.x86_64-signed-with-subkey.rpm")));
  EXPECT_EQ(subkey.signatures.size(), 457u);
  const auto ecdsa = Must(
      ParseRpmPackage(ReadOdd("rpm-basic-with-ecdsa-2.3.4-5.el9.noarch.rpm")));
  EXPECT_EQ(ecdsa.signatures.size(), 119u);
}

TEST_F(RealListsTest, FileCapabilitiesDoNotMatter) {
  const auto package =
      Must(ParseRpmPackage(ReadOdd("capstest-1.0-1.noarch.rpm")));
  EXPECT_EQ(Must(ParseRpmHeader(package.header)).files.size(), 3u);
}

TEST_F(RealListsTest, HardLinksAreListedUnderEveryName) {
  const auto package =
      Must(ParseRpmPackage(ReadOdd("hlinktest-1.0-1.noarch.rpm")));
  const auto list = Must(ParseRpmHeader(package.header));
  const auto named_hello =
      std::ranges::count_if(list.files, [](const ListedFile& file) {
        return file.path.starts_with("/foo/hello");
      });
  EXPECT_EQ(named_hello, 4);
}

TEST_F(RealListsTest, UnsignedPackagesMayHaveImaSignatures) {
  const auto package =
      Must(ParseRpmPackage(ReadOdd("imatest-1.0-1.fc34.noarch.rpm")));
  EXPECT_TRUE(package.signatures.empty());
  EXPECT_TRUE(ParseRpmHeader(package.header));
}

}  // namespace
}  // namespace assayfs
