// SPDX-License-Identifier: Apache-2.0
// Replay: what of recorded uses a policy and lists would deny.
#include "app/uses/replay.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/uses/decide_use.h"
#include "app/uses/known_lists.h"
#include "appraise/tree_path.h"

namespace assayfs {
namespace {

std::vector<std::string> PathsOf(const LoggedUse& use) {
  const auto& paths = use.use.texts[static_cast<std::size_t>(TextFact::kPath)];
  return paths.empty() ? std::vector{use.seeming} : paths;
}

std::optional<std::uint32_t> NumberOf(const LoggedUse& use, NumberFact which) {
  return use.use.numbers[static_cast<std::size_t>(which)];
}

KnownFile KnownOf(const LoggedUse& use) {
  KnownFile known;
  known.digests = use.digests;
  known.paths = ListedSpellings(PathsOf(use));
  known.regular = use.mode == 0 ? use.reason != ReasonName(Reason::kNotRegular)
                                : S_ISREG(use.mode);
  known.writer_active = use.reason == ReasonName(Reason::kWriterActive);
  known.failed = use.reason == ReasonName(Reason::kIoError);
  known.attributes.info.st_mode = use.mode;
  known.comparable.path = true;
  known.comparable.mode = use.mode != 0;
  const auto owner = NumberOf(use, NumberFact::kFowner);
  const auto group = NumberOf(use, NumberFact::kFgroup);
  // Whether the owner matters at all may depend on the mode.
  known.comparable.owner = owner && group && use.mode != 0;
  known.attributes.info.st_uid = owner.value_or(0);
  known.attributes.info.st_gid = group.value_or(0);
  return known;
}

bool IsRevoked(const DigestIndex& index, const LoggedUse& use) {
  return std::ranges::any_of(use.digests, [&index](const Digest& digest) {
    return index.withdrawals()->revocations.Has(digest);
  });
}

// Says whether no digest that is missing could change the decision.
bool IsCertain(const UseDecision& decided, const KnownFile& file,
               const std::vector<HashAlgorithm>& missing,
               const DigestIndex& index, const LoggedUse& use) {
  if (missing.empty() || !file.regular || file.writer_active || file.failed ||
      IsRevoked(index, use)) {
    return true;
  }
  if (decided.decision.verdict != Verdict::kAllow) return false;
  const auto& revoked = index.withdrawals()->revocations.digests();
  return std::ranges::none_of(missing, [&revoked](HashAlgorithm algorithm) {
    return std::ranges::count(revoked, algorithm, &Digest::algorithm) > 0;
  });
}

std::string WhyUndecided(const std::vector<HashAlgorithm>& missing) {
  std::string text = "no digest in";
  for (const HashAlgorithm algorithm : missing) {
    text += " " + std::string(AlgorithmName(algorithm));
  }
  return text + " was recorded";
}

// Says whether the verdict that was recorded is a denial; nothing if none was.
// With --mode log the use went ahead all the same.
std::optional<bool> WasDenied(const LoggedUse& use) {
  if (use.verdict.empty()) return std::nullopt;
  return use.verdict == VerdictName(Verdict::kDeny) ||
         use.verdict == VerdictName(Verdict::kError);
}

void CountNotCompared(const Binding& binding, Replay& replay) {
  const auto count = [&replay](bool one, const char* word) {
    if (one) ++replay.not_compared[word];
  };
  count(binding.path, "path");
  count(binding.mode, "mode");
  count(binding.owner, "owner");
  count(binding.caps, "caps");
  count(binding.link, "link");
}

// Takes uses one by one.
class Replayer {
 public:
  Replayer(const Policy& policy, const DigestIndex& index, const Owners& owners)
      : policy_(policy), index_(index), owners_(owners) {}

  void Add(const LoggedUse& use) {
    ++replay_.uses;
    const DemandList demands = Match(policy_, use.use);
    const KnownFile file = KnownOf(use);
    const UseDecision decided =
        DecideUse(policy_, index_, demands, file, owners_);
    CountNotCompared(decided.not_compared, replay_);
    std::vector<HashAlgorithm> missing;
    if (decided.appraised) {
      missing = MissingAlgorithms(index_, demands.all(), use.digests);
    }
    if (!IsCertain(decided, file, missing, index_, use)) {
      auto replayed = Replayed(use, file, decided.decision);
      replayed.detail = WhyUndecided(missing);
      replay_.undecided.push_back(std::move(replayed));
    } else if (!Permits(Mode::kEnforce, decided.decision.verdict)) {
      AddDenied(use, file, decided);
    } else if (WasDenied(use).value_or(false)) {
      ++replay_.no_longer_denied;
    }
  }

  Replay Finish() && { return std::move(replay_); }

 private:
  ReplayedUse Replayed(const LoggedUse& use, const KnownFile& file,
                       const Decision& decision) const {
    ReplayedUse replayed;
    replayed.logged = &use;
    replayed.verdict = decision.verdict;
    replayed.reason = decision.reason;
    if (decision.rule != nullptr) replayed.rule = PlaceOf(*decision.rule);
    replayed.package = PackageNaming(index_, file.paths);
    return replayed;
  }

  void AddDenied(const LoggedUse& use, const KnownFile& file,
                 const UseDecision& decided) {
    auto replayed = Replayed(use, file, decided.decision);
    replayed.detail = decided.grounds.detail;
    replayed.is_new = !WasDenied(use).value_or(true);
    if (replayed.is_new) ++replay_.new_denials;
    replay_.denied.push_back(std::move(replayed));
    Content content;
    content.digests = use.digests;
    if (use.digests.empty() || IsRevoked(index_, use)) return;
    if (!FindContent(index_, content, nullptr).empty()) return;
    replay_.unknown.insert({use.path(), use.digests});
  }

  const Policy& policy_;
  const DigestIndex& index_;
  const Owners& owners_;
  Replay replay_;
};

}  // namespace

Replay ReplayUses(const std::vector<LoggedUse>& uses, const Policy& policy,
                  const DigestIndex& index, const Owners& owners) {
  Replayer replayer(policy, index, owners);
  for (const LoggedUse& use : uses) replayer.Add(use);
  return std::move(replayer).Finish();
}

}  // namespace assayfs
