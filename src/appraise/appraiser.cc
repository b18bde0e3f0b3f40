// SPDX-License-Identifier: Apache-2.0
// Appraiser: from a use of a file to an answer.
#include "appraise/appraiser.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include "appraise/assessor.h"
#include "appraise/content_keeper.h"
#include "appraise/evidence.h"
#include "appraise/file_measurer.h"
#include "appraise/tree_path.h"

namespace assayfs {
namespace {

// Contents that were audited; beyond this all are forgotten.
constexpr std::size_t kMaxAudited = 1 << 20;

}  // namespace

struct Appraiser::Impl {
  Impl(Options given, ListStore& store, Measurer& measurer)
      : options(std::move(given)), lists(store), file_measurer(measurer) {}

  Result<Assessment> Assess(int fd, const Use& use, const GiveUp& give_up);
  Answer AnswerOf(const Assessment& assessment) const;
  void Record(int fd, const Assessment& assessment);
  void Audit(int fd, const Assessment& assessment);
  void TellOfFallen(const ListStore::Gone& gone);
  void TellOfAsked(int fd, const AskedUse& asked) const;

  Options options;
  ListStore& lists;
  std::unique_ptr<ContentKeeper> contents;
  std::unique_ptr<Assessor> assessor;
  FileMeasurer file_measurer;
  Guarded<std::unordered_set<std::uint64_t>> audited;  // content_id
  std::atomic<std::uint64_t> allowed = 0;
  std::atomic<std::uint64_t> denied = 0;
};

Result<Assessment> Appraiser::Impl::Assess(int fd, const Use& use,
                                           const GiveUp& give_up) {
  if (options.mode == Mode::kOff) return Assessment{};
  return assessor->Assess(fd, use, give_up);
}

Appraiser::Answer Appraiser::Impl::AnswerOf(
    const Assessment& assessment) const {
  Answer answer;
  answer.decision = assessment.decision;
  // They live only as long as their policy.
  answer.decision.rule = nullptr;
  answer.decision.measure = nullptr;
  answer.permitted = Permits(options.mode, answer.decision.verdict);
  answer.mode = assessment.grounds.mode;
  if (!assessment.content) return answer;
  answer.content_id = assessment.content->content_id;
  if (options.mode == Mode::kEnforce && assessment.appraised) {
    answer.tags = assessment.content->tags;
  }
  return answer;
}

// Once for each content, as long as that is remembered.
void Appraiser::Impl::Audit(int fd, const Assessment& assessment) {
  const std::uint64_t content = assessment.content->content_id;
  const bool is_new = audited.With([content](auto& known) {
    if (known.size() >= kMaxAudited) known.clear();
    return content == 0 || known.insert(content).second;
  });
  if (is_new) Record(fd, assessment);
}

void Appraiser::Impl::Record(int fd, const Assessment& assessment) {
  if (!options.record) return;
  const Answer answer = AnswerOf(assessment);
  const Decision& decision = answer.decision;
  UseRecord record;
  record.path = TreePath(options.root_fd, fd);
  record.use = assessment.use;
  record.decision = decision;
  if (const Rule* rule = assessment.decision.rule)
    record.rule_text = rule->text;
  if (assessment.content) record.digest = assessment.content->digests.front();
  record.detail = assessment.grounds.detail;
  if (decision.reason == Reason::kModified) {
    const auto& entry = assessment.grounds.expected.front();
    record.detail =
        "list " + entry.list->name + " gives " + entry.digest().ToString();
  }
  record.permitted = answer.permitted;
  options.record(record);
}

void Appraiser::Impl::TellOfAsked(int fd, const AskedUse& asked) const {
  struct stat info {};
  // A file that was removed is called nothing.
  if (::fstat(fd, &info) != 0 || info.st_nlink == 0) return;
  options.asked({asked.use, asked.content, asked.decision, info.st_mode,
                 TreePath(options.root_fd, fd)});
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
  const auto current = assessor->policy();
  std::vector<FileId> withdrawn;
  const bool revoked = !gone.digests.empty();
  const auto more =
      revoked ? Assessor::Revoked::kMore : Assessor::Revoked::kSame;
  const auto affected = revoked ? contents->All() : contents->WithDigests(lost);
  for (const auto& [id, content] : affected) {
    // A program may run by another rule than the one for reading.
    Evidence any;
    AddKnown(*current, *index, *content, {},
             FindContent(*index, *content, nullptr), any);
    if (any.withdrawn) withdrawn.push_back(id);
    if (!options.content_fell) continue;
    const bool may_stay = options.mode != Mode::kEnforce ||
                          assessor->MayAlwaysBeRead(*content, *index, more);
    if (!may_stay) options.content_fell(id);
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
  if (options.mode == Mode::kOff) options.asked = nullptr;
  auto impl = std::make_unique<Impl>(std::move(options), lists, measurer);
  auto contents =
      ContentKeeper::Start(impl->options.max_leases,
                           {.changed = impl->options.content_changed,
                            .unguarded = impl->options.unguarded,
                            .fell = impl->options.content_fell},
                           impl->options.ask_below);
  if (!contents) return Fail(contents.error());
  impl->contents = std::move(*contents);
  impl->assessor = std::make_unique<Assessor>(
      Assessor::Options{.root_fd = impl->options.root_fd,
                        .unbound = std::move(impl->options.unbound),
                        .everything = impl->options.asked != nullptr},
      std::move(impl->options.policy), lists, *impl->contents);
  lists.Listen([judge = impl.get()](const ListStore::Gone& gone) {
    judge->TellOfFallen(gone);
  });
  return std::unique_ptr<Appraiser>(new Appraiser(std::move(impl)));
}

Result<Appraiser::Answer> Appraiser::Judge(int fd, const Use& use,
                                           const GiveUp& give_up) {
  const auto assessment = impl_->Assess(fd, use, give_up);
  if (!assessment) return Fail(assessment.error());
  const Decision& decision = assessment->decision;
  for (const Rule* rule : assessment->measures) {
    const Digest* digest =
        assessment->content
            ? FindAlgorithm(*assessment->content, HashAlgorithm::kSha256)
            : nullptr;
    impl_->file_measurer.Add(rule->terms.pcr,
                             TreePath(impl_->options.root_fd, fd),
                             digest ? std::optional(*digest) : std::nullopt);
  }
  const bool denied = !Permits(Mode::kEnforce, decision.verdict);
  if (assessment->audit && !denied) impl_->Audit(fd, *assessment);
  if (decision.verdict == Verdict::kAllow) {
    impl_->allowed.fetch_add(1, std::memory_order_relaxed);
  } else if (decision.verdict != Verdict::kUnjudged) {
    impl_->denied.fetch_add(1, std::memory_order_relaxed);
    impl_->Record(fd, *assessment);
  }
  auto answer = impl_->AnswerOf(*assessment);
  if (impl_->options.asked) {
    impl_->TellOfAsked(
        fd, {assessment->use, assessment->content.get(), answer.decision});
  }
  return answer;
}

void Appraiser::NoteUnjudged(int fd, const Use& use) {
  if (!impl_->options.asked) return;
  Use described = use;
  impl_->assessor->Describe(fd, described);
  impl_->TellOfAsked(fd, {described, nullptr, {}});
}

bool Appraiser::Judges(const Use& use) const {
  if (impl_->options.mode == Mode::kOff) return false;
  if (impl_->options.asked && use.sees_content()) return true;
  return !Match(*policy(), use).empty();
}

Extent Appraiser::checks() const {
  if (impl_->options.mode != Mode::kEnforce) return Extent::kNone;
  return AppraisedReads(*policy());
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
  UseRecord record;
  record.path = TreePath(impl_->options.root_fd, fd);
  record.decision = {Verdict::kDeny, Reason::kModified};
  record.detail = "the block at byte " + std::to_string(offset) +
                  " changed after the file was judged";
  ReportDenied(record);
}

void Appraiser::ReportDenied(const UseRecord& record) {
  impl_->denied.fetch_add(1, std::memory_order_relaxed);
  if (impl_->options.record) impl_->options.record(record);
}

Result<Appraiser::Explanation> Appraiser::Explain(int fd, const Use& use) {
  const auto assessment = impl_->Assess(fd, use, {});
  if (!assessment) return Fail(assessment.error());
  Explanation out;
  out.answer = impl_->AnswerOf(*assessment);
  out.use = assessment->use;
  if (assessment->policy) out.needs = assessment->policy->needs;
  out.path = TreePath(impl_->options.root_fd, fd);
  const Rule* rule = assessment->decision.rule;
  if (rule == nullptr && assessment->policy) {
    rule = FindException(*assessment->policy, assessment->use);
  }
  if (rule != nullptr) {
    out.rule_text = rule->text;
    out.rule_file = rule->file;
    out.rule_line = rule->line;
  }
  if (assessment->content) out.digest = assessment->content->digests.front();
  for (const DigestIndex::Entry& entry : assessment->grounds.known) {
    const LoadedList& list = *entry.list;
    out.digest = entry.digest();
    out.lists.push_back(
        {list.name, list.format, list.package, list.sha256.Hex(), list.signer,
         list.verified, list.measured,
         entry.withdrawn == nullptr ? "" : entry.withdrawn->why});
  }
  for (const DigestIndex::Entry& entry : assessment->grounds.expected) {
    out.expected.push_back(
        {entry.list->name, entry.list->package, entry.digest()});
  }
  out.cached = assessment->cached;
  if (assessment->index) out.epoch = assessment->index->epoch();
  out.detail = assessment->grounds.detail;
  return out;
}

void Appraiser::SetPolicy(Policy policy) {
  impl_->assessor->SetPolicy(std::move(policy));
}

std::shared_ptr<const Policy> Appraiser::policy() const {
  return impl_->assessor->policy();
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
