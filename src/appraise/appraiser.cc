// SPDX-License-Identifier: Apache-2.0
// Appraiser: from a use of a file to an answer.
#include "appraise/appraiser.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "appraise/file_measurer.h"
#include "appraise/tree_path.h"
#include "crypto/file_hash.h"

namespace assayfs {
namespace {

// An open of content that no list knows waits this long for lists whose change
// was noticed before it. Longer than it takes to load a thousand lists.
constexpr std::chrono::milliseconds kListWait{5000};

// How often a file that keeps changing is hashed again before giving up.
constexpr int kMaxHashes = 4;

bool IsElf(int fd) {
  constexpr std::array<char, 4> kMagic = {0x7f, 'E', 'L', 'F'};
  std::array<char, 4> start{};
  return ::pread(fd, start.data(), start.size(), 0) ==
             static_cast<ssize_t>(start.size()) &&
         start == kMagic;
}

std::vector<HashAlgorithm> Algorithms(const DigestIndex& index,
                                      const Demand& demand) {
  std::vector<HashAlgorithm> algorithms = index.algorithms();
  // A record of the measurement log holds SHA-256.
  const bool sha256 = algorithms.empty() || demand.measure != nullptr;
  if (sha256 && !std::ranges::count(algorithms, HashAlgorithm::kSha256)) {
    algorithms.push_back(HashAlgorithm::kSha256);
  }
  return algorithms;
}

bool Covers(const Content& content,
            const std::vector<HashAlgorithm>& algorithms) {
  return std::ranges::all_of(algorithms, [&](HashAlgorithm algorithm) {
    return std::ranges::count(content.digests, algorithm, &Digest::algorithm);
  });
}

const Digest* FindAlgorithm(const Content& content, HashAlgorithm algorithm) {
  const auto it =
      std::ranges::find(content.digests, algorithm, &Digest::algorithm);
  return it == content.digests.end() ? nullptr : &*it;
}

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
        cache(VerdictCache::Limits{}),
        file_measurer(measurer) {}

  Result<Assessment> Assess(int fd, const Use& use,
                            const std::atomic<bool>* cancelled);
  Result<Evidence> Gather(int fd, const Demand& demand,
                          const std::atomic<bool>* cancelled,
                          Assessment& assessment);
  Result<void> Learn(int fd, FileId id,
                     const std::vector<HashAlgorithm>& algorithms,
                     const std::atomic<bool>* cancelled,
                     Assessment& assessment);
  void LookUp(int fd, Assessment& assessment, Evidence& evidence);
  void Record(int fd, const Assessment& assessment);

  Options options;
  ListStore& lists;
  Guarded<std::shared_ptr<const Policy>> policy;
  VerdictCache cache;
  std::unique_ptr<LeaseKeeper> leases;
  FileMeasurer file_measurer;
  std::atomic<std::uint64_t> allowed = 0;
  std::atomic<std::uint64_t> denied = 0;
  std::atomic<std::uint64_t> hashed_files = 0;
  std::atomic<std::uint64_t> hashed_bytes = 0;
};

// Fills in the content, from the cache or by hashing.
// Errors: EBUSY if a writer is in or the file does not stand still, EINTR if
// cancelled, those of HashFile.
Result<void> Appraiser::Impl::Learn(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms,
    const std::atomic<bool>* cancelled, Assessment& assessment) {
  for (int attempt = 0; attempt < kMaxHashes; ++attempt) {
    const auto ticket = cache.Begin(id);
    if (!ticket) return Fail(EBUSY, "open for writing through the mount");
    auto before = StampFile(fd);
    if (!before) return Fail(before.error());
    auto known = cache.Find(id, before->stamp);
    if (known && Covers(*known, algorithms)) {
      assessment.content = std::move(known);
      assessment.cached = true;
      return {};
    }
    // Lease, then stamp, then hash: whoever writes later breaks the lease.
    const auto lease = leases->Acquire(fd, id);
    before = StampFile(fd);
    if (!before) return Fail(before.error());
    auto hash = HashFile(fd, algorithms, cancelled);
    if (!hash) return Fail(hash.error());
    hashed_files.fetch_add(1, std::memory_order_relaxed);
    hashed_bytes.fetch_add(hash->bytes, std::memory_order_relaxed);
    const auto after = StampFile(fd);
    if (!after) return Fail(after.error());
    if (after->stamp != before->stamp) continue;
    Content content{.stamp = before->stamp,
                    .digests = std::move(hash->digests),
                    .tags = std::move(hash->tags)};
    if (lease == LeaseKeeper::Outcome::kWriter) {
      // Somebody below can write without moving the stamp, so nothing is
      // remembered. The tags were made in the same pass as the digest: what
      // is read under them is what was judged, whatever the writer does.
      assessment.content = std::make_shared<const Content>(std::move(content));
      return {};
    }
    assessment.content = cache.Commit(*ticket, std::move(content));
    if (assessment.content) return {};
  }
  return Fail(EBUSY, "the file keeps changing while it is hashed");
}

// Looks the content up in the lists.
void Appraiser::Impl::LookUp(int fd, Assessment& assessment,
                             Evidence& evidence) {
  assessment.known.clear();
  for (const Digest& digest : assessment.content->digests) {
    const auto found = assessment.index->FindDigest(digest);
    assessment.known.insert(assessment.known.end(), found.begin(), found.end());
  }
  evidence.known = !assessment.known.empty();
  for (const DigestIndex::Entry& entry : assessment.known) {
    evidence.list_verified |= entry.list->verified;
    evidence.list_measured |= entry.list->measured;
  }
  if (evidence.known) return;
  assessment.expected.clear();
  for (const std::string& path : ListedSpellings(options.root_fd, fd)) {
    const auto found = assessment.index->FindPath(path);
    assessment.expected.insert(assessment.expected.end(), found.begin(),
                               found.end());
  }
  evidence.path_listed = !assessment.expected.empty();
}

// Errors: EINTR if cancelled. Other failures are part of the evidence.
Result<Evidence> Appraiser::Impl::Gather(int fd, const Demand& demand,
                                         const std::atomic<bool>* cancelled,
                                         Assessment& assessment) {
  Evidence evidence;
  const auto file = StampFile(fd);
  if (!file) {
    evidence.failed = true;
    assessment.detail = file.error().message();
    return evidence;
  }
  evidence.regular = file->regular;
  if (!file->regular) return evidence;
  bool waited = false;
  for (int attempt = 0; attempt < kMaxHashes; ++attempt) {
    const auto learned =
        Learn(fd, file->id, Algorithms(*lists.Current(), demand), cancelled,
              assessment);
    if (!learned) {
      if (learned.error().code() == EINTR) return Fail(learned.error());
      evidence.writer_active = learned.error().code() == EBUSY;
      evidence.failed = !evidence.writer_active;
      assessment.detail = learned.error().message();
      return evidence;
    }
    // Hashing may have taken long: the lists that count are those of now.
    assessment.index = lists.Current();
    if (!Covers(*assessment.content, Algorithms(*assessment.index, demand))) {
      continue;
    }
    LookUp(fd, assessment, evidence);
    if (evidence.known || waited) return evidence;
    // The answer would be no: make sure that it is not for a list that is on
    // its way.
    lists.WaitUntilLoaded(kListWait);
    waited = true;
    if (lists.Current()->epoch() == assessment.index->epoch()) return evidence;
  }
  evidence.failed = true;
  assessment.detail = "the digest lists keep changing";
  return evidence;
}

Result<Assessment> Appraiser::Impl::Assess(int fd, const Use& use,
                                           const std::atomic<bool>* cancelled) {
  Assessment assessment;
  assessment.use = use;
  assessment.policy = policy.With([](const auto& current) { return current; });
  if (NeedsElf(*assessment.policy)) assessment.use.elf = IsElf(fd);
  Answer& answer = assessment.answer;
  answer.permitted = true;
  const Demand demand = Match(*assessment.policy, assessment.use);
  const bool idle = demand.appraise == nullptr && demand.measure == nullptr;
  if (options.mode == Mode::kOff || idle) return assessment;

  const auto evidence = Gather(fd, demand, cancelled, assessment);
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
        "list " + entry.list->name + " gives " + entry.file->digest.ToString();
  }
  record.permitted = assessment.answer.permitted;
  options.record(record);
}

