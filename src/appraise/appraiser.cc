// SPDX-License-Identifier: Apache-2.0
// Appraiser: from a use of a file to an answer.
#include "appraise/appraiser.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "appraise/bound_tree.h"
#include "appraise/content_keeper.h"
#include "appraise/evidence.h"
#include "appraise/file_measurer.h"
#include "appraise/list_hint.h"
#include "appraise/tree_path.h"
#include "base/files.h"

namespace assayfs {
namespace {

// An open of content that no list knows waits this long for lists whose change
// was noticed before it. Longer than it takes to load a thousand lists.
constexpr std::chrono::milliseconds kListWait{5000};

// How often the lists may bring new algorithms while one file is judged.
constexpr int kMaxTries = 4 + static_cast<int>(kHashAlgorithmCount);

constexpr std::string_view kElfMagic = "\177ELF";

}  // namespace

// All that led to an answer.
struct Assessment {
  Appraiser::Answer answer;
  Use use;
  std::shared_ptr<const Policy> policy;  // keeps decision.rule valid
  std::shared_ptr<const DigestIndex> index;
  std::shared_ptr<const Content> content;  // null if it was not needed
  std::vector<DigestIndex::Entry> known;
  std::vector<DigestIndex::Entry> expected;
  bool cached = false;
  std::string detail;
};

struct Appraiser::Impl {
  Impl(Options given, ListStore& store, Measurer& measurer)
      : options(std::move(given)),
        lists(store),
        policy(std::make_shared<const Policy>(std::move(options.policy))),
        tree(options.root_fd, std::move(options.unbound)),
        file_measurer(measurer) {}

  Result<Assessment> Assess(int fd, const Use& use, const GiveUp& give_up);
  Result<Evidence> Gather(int fd, const Demand& demand, const GiveUp& give_up,
                          Assessment& assessment);
  Result<bool> LoadNeeded(int fd, const Assessment& assessment,
                          const GiveUp& give_up);
  void LookUp(int fd, const Demand& demand, Assessment& assessment,
              Evidence& evidence);
  void Record(int fd, const Assessment& assessment);
  void TellOfFallen(const ListStore::Gone& gone);

