// SPDX-License-Identifier: Apache-2.0
// Judging: everything of one mount that decides, put together.
#include "app/daemon/judging.h"

#include <algorithm>
#include <utility>

#include "app/daemon/floor_file.h"
#include "app/daemon/mount_policy.h"
#include "app/lists/list_sources.h"
#include "app/revoked.h"
#include "appraise/evidence.h"
#include "appraise/use_facts.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

// Without lists, a mount that enforces would deny every file.
Result<void> CheckUsable(const MountSettings& settings, const Policy& policy,
                         const ListStore::Reading& reading) {
  if (settings.may_deny_all || settings.mode != Mode::kEnforce ||
      !AppraisesFiles(policy)) {
    return {};
  }
  if (reading.waiting > 0) return {};
  const auto counts = [&](const std::shared_ptr<const LoadedList>& list) {
    return !WhyWithdrawn(*list, *reading.withdrawals) &&
           IsAppraised(policy, *list);
  };
  if (std::ranges::any_of(reading.lists, counts)) return {};
  std::string message;
  for (const std::string& source : settings.lists) {
    message += (message.empty() ? "" : ", ") + source;
  }
  const auto& rejected = reading.rejected;
  if (!reading.lists.empty()) {
    const LoadedList& first = *reading.lists.front();
    const auto withdrawn = WhyWithdrawn(first, *reading.withdrawals);
    message += withdrawn ? ": all digest lists are withdrawn (" + first.name +
                               ": " + withdrawn->why + ")"
                         : ": the policy appraises none of the digest lists (" +
                               first.name + ": signed by " +
                               first.signer.fingerprint + ")";
  } else if (rejected.empty()) {
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

// settings: borrowed.
ListStore::Basis BasisOf(const MountSettings& settings,
                         std::shared_ptr<const SignatureVerifier> keys,
                         const Policy& coming) {
  const auto policy = std::make_shared<const Policy>(coming);
  return {.verifier = std::move(keys),
          .pcr_for =
              [policy](const std::string& origin,
                       const std::optional<ListFile>& file) {
                return PcrForList(*policy, UseOfOwn(origin, file));
              },
          .check =
              [policy, &settings](const ListStore::Reading& reading) {
                return CheckUsable(settings, *policy, reading);
              }};
}

}  // namespace

Result<std::unique_ptr<Judging>> Judging::Create(const MountSettings& settings,
                                                 int root_fd,
                                                 MountAccess access,
                                                 Surroundings surroundings) {
  auto keys = Keyring::Load(settings.keys);
  if (!keys) return Fail(keys.error());
  const auto revocations = LoadRevocations(settings.revoked);
  if (!revocations) return Fail(revocations.error());
  auto loaded = LoadMountPolicy(settings, **keys, *revocations, nullptr);
  if (!loaded) return Fail(loaded.error());
  const Policy& policy = loaded->policy;
  const auto floors = FloorsOf(*loaded);
  auto point = ChooseEnforcementPoint(
      settings.enforce_at, access,
      surroundings.asked ? Recording::kAll : Recording::kNone, policy);
  if (!point) return Fail(point.error());
  const Binding binding = BindingOf(policy);

  std::unique_ptr<Judging> judging(new Judging(settings));
  judging->binding_ = binding;
  judging->point_ = std::move(*point);
  judging->key_problems_.With(
      [&](auto& problems) { problems = (*keys)->problems(); });
  if (auto opened = judging->OpenLog(*loaded); !opened) {
    return Fail(opened.error());
  }
  if (auto opened = judging->OpenFloors(*loaded); !opened) {
    return Fail(opened.error());
  }
  if (auto opened = judging->OpenLists(BasisOf(settings, *keys, policy));
      !opened) {
    return Fail(opened.error());
  }

  Appraiser::Options options;
  options.policy = std::move(loaded->policy);
  options.mode = settings.mode;
  options.root_fd = root_fd;
  options.unbound = {settings.unbound.begin(), settings.unbound.end()};
  options.max_leases = surroundings.max_leases;
  options.record = std::move(surroundings.record);
  options.asked = std::move(surroundings.asked);
  options.content_changed = std::move(surroundings.content_changed);
  options.unguarded = std::move(surroundings.unguarded);
  options.withdrawn = std::move(surroundings.withdrawn);
  if (judging->point_.at == EnforceAt::kRead) {
    options.content_fell = std::move(surroundings.content_fell);
    judging->policy_changed_ = std::move(surroundings.policy_changed);
  }
  auto appraiser =
      Appraiser::Create(std::move(options), *judging->lists_, *judging->log_);
  if (!appraiser) return Fail(appraiser.error());
  judging->appraiser_ = std::move(*appraiser);
  if (binding.attributes()) {
    judging->names_ = std::make_unique<const NameJudge>(
        *judging->appraiser_, *judging->lists_, root_fd,
        std::set(settings.unbound.begin(), settings.unbound.end()));
  }
  for (const auto& one : floors) {
    judging->lists_->RaiseFloor(one.name, one.version);
  }
  return judging;
}

Result<void> Judging::OpenLog(const LoadedPolicy& loaded) {
  auto log = MeasurementLogs::Open({.log_path = settings_.log_path,
                                    .pcr = settings_.pcr,
                                    .tpm = settings_.tpm,
                                    .tcti = settings_.tcti});
  if (!log && log.error().code() == ENODEV) {
    return Fail(ENODEV, log.error().message() +
                            "; name one with --tcti, or use --tpm auto");
  }
  if (!log) return Fail(log.error());
  log_ = std::move(*log);
  if (auto added = log_->AddPcrs(PcrsOf(loaded.policy)); !added) return added;
  return MeasurePolicy(loaded, *log_);
}

Result<void> Judging::OpenFloors(const LoadedPolicy& loaded) {
  if (settings_.floors.empty()) return {};
  auto file = FloorFile::Open({.path = settings_.floors,
                               .counter = settings_.floors_counter,
                               .tcti = settings_.tcti});
  if (!file) return Fail(file.error());
  floors_ = std::move(*file);
  return CheckPolicyFloors(floors_->floors(), loaded);
}

Result<void> Judging::OpenLists(ListStore::Basis basis) {
  if (auto there = CheckRevokedPath(settings_.revoked); !there) return there;
  auto sources = MakeListSources(settings_.lists);
  if (!sources) return Fail(sources.error());
  ListStore::Options options;
  options.sources = std::move(*sources);
  options.order = settings_.list_order;
  options.rules = {.allow_weak = settings_.allow_weak,
                   .require_signature = true,
                   .attributes = binding_.attributes()};
  options.withdrawals.revocations = settings_.revoked;
  if (floors_) {
    options.withdrawals.floors = floors_->floors();
    options.withdrawals.exempt = {settings_.allow_rollback.begin(),
                                  settings_.allow_rollback.end()};
    options.withdrawals.keep_floors = [this](const Floors& floors) {
      return floors_->Keep(floors);
    };
  }
  auto lists = ListStore::Open(std::move(options), std::move(basis), *log_);
  if (!lists) return Fail(lists.error());
  lists_ = std::move(*lists);
  return {};
}

Result<void> Judging::Reload() {
  const std::lock_guard one_at_a_time(reloading_);
  // Whatever can fail comes first; the lists are the last that can.
  auto keys = Keyring::Load(settings_.keys);
  if (!keys) return Fail(keys.error());
  const auto revocations = LoadRevocations(settings_.revoked);
  if (!revocations) return Fail(revocations.error());
  auto coming = LoadMountPolicy(settings_, **keys, *revocations,
                                appraiser_->policy().get());
  if (!coming) return Fail(coming.error());
  Policy& policy = coming->policy;
  if (auto fits = CheckFitsMount(point_.at, binding_, policy); !fits) {
    return fits;
  }
  auto risen = CheckPolicyFloors(lists_->floors(), *coming);
  if (!risen) return risen;
  if (auto added = log_->AddPcrs(PcrsOf(policy)); !added) return added;
  if (auto measured = MeasurePolicy(*coming, *log_); !measured) return measured;
  auto loaded = lists_->Reload(BasisOf(settings_, *keys, policy));
  if (!loaded) return loaded;
  for (const auto& floor : FloorsOf(*coming)) {
    lists_->RaiseFloor(floor.name, floor.version);
  }
  appraiser_->SetPolicy(std::move(policy));
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
  const auto index = lists_->Current();
  const auto& revocations = index->withdrawals()->revocations;
  lines.insert(lines.end(), revocations.problems().begin(),
               revocations.problems().end());
  for (const auto& list : index->lists()) {
    if (const Withdrawn* withdrawn = index->WhyWithdrawn(*list)) {
      lines.push_back("list " + list->name + ": " + withdrawn->why);
    }
  }
  return lines;
}

}  // namespace assayfs
