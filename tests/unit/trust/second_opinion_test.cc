// SPDX-License-Identifier: Apache-2.0
// Every signature on real packages and lists, judged by the keyring and by
// programs that share no code with it: gpgv (over libgcrypt), and librpm's own
// keyring through rpmkeys. Where they differ, a table below says why.
#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <span>
#include <sstream>

#include "command.h"
#include "lists/appended_signature.h"
#include "lists/rpm_header.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "trust/keyring.h"
#include "trust/openpgp_packets.h"

namespace assayfs {
namespace {

using testing::HasProgram;
using testing::Must;
using testing::MustRun;
using testing::ReadText;
using testing::RealData;
using testing::TempDir;

// Something signed, with one signature packet.
struct Signed {
  std::string name;  // of the file
  ByteVector bytes;
  ByteVector packet;
  std::string issuer;  // key id or fingerprint; empty if we cannot read it
};

void TakePackets(const std::string& name, Bytes bytes, Bytes signatures,
                 std::vector<Signed>& out) {
  for (const OpenPgpPacket& packet :
       Must(SplitOpenPgpPackets(signatures, 16))) {
    const auto parsed = ParseOpenPgpSignature(packet.body);
    out.push_back({name, ToVector(bytes), ToVector(packet.whole),
                   parsed ? parsed->issuer : ""});
  }
}

std::vector<std::filesystem::path> FilesBelow(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(RealData() / folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<Signed> AllSigned() {
  std::vector<Signed> all;
  for (const auto& path : FilesBelow("rpms")) {
    // Two of the odd ones have no signed header at all.
    const auto package = ParseRpmPackage(AsBytes(ReadText(path)));
    if (!package) continue;
    TakePackets(path.filename(), package->header, package->signatures, all);
  }
  for (const auto& path : FilesBelow("lists")) {
    const std::string bytes = ReadText(path);
    const auto split = Must(SplitSignature(AsBytes(bytes)));
    if (!split.signature) continue;
    TakePackets(path.filename(), split.payload, split.signature->signature,
                all);
  }
  return all;
}

// Where another program is content and we are not. name: of the file, or its
// start.
struct Deviation {
  std::string_view name;
  SignatureStatus ours;
  std::string_view why;
};

const Deviation* FindDeviation(std::span<const Deviation> deviations,
                               const std::string& name, SignatureStatus ours) {
  for (const Deviation& deviation : deviations) {
    if (name.starts_with(deviation.name) && deviation.ours == ours) {
      return &deviation;
    }
  }
  return nullptr;
}

class SecondOpinionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealData().empty()) GTEST_SKIP() << "ASSAYFS_TEST_DATA is not set";
  }
  TempDir dir_;
};

class GpgvTest : public SecondOpinionTest {
 protected:
  // Makes a keyring of all keys in a folder, without our own reader.
  std::string MakeRing(const std::string& folder) const {
    std::string ring;
    for (const auto& path : FilesBelow(folder)) {
      ring += MustRun({"gpg", "--homedir", dir_.path(), "--dearmor"},
                      ReadText(path));
    }
    return dir_.Write("ring.gpg", ring);
  }

  // Says whether gpgv finds that a key of ring made the signature and is not
  // revoked. It tells of an expired key, but not whether it was when it signed.
  bool IsValid(const std::string& ring, const Signed& item) const {
    const auto result = testing::Run({"gpgv", "--homedir", dir_.path(),
                                      "--keyring", ring, "--status-fd", "1",
                                      dir_.Write("packet", AsText(item.packet)),
                                      dir_.Write("bytes", AsText(item.bytes))});
    return result.out.find("[GNUPG:] VALIDSIG") != std::string::npos &&
           result.out.find("[GNUPG:] REVKEYSIG") == std::string::npos;
  }

  void Compare(const std::string& folder,
               std::span<const Deviation> deviations) const {
    const auto keyring = Must(Keyring::Load({RealData() / folder}));
    const std::string ring = MakeRing(folder);
    std::size_t compared = 0;
    std::size_t good = 0;
    std::size_t deviating = 0;
    for (const Signed& item : AllSigned()) {
      const auto ours =
          keyring->Verify(SignatureFormat::kOpenPgp, item.bytes, item.packet);
      const bool is_good = ours.status == SignatureStatus::kGood;
      ++compared;
      good += is_good;
      if (is_good == IsValid(ring, item)) continue;
      ++deviating;
      const Deviation* deviation =
          FindDeviation(deviations, item.name, ours.status);
      if (deviation != nullptr) {
        std::cout << item.name << ": " << deviation->why << "\n";
        continue;
      }
      ADD_FAILURE() << item.name << " by " << item.issuer << ": we say "
                    << SignatureStatusText(ours.status) << " " << ours.detail
                    << ", gpgv the contrary";
    }
    std::cout << "compared with gpgv by " << folder << ": " << compared
              << " signatures, " << good << " good, " << deviating
              << " judged otherwise for a known reason\n";
    EXPECT_GT(compared, 90u);
  }