  Options options;
  ListStore& lists;
  Guarded<std::shared_ptr<const Policy>> policy;
  const BoundTree tree;
  std::unique_ptr<ContentKeeper> contents;
  FileMeasurer file_measurer;
  std::atomic<std::uint64_t> allowed = 0;
  std::atomic<std::uint64_t> denied = 0;
};

// Looks the content up in the lists.
void Appraiser::Impl::LookUp(int fd, const Demand& demand,
                             Assessment& assessment, Evidence& evidence) {
  const DigestIndex& index = *assessment.index;
  const Content& content = *assessment.content;
  assessment.known = FindContent(index, content, demand.rule());
  assessment.detail =
      AddKnown(index, content, demand, assessment.known, evidence);
  if (evidence.known) {
    if (demand.appraise == nullptr) return;
    auto agreement = tree.Compare(fd, demand.appraise->bind, assessment.known);
    evidence.in_place = agreement.in_place;
    evidence.attributes_hold = agreement.attributes_hold;
    if (demand.appraise->bind.mode) assessment.answer.mode = agreement.mode;
    assessment.detail = std::move(agreement.detail);
    return;
  }
  assessment.expected.clear();
  for (const std::string& path : ListedSpellings(options.root_fd, fd)) {
    const auto found = index.FindPath(path);
    std::ranges::copy_if(
        found, std::back_inserter(assessment.expected), [&](const auto& entry) {
          return entry.withdrawn == nullptr &&
                 Counts(demand.rule(), entry.digest().algorithm());
        });
  }
  evidence.path_listed = !assessment.expected.empty();
}

// Has lists loaded that may know the content, and waits for them however long
// that takes: what they know must not be refused. False if there are none.
// Errors: EINTR if told to give up.
Result<bool> Appraiser::Impl::LoadNeeded(int fd, const Assessment& assessment,
                                         const GiveUp& give_up) {
  constexpr std::chrono::milliseconds kStep(50);
  const std::uint64_t ticket = lists.Need(
      assessment.content->digests, assessment.index->lists(), ListHint(fd));
  if (ticket == 0) return false;
  do {
    if (give_up && give_up()) return Fail(EINTR, "lists are being loaded");
  } while (!lists.WaitUntilLoaded(kStep, ticket));
  return true;
}

// Errors: EINTR if told to give up. Other failures are part of the evidence.
Result<Evidence> Appraiser::Impl::Gather(int fd, const Demand& demand,
                                         const GiveUp& give_up,
                                         Assessment& assessment) {
  const auto algorithms = [&] {
    return AlgorithmsFor(*assessment.index, demand, lists.waiting());
  };
  Evidence evidence;
  bool waited = false;
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    const auto file = StampFile(fd);
    if (!file) {
      evidence.failed = true;
      assessment.detail = file.error().message();
      return evidence;
    }
    evidence.regular = file->regular;
    if (!file->regular) return evidence;
    assessment.index = lists.Current();
    auto learned = contents->Learn(fd, *file, algorithms(), give_up);
    if (!learned) {
      if (learned.error().code() == EINTR) return Fail(learned.error());
      evidence.writer_active = learned.error().code() == EBUSY;
      evidence.failed = !evidence.writer_active;
      assessment.detail = learned.error().message();
      return evidence;
    }
    assessment.content = std::move(learned->content);
    assessment.cached = learned->cached;
    // Hashing may have taken long: the lists that count are those of now.
    if (!assessment.cached) assessment.index = lists.Current();
    if (!Covers(*assessment.content, algorithms())) continue;
    LookUp(fd, demand, assessment, evidence);
    const bool agrees = evidence.in_place && evidence.attributes_hold;
    if (evidence.known && agrees) return evidence;
    // The answer would be no: make sure that it is not for a list that nobody
    // needed before, or that is on its way.
    if (const std::size_t waiting = lists.waiting(); waiting > 0) {
      const auto more = LoadNeeded(fd, assessment, give_up);
      if (!more) return Fail(more.error());
      if (*more && lists.waiting() < waiting) --attempt;  // so this ends
      if (*more) continue;
    }
    if (waited) return evidence;
    if (give_up && give_up()) return Fail(EINTR, "lists are being loaded");
    lists.WaitUntilLoaded(kListWait);
    waited = true;
    const bool same = lists.Current()->epoch() == assessment.index->epoch();
    if (same && lists.waiting() == 0) return evidence;
  }
  evidence.failed = true;
  assessment.detail = "the digest lists keep changing";
  return evidence;
}

Result<Assessment> Appraiser::Impl::Assess(int fd, const Use& use,
                                           const GiveUp& give_up) {
  Assessment assessment;
  assessment.use = use;
  assessment.policy = policy.With([](const auto& current) { return current; });
  assessment.use.elf =
      NeedsElf(*assessment.policy) && StartsWith(fd, kElfMagic);
  Answer& answer = assessment.answer;
  answer.permitted = true;
  const Demand demand = Match(*assessment.policy, assessment.use);
  if (options.mode == Mode::kOff || demand.rule() == nullptr) return assessment;

  const auto evidence = Gather(fd, demand, give_up, assessment);
  if (!evidence) return Fail(evidence.error());
  answer.decision = Decide(demand, *evidence);
  answer.permitted = Permits(options.mode, answer.decision.verdict);
  if (!assessment.content) return assessment;
  answer.content_id = assessment.content->content_id;
  if (options.mode == Mode::kEnforce && demand.appraise != nullptr) {
    answer.tags = assessment.content->tags;
  }
  return assessment;
}

void Appraiser::Impl::Record(int fd, const Assessment& assessment) {
  if (!options.record) return;
  const Decision& decision = assessment.answer.decision;
  DenialRecord record;
  record.path = TreePath(options.root_fd, fd);
  record.use = assessment.use;
  record.decision = decision;
  record.decision.rule = nullptr;  // the policy may be gone when it is read
  if (decision.rule != nullptr) record.rule_text = decision.rule->text;
  if (assessment.content) record.digest = assessment.content->digests.front();
  record.detail = assessment.detail;
  if (decision.reason == Reason::kModified) {
    const auto& entry = assessment.expected.front();
    record.detail =
        "list " + entry.list->name + " gives " + entry.digest().ToString();
  }
  record.permitted = assessment.answer.permitted;
  options.record(record);
}

