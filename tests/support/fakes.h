// SPDX-License-Identifier: Apache-2.0
// Fakes behind the two seams: a verifier and a measurer, and lists for them.
#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "assayfs/measurer.h"
#include "assayfs/signature_verifier.h"
#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "support/results.h"

namespace assayfs::testing {

// Takes a signature for good if it consists of the text it was made with.
class FakeVerifier : public SignatureVerifier {
 public:
  inline static const std::string kFingerprint = std::string(40, '0');

  explicit FakeVerifier(std::string good = "good") : good_(std::move(good)) {}

  SignatureCheck Verify(SignatureFormat, std::span<const std::byte>,
                        std::span<const std::byte> signature) const override {
    const std::string_view text = AsText(signature);
    ++calls;
    if (text == good_) {
      return {SignatureStatus::kGood, {"00ff", "Tester", {kFingerprint}}, ""};
    }
    if (text == "other") return {SignatureStatus::kNoKey, {}, "key 1234"};
    return {SignatureStatus::kBad, {}, ""};
  }

  mutable std::atomic<int> calls = 0;

 private:
  std::string good_;
};

// Remembers what it was asked to measure, in order.
class FakeMeasurer : public Measurer {
 public:
  MeasureOutcome Measure(std::optional<std::uint32_t> pcr,
                         std::string_view path,
                         std::span<const std::byte> sha256) override {
    const std::lock_guard lock(mutex_);
    if (failing) return {false, "the TPM is on fire"};
    paths_.emplace_back(path);
    pcrs_.push_back(pcr);
    digests_.push_back(ToHex(sha256));
    return {true, ""};
  }
  std::vector<std::string> paths() const {
    const std::lock_guard lock(mutex_);
    return paths_;
  }
  std::vector<std::optional<std::uint32_t>> pcrs() const {
    const std::lock_guard lock(mutex_);
    return pcrs_;
  }
  std::vector<std::string> digests() const {
    const std::lock_guard lock(mutex_);
    return digests_;
  }

  std::atomic<bool> failing = false;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> paths_;
  std::vector<std::string> digests_;
  std::vector<std::optional<std::uint32_t>> pcrs_;
};

inline Digest DigestOf(std::string_view content,
                       HashAlgorithm algorithm = HashAlgorithm::kSha256) {
  return Must(HashBytes(algorithm, AsBytes(content)));
}

// Returns a signed TLV list that knows one file.
inline std::string SignedTlv(std::string_view content, std::string_view path,
                             std::string_view signature = "good",
                             HashAlgorithm algorithm = HashAlgorithm::kSha256) {
  const ByteVector payload =
      WriteTlv({{DigestOf(content, algorithm), std::string(path), {}}});
  const ByteVector bytes =
      AppendSignature(payload, SignatureFormat::kPkcs7, AsBytes(signature));
  return std::string(AsText(bytes));
}

}  // namespace assayfs::testing
