// SPDX-License-Identifier: Apache-2.0
// Judging: everything of one mount that decides, put together.
#include "app/daemon/judging.h"

#include <algorithm>
#include <utility>

#include "app/daemon/list_sources.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

bool Appraises(const Policy& policy) {
  return std::ranges::any_of(policy.rules, [](const Rule& rule) {
    return rule.action == Action::kAppraise;
  });
}

// Without lists, a mount that enforces would deny every file.
Result<void> CheckUsable(const MountSettings& settings, const Policy& policy,
                         ListStore& store) {
  if (settings.mode != Mode::kEnforce || !Appraises(policy)) return {};
  if (!store.Current()->lists().empty()) return {};
  std::string message;
  for (const std::string& source : settings.lists) {
    message += (message.empty() ? "" : ", ") + source;
  }
  const auto rejected = store.Rejected();
  if (rejected.empty()) {
    message += ": no digest lists there";
  } else {
    message += ": none of " + std::to_string(rejected.size()) +
               " digest lists can be used (" + rejected.front().name + ": " +
               rejected.front().error + ")";
  }
  return Fail(ENOENT, message +
                          ", so every file would be denied; make lists with "
                          "`assayfs lists gen`, or use --mode log");
}

}  // namespace

Result<std::unique_ptr<Judging>> Judging::Create(const MountSettings& settings,
                                                 int root_fd,
                                                 MountAccess access,
                                                 Surroundings surroundings) {
  auto policy = LoadPolicy(settings.policy);
  if (!policy) return Fail(policy.error());
  auto point = ChooseEnforcementPoint(settings.enforce_at, access, *policy);
  if (!point) return Fail(point.error());
  auto keys = Keyring::Load(settings.keys);
  if (!keys) return Fail(keys.error());
  auto sources = MakeListSources(settings.lists);
  if (!sources) return Fail(sources.error());

  std::unique_ptr<Judging> judging(new Judging(settings));
  judging->point_ = std::move(*point);
  judging->key_problems_.With(
      [&](auto& problems) { problems = (*keys)->problems(); });
  auto log = MeasurementLog::Open({.log_path = settings.log_path,
                                   .pcr = settings.pcr,
                                   .tpm = settings.tpm,
                                   .tcti = settings.tcti});
  if (!log && log.error().code() == ENODEV) {
    return Fail(ENODEV, log.error().message() +
                            "; name one with --tcti, or use --tpm auto");
  }
  if (!log) return Fail(log.error());
  judging->log_ = std::move(*log);
  auto lists = ListStore::Open(
      {.sources = std::move(*sources),
       .rules = {.allow_weak = settings.allow_weak, .require_signature = true}},
      *keys, *judging->log_);
  if (!lists) return Fail(lists.error());
  judging->lists_ = std::move(*lists);
  const auto usable = CheckUsable(settings, *policy, *judging->lists_);
  if (!usable) return Fail(usable.error());

  Appraiser::Options options;
  options.policy = std::move(*policy);
  options.mode = settings.mode;
  options.root_fd = root_fd;
  options.max_leases = surroundings.max_leases;
  options.record = std::move(surroundings.record);
  options.content_changed = std::move(surroundings.content_changed);
  options.unguarded = std::move(surroundings.unguarded);
  if (judging->point_.at == EnforceAt::kRead) {
    options.content_fell = std::move(surroundings.content_fell);
    judging->policy_changed_ = std::move(surroundings.policy_changed);
  }
  auto appraiser =
      Appraiser::Create(std::move(options), *judging->lists_, *judging->log_);
  if (!appraiser) return Fail(appraiser.error());
  judging->appraiser_ = std::move(*appraiser);
  return judging;
}

Result<void> Judging::Reload() {
  // Whatever can fail comes first; the lists are the last that can.
  auto policy = LoadPolicy(settings_.policy);
  if (!policy) return Fail(policy.error());
  if (point_.at == EnforceAt::kRead && DependsOnOpen(*policy)) {
    return Fail(EINVAL,
                "policy " + policy->name +
                    " now asks who opens a file, or how, which is not known "
                    "when it is read; mount again, with --enforce-at open");
  }
  auto keys = Keyring::Load(settings_.keys);
  if (!keys) return Fail(keys.error());
  auto loaded = lists_->Reload(*keys);
  if (!loaded) return Fail(loaded.error());
  appraiser_->SetPolicy(std::move(*policy));
  if (policy_changed_) policy_changed_();
  key_problems_.With([&](auto& problems) { problems = (*keys)->problems(); });
  return {};
}

std::vector<std::string> Judging::Problems() const {
  auto lines =
      key_problems_.With([](const auto& problems) { return problems; });
  for (const auto& [name, error] : lists_->Rejected()) {
    lines.push_back("list " + name + ": " + error);
  }
  return lines;
}

}  // namespace assayfs
