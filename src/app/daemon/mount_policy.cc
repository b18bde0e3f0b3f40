// SPDX-License-Identifier: Apache-2.0
// The policy of a mount: loaded, and fit for it.
#include "app/daemon/mount_policy.h"

#include <filesystem>
#include <utility>

#include "appraise/withdrawals.h"
#include "base/bytes.h"

namespace assayfs {
namespace {

// A file that was cut off must not end enforcement.
Result<void> CheckNotEmpty(const Policy& policy) {
  if (!policy.rules.empty()) return {};
  return Fail(EINVAL, "policy " + policy.name +
                          " has no rules; to judge nothing, use --mode off");
}

// Lists that the policy does not appraise would vouch for nothing.
Result<void> CheckListsCount(const Policy& policy) {
  if (!AppraisesFiles(policy) || policy.appraised_lists != Extent::kNone) {
    return {};
  }
  return Fail(EINVAL, "policy " + policy.name +
                          " appraises files, but no digest lists, so every "
                          "file would be denied; add \"appraise "
                          "func=DIGEST_LIST_CHECK\"");
}

// What lists say of a path that nobody opens can be asked of all lists only.
Result<void> CheckBinding(const MountSettings& settings, const Policy& policy) {
  const Binding binding = BindingOf(policy);
  if (binding.link && !BindsLinks(policy)) {
    return Fail(EINVAL, "bind=link binds nothing: policy " + policy.name +
                            " has no rule for reading (func=FILE_CHECK, or "
                            "none) that appraises");
  }
  if (!binding.attributes() || settings.list_order == ListOrder::kSorted) {
    return {};
  }
  return Fail(EINVAL,
              "bind= needs --log-order sorted for mode, owner, caps and link: "
              "what is not loaded says nothing of them");
}

// What a revoked key signed is signed by nobody.
void Apply(const Revocations& revocations, LoadedPolicy& loaded) {
  for (PolicyFile& file : loaded.files) {
    if (!file.signer) continue;
    const std::string why = WhyRevoked(*file.signer, {}, {}, revocations);
    if (why.empty()) continue;
    file.signer.reset();
    file.unsigned_because = "revoked by \"" + why + "\"";
  }
}

// Under which name a file of a policy has a floor, which no package has.
std::string FloorNameOf(const std::string& file) {
  const std::string name = std::filesystem::path(file).filename();
  return "policy:" + Printable(name, Spaces::kEscape);
}

// 0 if it has none, or nobody signed it.
std::uint32_t SignedVersionOf(const LoadedPolicy& loaded,
                              const PolicyFile& file) {
  return file.signer ? loaded.policy.VersionOf(file.origin) : 0;
}

}  // namespace

Result<LoadedPolicy> LoadMountPolicy(const MountSettings& settings,
                                     const SignatureVerifier& keys,
                                     const Revocations& revocations,
                                     const Policy* judge) {
  auto loaded = LoadPolicy(settings.policy, settings.pcr, &keys);
  if (!loaded) return loaded;
  Apply(revocations, *loaded);
  auto passed = AppraisePolicy(loaded->policy, *loaded);
  if (passed && judge != nullptr) passed = AppraisePolicy(*judge, *loaded);
  if (!passed) return Fail(std::move(passed).error());
  loaded->policy = Bind(std::move(loaded->policy), settings.bind);
  auto usable = CheckNotEmpty(loaded->policy);
  if (usable) usable = CheckListsCount(loaded->policy);
  if (usable) usable = CheckBinding(settings, loaded->policy);
  if (!usable) return Fail(std::move(usable).error());
  return loaded;
}

Result<void> CheckFitsMount(EnforceAt at, const Binding& made_for,
                            const Policy& policy) {
  const Binding binding = BindingOf(policy);
  if (at == EnforceAt::kRead && (DependsOnOpen(policy) || binding.any())) {
    return Fail(EINVAL,
                "policy " + policy.name +
                    " now asks who opens a file, or how, or binds it to its "
                    "path, which is not known when it is read; mount again, "
                    "with --enforce-at open");
  }
  if ((binding.attributes() && !made_for.attributes()) ||
      (binding.link && !made_for.link)) {
    return Fail(EINVAL, "policy " + policy.name +
                            " now binds attributes or links, which this mount "
                            "was not made for; mount again");
  }
  return {};
}

std::vector<PolicyFloor> FloorsOf(const LoadedPolicy& loaded) {
  std::vector<PolicyFloor> floors;
  for (const PolicyFile& file : loaded.files) {
    const auto version = SignedVersionOf(loaded, file);
    if (version == 0) continue;
    floors.push_back({FloorNameOf(file.origin), std::to_string(version)});
  }
  return floors;
}

std::string FloorFor(const Floors& floors, const Policy& policy) {
  return floors.Of(FloorNameOf(policy.name));
}

Result<void> CheckPolicyFloors(const Floors& floors,
                               const LoadedPolicy& loaded) {
  for (const PolicyFile& file : loaded.files) {
    if (file.built_in) continue;
    const std::string name = FloorNameOf(file.origin);
    const std::string version = std::to_string(SignedVersionOf(loaded, file));
    if (!floors.IsBehind(name, version)) continue;
    return Fail(EKEYREJECTED, "policy " + file.origin + ": rolled back: " +
                                  (version == "0" ? "no version that is signed"
                                                  : "version " + version) +
                                  ", but version " + floors.Of(name) +
                                  " was in force");
  }
  return {};
}

}  // namespace assayfs