// Tells of content that may not be read any more without lists that went.
void Appraiser::Impl::TellOfFallen(const ListStore::Gone& gone) {
  const auto index = lists.Current();
  // Where files are judged at each open, only what is withdrawn is told of.
  if (!options.content_fell && (gone.again || !Withdraws(*index))) return;
  std::unordered_set<std::uint64_t> lost;
  for (const auto& list : gone.lists) {
    for (std::size_t file = 0; file < list->files.size(); ++file) {
      lost.insert(list->files.DigestOf(file).Beginning());
    }
  }
  const auto current = policy.With([](const auto& held) { return held; });
  const Demand demand = Match(*current, Use{});
  const auto algorithms = AlgorithmsFor(*index, demand, lists.waiting());
  std::vector<FileId> withdrawn;
  const bool revoked = !gone.digests.empty();
  const auto affected = revoked ? contents->All() : contents->WithDigests(lost);
  for (const auto& [id, content] : affected) {
    // In another algorithm than before: content may have any digest.
    const bool unsure = revoked && !Covers(*content, algorithms);
    Evidence evidence;
    const auto known = FindContent(*index, *content, demand.rule());
    AddKnown(*index, *content, demand, known, evidence);
    const Verdict verdict = Decide(demand, evidence).verdict;
    // A program may run by another rule than the one for reading.
    Evidence any;
    AddKnown(*index, *content, {}, FindContent(*index, *content, {}), any);
    if (evidence.withdrawn || any.withdrawn) withdrawn.push_back(id);
    const bool fell = unsure || !Permits(options.mode, verdict);
    if (fell && options.content_fell) options.content_fell(id);
  }
  if (options.withdrawn && !withdrawn.empty() && !gone.again) {
    options.withdrawn(withdrawn);
  }
}

Appraiser::Appraiser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Appraiser::~Appraiser() { impl_->lists.Listen({}); }

Result<std::unique_ptr<Appraiser>> Appraiser::Create(Options options,
                                                     ListStore& lists,
                                                     Measurer& measurer) {
  auto impl = std::make_unique<Impl>(std::move(options), lists, measurer);
  auto contents =
      ContentKeeper::Start(impl->options.max_leases,
                           {.changed = impl->options.content_changed,
                            .unguarded = impl->options.unguarded,
                            .fell = impl->options.content_fell},
                           impl->options.ask_below);
  if (!contents) return Fail(contents.error());
  impl->contents = std::move(*contents);
  lists.Listen([judge = impl.get()](const ListStore::Gone& gone) {
    judge->TellOfFallen(gone);
  });
  return std::unique_ptr<Appraiser>(new Appraiser(std::move(impl)));
}

Result<Appraiser::Answer> Appraiser::Judge(int fd, const Use& use,
                                           const GiveUp& give_up) {
  auto assessment = impl_->Assess(fd, use, give_up);
  if (!assessment) return Fail(assessment.error());
  const Decision& decision = assessment->answer.decision;
  if (decision.measure_file) {
    const Digest* digest =
        FindAlgorithm(*assessment->content, HashAlgorithm::kSha256);
    impl_->file_measurer.Add(TreePath(impl_->options.root_fd, fd), *digest);
  }
  if (decision.verdict == Verdict::kAllow) {
    impl_->allowed.fetch_add(1, std::memory_order_relaxed);
  } else if (decision.verdict != Verdict::kUnjudged) {
    impl_->denied.fetch_add(1, std::memory_order_relaxed);
    impl_->Record(fd, *assessment);
  }
  Answer answer = std::move(assessment->answer);
  answer.decision.rule = nullptr;  // lives only as long as its policy
  return answer;
}

