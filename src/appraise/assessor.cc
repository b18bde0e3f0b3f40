// SPDX-License-Identifier: Apache-2.0
// Assessor: from a use of a file to a decision and all that led to it.
#include "appraise/assessor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "appraise/list_hint.h"
#include "appraise/stamp.h"
#include "appraise/tree_path.h"

namespace assayfs {
namespace {

// An open of content that no list knows waits this long for lists whose change
// was noticed before it. Longer than it takes to load a thousand lists.
constexpr std::chrono::milliseconds kListWait{5000};

// How often the lists may bring new algorithms while one file is judged.
constexpr int kMaxTries = 4 + static_cast<int>(kHashAlgorithmCount);

constexpr Needs kAllNeeds{.elf = true,
                          .path = true,
                          .owner = true,
                          .file_system = true,
                          .ids = true,
                          .exe = true,
                          .container = true};

}  // namespace

struct Assessor::Found {
  Evidence evidence;
  Grounds grounds;
};

// What is asked of one file, and what was found.
struct Assessor::Task {
  int fd;
  const GiveUp& give_up;
  Assessment& assessment;
  DemandList demands;
  std::vector<Demand> wishes = {};  // what digests are for
  std::vector<Found> found = {};    // for each of demands

  // What is known of the content so far does not count.
  void SetWithoutContent(const Evidence& evidence, std::string detail) {
    assessment.content.reset();
    SetAll(evidence, std::move(detail));
  }
  void SetAll(const Evidence& evidence, std::string detail) {
    Grounds grounds;
    grounds.detail = std::move(detail);
    found.assign(demands.all().size(), {evidence, grounds});
  }
};

Assessor::Assessor(Options options, Policy policy, ListStore& lists,
                   ContentKeeper& contents)
    : root_fd_(options.root_fd),
      everything_(options.everything),
      lists_(lists),
      contents_(contents),
      tree_(options.root_fd, std::move(options.unbound)),
      facts_(options.root_fd),
      policy_(std::make_shared<const Policy>(std::move(policy))) {}

// Looks the content up in the lists. False if the answer would be no.
bool Assessor::LookUp(Task& task, const Demand& demand, Found& found) {
  const Assessment& assessment = task.assessment;
  Grounds& grounds = found.grounds;
  Evidence& evidence = found.evidence;
  grounds = LookUpContent(*assessment.policy, *assessment.index,
                          *assessment.content, demand, evidence);
  if (!evidence.known) {
    AddExpected(*assessment.index, ListedSpellings(root_fd_, task.fd), demand,
                grounds, evidence);
    return false;
  }
  if (demand.appraise == nullptr) return true;
  const Binding& bind = demand.appraise->terms.bind;
  auto agreement = tree_.Compare(
      task.fd, bind, KnownByAppraised(*assessment.policy, grounds.known));
  evidence.in_place = agreement.in_place;
  evidence.attributes_hold = agreement.attributes_hold;
  if (bind.mode) grounds.mode = agreement.mode;
  if (grounds.detail.empty()) grounds.detail = std::move(agreement.detail);
  return agreement.in_place && agreement.attributes_hold;
}

// Has lists loaded that may know the content, and waits for them however long
// that takes: what they know must not be refused. False if there are none.
// Errors: EINTR if told to give up.
Result<bool> Assessor::LoadNeeded(const Task& task) {
  constexpr std::chrono::milliseconds kStep(50);
  const std::uint64_t ticket =
      lists_.Need(task.assessment.content->digests,
                  task.assessment.index->lists(), ListHint(task.fd));
  if (ticket == 0) return false;
  do {
    if (task.give_up && task.give_up()) {
      return Fail(EINTR, "lists are being loaded");
    }
  } while (!lists_.WaitUntilLoaded(kStep, ticket));
  return true;
}

// All demands are on the same content, by the same lists.
// Errors: EINTR if told to give up. Other failures are part of the evidence.
Result<void> Assessor::Gather(Task& task) {
  Assessment& assessment = task.assessment;
  const auto algorithms = [&] {
    return AlgorithmsFor(*assessment.index, task.wishes, lists_.waiting());
  };
  bool waited = false;
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    const auto file = StampFile(task.fd);
    if (!file) {
      task.SetWithoutContent({.failed = true}, file.error().message());
      return {};
    }
    if (!file->regular) {
      task.SetWithoutContent({.regular = false}, {});
      return {};
    }
    assessment.index = lists_.Current();
    auto learned = contents_.Learn(task.fd, *file, algorithms(), task.give_up);
    if (!learned) {
      const int code = learned.error().code();
      if (code == EINTR) return Fail(learned.error());
      task.SetWithoutContent(
          {.writer_active = code == EBUSY, .failed = code != EBUSY},
          learned.error().message());
      return {};
    }
    assessment.content = std::move(learned->content);
    assessment.cached = learned->cached;
    // Hashing may have taken long: the lists that count are those of now.
    if (!assessment.cached) assessment.index = lists_.Current();
    if (!Covers(*assessment.content, algorithms())) continue;
    task.SetAll({}, {});
    bool agrees = true;
    for (std::size_t i = 0; i < task.found.size(); ++i) {
      agrees &= LookUp(task, task.demands.all()[i], task.found[i]);
    }
    if (agrees) return {};
    // The answer would be no: make sure that it is not for a list that nobody
    // needed before, or that is on its way.
    if (const std::size_t waiting = lists_.waiting(); waiting > 0) {
      const auto more = LoadNeeded(task);
      if (!more) return Fail(more.error());
      if (*more && lists_.waiting() < waiting) --attempt;  // so this ends
      if (*more) continue;
    }
    if (waited) return {};
    if (task.give_up && task.give_up()) {
      return Fail(EINTR, "lists are being loaded");
    }
    lists_.WaitUntilLoaded(kListWait);
    waited = true;
    const bool same = lists_.Current()->epoch() == assessment.index->epoch();
    if (same && lists_.waiting() == 0) return {};
  }
  task.SetWithoutContent({.failed = true}, "the digest lists keep changing");
  return {};
}

