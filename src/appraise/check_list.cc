// SPDX-License-Identifier: Apache-2.0
// CheckList: verify, parse, measure, in this order.
#include "appraise/check_list.h"

#include <algorithm>
#include <utility>

#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/list_name.h"
#include "lists/parse_list.h"

namespace assayfs {
namespace {

// A list as it was read: what its name says, and where its signature begins.
struct OpenedList {
  ListFormat format;
  SplitList split;
};

Result<OpenedList> TakeApart(const RawList& raw) {
  if (!raw.bytes) return Fail(raw.bytes.error());
  const auto name = ParseListName(raw.name);
  if (!name) return Fail(name.error());
  const auto split = SplitSignature(*raw.bytes);
  if (!split) return Fail(split.error());
  return OpenedList{name->format, *split};
}

// Returns who signed the list, or why nobody trusted did.
Result<Signer> CheckSignature(const SplitList& split,
                              const SignatureVerifier& verifier) {
  if (!split.signature) return Fail(ENOKEY, "unsigned");
  const SignatureCheck check = verifier.Verify(
      split.signature->format, split.payload, split.signature->signature);
  if (check.status == SignatureStatus::kGood) return check.signer;
  std::string why(SignatureStatusText(check.status));
  if (!check.detail.empty()) why += ": " + check.detail;
  const bool no_key = check.status == SignatureStatus::kNoKey;
  return Fail(no_key ? ENOKEY : EKEYREJECTED, std::move(why));
}

Result<void> RefuseWeak(const DigestList& list) {
  for (const ListedFile& file : list.files) {
    if (IsStrong(file.digest.algorithm())) continue;
    return Fail(
        EOPNOTSUPP,
        "weak digests: " + std::string(AlgorithmName(file.digest.algorithm())));
  }
  return {};
}

// One list must not stop all files from being hashed: what is built without an
// algorithm, or told to do without it, has none.
Result<void> RefuseUnknown(const PackedFiles& files) {
  for (const HashAlgorithm algorithm : files.Algorithms()) {
    const auto hasher = Hasher::Create(algorithm);
    if (!hasher) {
      return Fail(Error(hasher.error()).WithContext("unknown digests"));
    }
  }
  return {};
}

Result<PackedAttributes> ReadAttributes(const OpenedList& list_file,
                                        const ListRules& rules) {
  if (!rules.attributes || list_file.format != ListFormat::kRpm) {
    return PackedAttributes();
  }
  const auto all = ParseRpmFileMetadata(list_file.split.payload);
  if (!all) return Fail(all.error());
  return PackedAttributes(all->files);
}

}  // namespace

std::string_view RefusalReason(const Error& error) {
  const std::string_view message = error.message();
  const auto reason = message.substr(0, message.find(':'));
  const auto known = std::ranges::find(kRefusalReasons, reason);
  return known == kRefusalReasons.end() ? kRefusalReasons.front() : *known;
}

Result<LoadedList> CheckList(const RawList& raw,
                             const SignatureVerifier& verifier,
                             const ListRules& rules) {
  const auto list_file = TakeApart(raw);
  if (!list_file) return Fail(list_file.error());
  auto signer = CheckSignature(list_file->split, verifier);
  if (!signer && rules.require_signature) return Fail(signer.error());
  auto sha256 = HashBytes(HashAlgorithm::kSha256, *raw.bytes);
  if (!sha256) return Fail(sha256.error());
  auto list = ParseList(list_file->format, list_file->split.payload);
  if (!list) return Fail(list.error());
  if (!rules.allow_weak) {
    if (auto strong = RefuseWeak(*list); !strong) return Fail(strong.error());
  }
  PackedFiles files(list->files);
  if (auto known = RefuseUnknown(files); !known) return Fail(known.error());
  if (signer && rules.revocations != nullptr) {
    auto counts = RefuseRevoked(*signer, list->package_name,
                                list->package_version, *rules.revocations);
    if (!counts) return Fail(counts.error());
  }
  auto attributes = ReadAttributes(*list_file, rules);
  if (!attributes) return Fail(attributes.error());
  return LoadedList{.name = raw.name,
                    .origin = raw.origin,
                    .format = list->format,
                    .package = std::move(list->package),
                    .package_name = std::move(list->package_name),
                    .package_version = std::move(list->package_version),
                    .files = std::move(files),
                    .attributes = std::move(*attributes),
                    .sha256 = *sha256,
                    .signer = signer ? *signer : Signer{},
                    .verified = signer.has_value(),
                    .file = raw.file};
}

Result<SignedPayload> CheckListSignature(const RawList& raw,
                                         const SignatureVerifier& verifier) {
  const auto list_file = TakeApart(raw);
  if (!list_file) return Fail(list_file.error());
  auto signer = CheckSignature(list_file->split, verifier);
  if (!signer) return Fail(signer.error());
  return SignedPayload{list_file->format, list_file->split.payload,
                       std::move(*signer)};
}

std::optional<ListRules::Pcr> PcrFor(const ListRules& rules,
                                     const std::string& origin,
                                     const std::optional<ListFile>& file) {
  if (!rules.pcr_for) return ListRules::Pcr{};
  return rules.pcr_for(origin, file);
}

Result<void> MeasureList(LoadedList& list, const ListRules& rules,
                         Measurer& measurer) {
  const auto pcr = PcrFor(rules, list.origin, list.file);
  if (!pcr) return {};
  const auto outcome =
      measurer.Measure(pcr->number, list.origin, list.sha256.value());
  if (!outcome.measured) return Fail(EIO, "not measured: " + outcome.error);
  list.measured = true;
  return {};
}

}  // namespace assayfs
