// SPDX-License-Identifier: Apache-2.0
// A lower tree with an appraiser that enforces, and knows one content.
#pragma once

#include <fcntl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "appraise/appraiser.h"
#include "appraise/lease_keeper.h"
#include "crypto/file_hash.h"
#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "support/policies.h"
#include "unit/fs/lower_tree.h"

namespace assayfs::testing {

// Takes every signature for good: what is tested here comes after.
class TrustingVerifier : public SignatureVerifier {
 public:
  SignatureCheck Verify(SignatureFormat, std::span<const std::byte>,
                        std::span<const std::byte>) const override {
    return {SignatureStatus::kGood, {"00", "test"}, ""};
  }
};

class WillingMeasurer : public Measurer {
 public:
  MeasureOutcome Measure(std::optional<std::uint32_t>, std::string_view,
                         std::span<const std::byte>) override {
    return {true, ""};
  }
};

inline constexpr std::string_view kGoodText = "good content";

// Has the files "good", with kGoodText, and "bad".
class JudgedTree {
 public:
  // asked: see Appraiser.
  explicit JudgedTree(std::function<void(const AskedUse&)> asked = {}) {
    BlockLeaseSignals();
    tree_.dir().Write("good", kGoodText);
    tree_.dir().Write("bad", "other content");
    WriteList();
    ListStore::Options options;
    options.sources.push_back({lists_dir_.path(), "lists", nullptr});
    lists_ = Must(ListStore::Open(
        std::move(options), {.verifier = std::make_shared<TrustingVerifier>()},
        measurer_));
    root_fd_.Reset(::open(tree_.dir().path().c_str(), O_PATH | O_CLOEXEC));
    Appraiser::Options judging;
    judging.policy = BuiltIn("files");
    judging.root_fd = root_fd_.get();
    judging.asked = std::move(asked);
    judging.ask_below = [this](int fd, Pages) { return AskBelow(fd); };
    appraiser_ =
        Must(Appraiser::Create(std::move(judging), *lists_, measurer_));
  }

  LowerTree& tree() { return tree_; }
  Appraiser& appraiser() { return *appraiser_; }

  // From now on all files have fs-verity, and the list has its digests.
  void GiveVerity() {
    has_verity_ = true;
    WriteList(kVerity);
    lists_->WaitUntilLoaded(std::chrono::seconds(10));
  }

  // Writes the list of the file "good" as it is now.
  void WriteList(HashAlgorithm algorithm = HashAlgorithm::kSha256) {
    const std::string path = tree_.dir() / "good";
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    auto hash = Must(HashFile(fd.get(), {algorithm}));
    const ByteVector list = AppendSignature(
        WriteTlv({{.digest = hash.digests[0], .path = "/good", .mode = {}}}),
        SignatureFormat::kOpenPgp, AsBytes("signature"));
    lists_dir_.Write("0-tlv-test", AsText(list));
  }

 private:
  static constexpr auto kVerity = HashAlgorithm::kVeritySha256;
  std::optional<VerityFile> AskBelow(int fd) const {
    if (!has_verity_) return std::nullopt;
    const auto hash = Must(HashFile(fd, {kVerity}));
    return VerityFile{hash.digests[0], hash.tags->file_bytes()};
  }

  bool has_verity_ = false;
  LowerTree tree_;
  TempDir lists_dir_;
  WillingMeasurer measurer_;
  UniqueFd root_fd_;
  std::unique_ptr<ListStore> lists_;
  std::unique_ptr<Appraiser> appraiser_;
};

}  // namespace assayfs::testing