  void SetUp() override {
    SecondOpinionTest::SetUp();
    if (!IsSkipped() && (!HasProgram("gpgv") || !HasProgram("gpg"))) {
      GTEST_SKIP() << "gpgv is not installed";
    }
  }
};

TEST_F(GpgvTest, AgreesByGoodKeys) {
  constexpr std::array<Deviation, 0> kDeviations = {};
  Compare("keys/good", kDeviations);
}

TEST_F(GpgvTest, AgreesByBadKeys) {
  constexpr std::array<Deviation, 2> kDeviations = {{
      {"hello-2.0-1.x86_64-signed-with-subkey", SignatureStatus::kKeyRejected,
       "gpgv calls a signature valid that was made after the key expired"},
      {"hello-2.0-1.x86_64", SignatureStatus::kNoKey,
       "gpgv takes the primary key of a certificate with an unbound subkey"},
  }};
  Compare("keys/bad", kDeviations);
}

class RpmkeysTest : public SecondOpinionTest {
 protected:
  void SetUp() override {
    SecondOpinionTest::SetUp();
    if (!IsSkipped() && !HasProgram("rpmkeys")) {
      GTEST_SKIP() << "rpmkeys is not installed";
    }
  }

  // The last eight digits of a key id, and whether librpm finds that this key
  // made a signature over the header. From lines such as
  //     Header V4 RSA/SHA256 Signature, key ID 3135ce90: OK
  std::map<std::string, bool> Ask(const std::filesystem::path& package) const {
    const auto result = testing::Run(
        {"rpmkeys", "--dbpath", dir_ / "db", "--checksig", "-v", package});
    std::map<std::string, bool> answers;
    std::istringstream lines(result.out);
    std::string line;
    while (std::getline(lines, line)) {
      constexpr std::string_view kMark = "Signature, key ID ";
      const std::size_t at = line.find(kMark);
      if (at == std::string::npos || line.find("Header V") == line.npos) {
        continue;
      }
      const std::string rest = line.substr(at + kMark.size());
      answers[rest.substr(0, 8)] = rest.substr(8) == ": OK";
    }
    return answers;
  }
};

TEST_F(RpmkeysTest, AgreesByGoodKeys) {
  constexpr std::array<Deviation, 0> kDeviations = {};
  std::filesystem::create_directory(dir_ / "db");
  for (const auto& path : FilesBelow("keys/good")) {
    testing::Run({"rpmkeys", "--dbpath", dir_ / "db", "--import", path});
  }
  const auto keyring = Must(Keyring::Load({RealData() / "keys/good"}));
  std::size_t compared = 0;
  std::size_t good = 0;
  std::size_t deviating = 0;
  for (const auto& path : FilesBelow("rpms")) {
    const auto package = ParseRpmPackage(AsBytes(ReadText(path)));
    if (!package) continue;
    std::vector<Signed> all;
    TakePackets(path.filename(), package->header, package->signatures, all);
    const auto answers = Ask(path);
    for (const Signed& item : all) {
      if (item.issuer.size() < 8) continue;
      const auto answer =
          answers.find(item.issuer.substr(item.issuer.size() - 8));
      if (answer == answers.end()) continue;
      const auto ours =
          keyring->Verify(SignatureFormat::kOpenPgp, item.bytes, item.packet);
      ++compared;
      good += ours.status == SignatureStatus::kGood;
      if ((ours.status == SignatureStatus::kGood) == answer->second) continue;
      ++deviating;
      EXPECT_NE(FindDeviation(kDeviations, item.name, ours.status), nullptr)
          << item.name << " by " << item.issuer << ": we say "
          << SignatureStatusText(ours.status) << " " << ours.detail
          << ", librpm the contrary";
    }
  }
  std::cout << "compared with librpm: " << compared << " signatures, " << good
            << " good, " << deviating
            << " judged otherwise for a known reason\n";
  EXPECT_GT(compared, 10u);
}

}  // namespace
}  // namespace assayfs