Result<Assessment> Assessor::Assess(int fd, const Use& use,
                                    const GiveUp& give_up) {
  Assessment assessment;
  assessment.use = use;
  assessment.policy = policy();
  facts_.Find(fd, everything_ ? kAllNeeds : assessment.policy->needs,
              assessment.use);
  Task task{fd, give_up, assessment, Match(*assessment.policy, assessment.use)};
  task.wishes = task.demands.all();
  // One of no rule: in whatever algorithm lists have.
  if (everything_ && use.sees_content()) task.wishes.emplace_back();
  if (task.wishes.empty()) return assessment;
  if (auto gathered = Gather(task); !gathered) return Fail(gathered.error());
  for (std::size_t i = 0; i < task.found.size(); ++i) {
    if (assessment.Add(task.demands.all()[i], task.found[i].evidence)) {
      assessment.grounds = std::move(task.found[i].grounds);
    }
  }
  return assessment;
}

bool Assessor::MayAlwaysBeRead(const Content& content, const DigestIndex& index,
                               Revoked revoked) const {
  const auto current = policy();
  std::vector<const Terms*> asked;
  return std::ranges::all_of(current->rules, [&](const Rule& rule) {
    const bool of_reads = rule.IsFor(Func::kFileCheck, kMayRead) ||
                          rule.IsFor(Func::kMmapCheck, kMayExec);
    if (rule.action != Action::kAppraise || !of_reads) return true;
    const auto same = [&rule](const Terms* other) {
      return *other == rule.terms;
    };
    if (std::ranges::any_of(asked, same)) return true;
    asked.push_back(&rule.terms);
    const Demand demand{.appraise = &rule};
    if (revoked == Revoked::kMore) {
      // Content that was not hashed in an algorithm may have any digest.
      const auto algorithms =
          AlgorithmsFor(index, {&demand, 1}, lists_.waiting());
      if (!Covers(content, algorithms)) return false;
    }
    Evidence evidence;
    AddKnown(*current, index, content, demand,
             FindContent(index, content, &rule), evidence);
    return Decide(demand, evidence).verdict == Verdict::kAllow;
  });
}

void Assessor::Describe(int fd, Use& use) const {
  Needs needs = kAllNeeds;
  needs.elf = false;
  facts_.Find(fd, needs, use);
}

void Assessor::SetPolicy(Policy policy) {
  auto fresh = std::make_shared<const Policy>(std::move(policy));
  policy_.With([&](auto& current) { current = std::move(fresh); });
}

std::shared_ptr<const Policy> Assessor::policy() const {
  return policy_.With([](const auto& current) { return current; });
}

}  // namespace assayfs