bool Appraiser::Judges(const Use& use) const {
  if (impl_->options.mode == Mode::kOff) return false;
  const auto current = policy();
  Use plain = use;
  plain.elf = false;
  Use elf = use;
  elf.elf = true;
  return Match(*current, plain).rule() != nullptr ||
         Match(*current, elf).rule() != nullptr;
}

Appraiser::Checks Appraiser::checks() const {
  if (impl_->options.mode != Mode::kEnforce) return Checks::kNone;
  const auto current = policy();
  if (DependsOnOpen(*current)) return Checks::kSome;
  const bool appraises = Match(*current, Use{}).appraise != nullptr;
  return appraises ? Checks::kAll : Checks::kNone;
}

bool Appraiser::IsGuarded(FileId id, const Stamp& stamp,
                          std::uint64_t content_id) const {
  return impl_->contents->IsGuarded(id, stamp, content_id);
}

bool Appraiser::IsWritten(FileId id) const {
  return impl_->contents->IsWritten(id);
}

Result<void> Appraiser::WaitForWriters(FileId id, const GiveUp& give_up) const {
  return impl_->contents->WaitForWriters(id, give_up);
}

WriterGuard Appraiser::BeginWrite(FileId id) {
  return impl_->contents->BeginWrite(id);
}

void Appraiser::Release(FileId id) { impl_->contents->ReleaseRemoved(id); }

void Appraiser::ReportMismatch(int fd, std::uint64_t content_id,
                               std::uint64_t offset) {
  const auto file = StampFile(fd);
  if (file) impl_->contents->Drop(file->id, content_id);
  DenialRecord record;
  record.path = TreePath(impl_->options.root_fd, fd);
  record.decision = {Verdict::kDeny, Reason::kModified, nullptr, false};
  record.detail = "the block at byte " + std::to_string(offset) +
                  " changed after the file was judged";
  ReportDenied(record);
}

void Appraiser::ReportDenied(const DenialRecord& record) {
  impl_->denied.fetch_add(1, std::memory_order_relaxed);
  if (impl_->options.record) impl_->options.record(record);
}

Result<Appraiser::Explanation> Appraiser::Explain(int fd, const Use& use) {
  const auto assessment = impl_->Assess(fd, use, {});
  if (!assessment) return Fail(assessment.error());
  Explanation out;
  out.answer = assessment->answer;
  out.path = TreePath(impl_->options.root_fd, fd);
  if (const Rule* rule = out.answer.decision.rule) {
    out.rule_text = rule->text;
    out.rule_line = rule->line;
  }
  out.answer.decision.rule = nullptr;
  if (assessment->content) out.digest = assessment->content->digests.front();
  for (const DigestIndex::Entry& entry : assessment->known) {
    const LoadedList& list = *entry.list;
    out.digest = entry.digest();
    out.lists.push_back(
        {list.name, list.format, list.package, list.sha256.Hex(), list.signer,
         list.verified, list.measured,
         entry.withdrawn == nullptr ? "" : entry.withdrawn->why});
  }
  for (const DigestIndex::Entry& entry : assessment->expected) {
    out.expected.push_back(
        {entry.list->name, entry.list->package, entry.digest()});
  }
  out.cached = assessment->cached;
  if (assessment->index) out.epoch = assessment->index->epoch();
  out.detail = assessment->detail;
  return out;
}

void Appraiser::SetPolicy(Policy policy) {
  auto fresh = std::make_shared<const Policy>(std::move(policy));
  impl_->policy.With([&](auto& current) { current = std::move(fresh); });
}

std::shared_ptr<const Policy> Appraiser::policy() const {
  return impl_->policy.With([](const auto& current) { return current; });
}

Mode Appraiser::mode() const { return impl_->options.mode; }

Appraiser::Counters Appraiser::counters() const {
  return {.cached = impl_->contents->remembered(),
          .allowed = impl_->allowed,
          .denied = impl_->denied,
          .hashed_files = impl_->contents->hashed_files(),
          .hashed_bytes = impl_->contents->hashed_bytes(),
          .unmeasured = impl_->file_measurer.lost()};
}

}  // namespace assayfs
