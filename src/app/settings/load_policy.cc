// SPDX-License-Identifier: Apache-2.0
// Policies by name or from files, and what a policy asks of policies.
#include "app/settings/load_policy.h"

#include <fcntl.h>

#include <filesystem>
#include <utility>

#include "appraise/use_facts.h"
#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "policy/built_in_policies.h"

namespace assayfs {
namespace {

// Reads the files of one policy.
class Reader {
 public:
  Reader(std::uint32_t pcr, const SignatureVerifier* verifier)
      : pcr_(pcr), verifier_(verifier) {}

  Result<PolicySource> Read(const std::string& name_or_path) {
    auto built_in = FindBuiltInPolicy(name_or_path, pcr_);
    if (built_in) return ReadBuiltIn(std::move(*built_in));
    const RawList raw = ReadList(name_or_path, name_or_path);
    if (raw.bytes) return ReadFile(raw);
    if (raw.bytes.error().code() != ENOENT) {
      const Error& error = raw.bytes.error();
      return Fail(error.code(),
                  name_or_path + ": " +
                      (error.code() == EINVAL ? "not a regular file"
                                              : error.message()));
    }
    return Fail(ENOENT, built_in.error().message() + ", and no such file");
  }

  Result<PolicySource> Include(const std::string& from,
                               const std::string& what) {
    if (FindBuiltInPolicy(what, pcr_)) return Read(what);
    return Read((std::filesystem::path(from).parent_path() / what).string());
  }

  std::vector<PolicyFile> files;

 private:
  Result<PolicySource> ReadBuiltIn(PolicySource source) {
    const auto sha256 = HashBytes(HashAlgorithm::kSha256, AsBytes(source.text));
    if (!sha256) return Fail(sha256.error());
    files.push_back({.origin = "built-in " + source.name,
                     .sha256 = *sha256,
                     .built_in = true});
    return source;
  }

  Result<PolicySource> ReadFile(const RawList& raw) {
    const auto sha256 = HashBytes(HashAlgorithm::kSha256, *raw.bytes);
    if (!sha256) return Fail(sha256.error());
    const auto split = SplitSignature(*raw.bytes);
    if (!split) return Fail(Error(split.error()).WithContext(raw.origin));
    PolicyFile file{.origin = raw.origin, .sha256 = *sha256, .file = raw.file};
    file.is_signed = split->signature.has_value();
    if (!split->signature) {
      file.unsigned_because = "it is not signed";
    } else if (verifier_ != nullptr) {
      const auto check =
          verifier_->Verify(split->signature->format, split->payload,
                            split->signature->signature);
      if (check.status == SignatureStatus::kGood) {
        file.signer = check.signer;
      } else {
        file.unsigned_because =
            std::string(SignatureStatusText(check.status)) +
            (check.detail.empty() ? "" : " (" + check.detail + ")");
      }
    }
    files.push_back(std::move(file));
    return PolicySource{raw.origin, std::string(AsText(split->payload))};
  }

  const std::uint32_t pcr_;
  const SignatureVerifier* const verifier_;
};

Result<LoadedPolicy> Parse(PolicySource source, Reader& reader,
                           std::vector<PolicyMistake>* mistakes) {
  auto policy = ParsePolicy(
      std::move(source),
      [&reader](const auto& from, const auto& what) {
        return reader.Include(from, what);
      },
      mistakes);
  if (!policy) return Fail(policy.error());
  return LoadedPolicy{std::move(*policy), std::move(reader.files)};
}

DemandList DemandsOn(const Policy& policy, const PolicyFile& file) {
  return MatchOccasion(policy, Func::kPolicyCheck,
                       UseOfOwn(file.origin, file.file));
}

// Returns why a file does not meet a rule; nothing if it does.
std::string WhyNot(const PolicyFile& file, const Rule& rule) {
  const auto& signers = rule.terms.signer;
  if (file.signer && signers && !signers->Accepts(file.signer->keys)) {
    return "signed by " + file.signer->fingerprint;
  }
  return file.unsigned_because;
}

}  // namespace

Result<LoadedPolicy> LoadPolicy(const std::string& name_or_path,
                                std::uint32_t pcr,
                                const SignatureVerifier* verifier,
                                std::vector<PolicyMistake>* mistakes) {
  Reader reader(pcr, verifier);
  auto source = reader.Read(name_or_path);
  if (!source) return Fail(Error(source.error()).WithContext("policy"));
  return Parse(std::move(*source), reader, mistakes);
}

Result<LoadedPolicy> LoadPolicyText(PolicySource source, std::uint32_t pcr,
                                    const SignatureVerifier* verifier,
                                    std::vector<PolicyMistake>* mistakes) {
  Reader reader(pcr, verifier);
  return Parse(std::move(source), reader, mistakes);
}

Result<void> AppraisePolicy(const Policy& judge, const LoadedPolicy& coming) {
  for (const PolicyFile& file : coming.files) {
    if (file.built_in) continue;
    const DemandList demands = DemandsOn(judge, file);
    for (const Demand& demand : demands.all()) {
      if (demand.appraise == nullptr) continue;
      const std::string why = WhyNot(file, *demand.appraise);
      if (why.empty()) continue;
      return Fail(EKEYREJECTED, "policy " + file.origin + ": " + why +
                                    ", but " + PlaceOf(*demand.appraise) +
                                    " asks for \"" + demand.appraise->text +
                                    "\"");
    }
  }
  return {};
}

Result<void> MeasurePolicy(const LoadedPolicy& coming, Measurer& measurer) {
  for (const PolicyFile& file : coming.files) {
    const DemandList demands = DemandsOn(coming.policy, file);
    for (const Demand& demand : demands.all()) {
      if (demand.measure == nullptr) continue;
      const auto outcome = measurer.Measure(demand.measure->terms.pcr,
                                            file.origin, file.sha256.value());
      if (outcome.measured) continue;
      return Fail(EIO,
                  "policy " + file.origin + ": not measured: " + outcome.error);
    }
  }
  return {};
}

}  // namespace assayfs