Appraiser::Appraiser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Appraiser::~Appraiser() = default;

Result<std::unique_ptr<Appraiser>> Appraiser::Create(Options options,
                                                     ListStore& lists,
                                                     Measurer& measurer) {
  auto impl = std::make_unique<Impl>(std::move(options), lists, measurer);
  auto leases = LeaseKeeper::Start(impl->options.max_leases,
                                   [state = impl.get()](FileId id) {
                                     state->cache.Drop(id);
                                     if (state->options.content_changed)
                                       state->options.content_changed(id);
                                   });
  if (!leases) return Fail(leases.error());
  impl->leases = std::move(*leases);
  return std::unique_ptr<Appraiser>(new Appraiser(std::move(impl)));
}

Result<Appraiser::Answer> Appraiser::Judge(int fd, const Use& use,
                                           const std::atomic<bool>* cancelled) {
  auto assessment = impl_->Assess(fd, use, cancelled);
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
  return assessment->answer;
}

bool Appraiser::Judges(const Use& use) const {
  if (impl_->options.mode == Mode::kOff) return false;
  const auto current = policy();
  Use either = use;
  either.elf = false;
  const Demand plain = Match(*current, either);
  either.elf = true;
  const Demand elf = Match(*current, either);
  return plain.appraise != nullptr || plain.measure != nullptr ||
         elf.appraise != nullptr || elf.measure != nullptr;
}

WriterGuard Appraiser::BeginWrite(FileId id) {
  WriterGuard guard = impl_->cache.BeginWrite(id);
  impl_->leases->Release(id);
  return guard;
}

void Appraiser::ReportMismatch(int fd, std::uint64_t offset) {
  const auto file = StampFile(fd);
  if (file) impl_->cache.Drop(file->id);
  impl_->denied.fetch_add(1, std::memory_order_relaxed);
  if (!impl_->options.record) return;
  DenialRecord record;
  record.path = TreePath(impl_->options.root_fd, fd);
  record.decision = {Verdict::kDeny, Reason::kModified, nullptr, false};
  record.detail = "the block at byte " + std::to_string(offset) +
                  " changed after the file was judged";
  impl_->options.record(record);
}

Result<Appraiser::Explanation> Appraiser::Explain(int fd, const Use& use) {
  const auto assessment = impl_->Assess(fd, use, nullptr);
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
    out.digest = entry.file->digest;
    out.lists.push_back({list.name, list.list.format, list.list.package,
                         list.sha256.Hex(), list.signer, list.verified,
                         list.measured});
  }
  for (const DigestIndex::Entry& entry : assessment->expected) {
    out.expected.push_back(
        {entry.list->name, entry.list->list.package, entry.file->digest});
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
  return {.cached = impl_->cache.size(),
          .allowed = impl_->allowed,
          .denied = impl_->denied,
          .hashed_files = impl_->hashed_files,
          .hashed_bytes = impl_->hashed_bytes,
          .unmeasured = impl_->file_measurer.lost()};
}

}  // namespace assayfs
