// SPDX-License-Identifier: Apache-2.0
// SimulatedMount: a mount of a tree in memory.
#include "app/scenario/alone/simulated_mount.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "app/daemon/mount_policy.h"
#include "app/scenario/alone/simulated_facts.h"
#include "app/scenario/compare_results.h"
#include "app/uses/record_text.h"
#include "appraise/check_list.h"
#include "base/files.h"
#include "crypto/hasher.h"
#include "lists/list_name.h"
#include "policy/built_in_policies.h"

namespace assayfs {
namespace {

Result<void> WriteFile(const std::string& folder, std::string_view name,
                       Bytes bytes) {
  const UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  return ReplaceFileAt(fd.get(), std::string(name), bytes, 0600);
}

// A list file without what its name begins with.
std::string ScenarioName(const std::string& file_name) {
  return file_name.substr(file_name.find('-') + 1);
}

}  // namespace

SimulatedMount::SimulatedMount(const Scenario& scenario, Materials& materials,
                               std::string folder)
    : scenario_(scenario),
      materials_(materials),
      folder_(std::move(folder)),
      tree_(scenario.tree, scenario.read_only
                               ? SimulatedTree::Access::kReadOnly
                               : SimulatedTree::Access::kWritable) {}

// Takes note of policies.
class SimulatedMount::PolicyMeasurer : public Measurer {
 public:
  explicit PolicyMeasurer(SimulatedMount& mount) : mount_(mount) {}
  MeasureOutcome Measure(std::optional<std::uint32_t> pcr,
                         std::string_view path,
                         std::span<const std::byte> sha256) override {
    std::string name(path);
    const std::string folder = mount_.folder_ + "/";
    if (path == mount_.settings_.policy) {
      name = kScenarioPolicy;
    } else if (path.starts_with(folder)) {
      name = "policy " + name.substr(folder.size());
    }
    mount_.Measure(pcr, name, ToHex(sha256));
    return {true, ""};
  }

 private:
  SimulatedMount& mount_;
};

Result<void> SimulatedMount::Start(TestKeys& keys, FileSystem system) {
  system_ = std::move(system);
  mode_ = ModeFromName(scenario_.mode).value_or(Mode::kEnforce);
  settings_.pcr = scenario_.pcr;
  if (!scenario_.bind.empty()) {
    const auto bind = ParseBinding(scenario_.bind);
    if (!bind) return Fail(bind.error());
    settings_.bind = *bind;
  }
  std::vector<std::string> trusted;
  for (const std::string& name : scenario_.trusted) {
    const auto key = keys.Get(name);
    if (!key) return Fail(key.error());
    trusted.push_back(key->certificate_path);
  }
  auto keyring = Keyring::Load(trusted);
  if (!keyring) return Fail(keyring.error());
  keys_ = std::move(*keyring);
  for (const auto& [name, text] : scenario_.includes) {
    const auto bytes = materials_.Policy(text, scenario_.policy_signer);
    if (!bytes) return Fail(bytes.error());
    auto written = WriteFile(folder_, name, *bytes);
    if (!written) return written;
  }
  auto put = PutPolicy(scenario_.policy, scenario_.policy_signer);
  if (!put) return put;
  for (const auto& [name, list] : scenario_.lists) {
    if (auto put_list = PutList(name, name); !put_list) return put_list;
  }
  PublishLists();
  return {};
}

// Loads a policy, and puts it in the place of the one there is.
Result<void> SimulatedMount::PutPolicy(const std::string& text,
                                       const std::string& signer) {
  settings_.policy = text;
  if (!materials_.KeepsBuiltIn()) {
    const auto bytes =
        materials_.Policy(materials_.Rules(text, signer), signer);
    if (!bytes) return Fail(bytes.error());
    auto written = WriteFile(folder_, kScenarioPolicy, *bytes);
    if (!written) return written;
    settings_.policy = folder_ + "/" + kScenarioPolicy;
  }
  auto loaded = LoadMountPolicy(settings_, *keys_, withdrawals_->revocations,
                                policy_.get());
  if (!loaded) return Fail(loaded.error());
  if (auto fits = CheckFits(loaded->policy); !fits) return fits;
  if (scenario_.floors) {
    auto risen = CheckPolicyFloors(withdrawals_->floors, *loaded);
    if (!risen) return risen;
    for (const auto& floor : FloorsOf(*loaded)) {
      withdrawals_->floors =
          withdrawals_->floors.RaisedTo(floor.name, floor.version);
    }
  }
  PolicyMeasurer measurer(*this);
  auto measured = MeasurePolicy(*loaded, measurer);
  if (!measured) return measured;
  policy_ = std::make_shared<const Policy>(std::move(loaded->policy));
  policy_text_ = text;
  policy_signer_ = signer;
  return {};
}

// The first policy says what the mount is made for.
Result<void> SimulatedMount::CheckFits(const Policy& policy) {
  if (policy_ != nullptr) {
    return CheckFitsMount(point_.at, made_for_, policy);
  }
  auto point = ChooseEnforcementPoint(
      std::nullopt,
      scenario_.read_only ? MountAccess::kReadOnly : MountAccess::kWritable,
      Recording::kNone, policy);
  if (!point) return Fail(std::move(point).error());
  point_ = std::move(*point);
  made_for_ = BindingOf(policy);
  return {};
}

Result<void> SimulatedMount::PutList(const std::string& name,
                                     const std::string& from) {
  auto made = materials_.List(from);
  if (!made) return Fail(made.error());
  // The file of one that is replaced keeps its name.
  made->name.replace(made->name.size() - from.size(), from.size(), name);
  RawList raw{made->name, folder_ + "/lists/" + made->name,
              std::move(made->bytes),
              ListFile{materials_.FindList(from)->owner, 0, system_.magic}};
  LoadList(raw);
  files_.insert_or_assign(made->name, std::move(raw));
  return {};
}

// One that is refused is left out, as a mount does.
void SimulatedMount::LoadList(const RawList& raw) {
  lists_.erase(raw.name);
  auto list = CheckList(raw, *keys_, {.allow_weak = true, .attributes = true});
  if (!list) return;
  if (const auto pcr = PcrForList(*policy_, UseOfList(*list))) {
    Measure(pcr->number, "list " + ScenarioName(list->name),
            list->sha256.ToString());
    list->measured = true;
  }
  lists_.insert_or_assign(raw.name,
                          std::make_shared<const LoadedList>(std::move(*list)));
}

void SimulatedMount::PublishLists() {
  DigestIndex::Lists lists;
  for (const auto& [name, list] : lists_) lists.push_back(list);
  if (scenario_.floors) {
    withdrawals_->floors = withdrawals_->floors.RaisedBy(lists, {});
  }
  ++epoch_;
  index_ =
      DigestIndex(epoch_, std::move(lists))
          .Under(epoch_, std::make_shared<const Withdrawals>(*withdrawals_));
}

Result<void> SimulatedMount::AddList(const std::string& name) {
  return ReplaceList(name, name);
}

Result<void> SimulatedMount::ReplaceList(const std::string& name,
                                         const std::string& with) {
  auto put = PutList(name, with);
  if (put) PublishLists();
  return put;
}

Result<void> SimulatedMount::RemoveList(const std::string& name) {
  const auto removed = std::erase_if(files_, [&](const auto& file) {
    if (ScenarioName(file.first) != name) return false;
    lists_.erase(file.first);
    return true;
  });
  if (removed == 0) return Fail(ENOENT, "list " + name + " is not there");
  PublishLists();
  return {};
}

Result<void> SimulatedMount::Revoke(const std::string& line) {
  const auto text = materials_.Revocation(line);
  if (!text) return Fail(text.error());
  withdrawals_->revocations.Add("scenario", *text);
  PublishLists();
  return {};
}

Result<void> SimulatedMount::Reload(const std::string& text,
                                    const std::string& signer) {
  // Copies: what they are of is replaced.
  auto put = text.empty() ? PutPolicy(std::string(policy_text_),
                                      std::string(policy_signer_))
                          : PutPolicy(text, signer);
  if (!put) return put;
  for (const auto& [name, raw] : files_) LoadList(raw);
  PublishLists();
  return {};
}

void SimulatedMount::Measure(std::optional<std::uint32_t> pcr,
                             const std::string& name,
                             const std::string& digest) {
  const std::string record =
      std::to_string(pcr.value_or(settings_.pcr)) + " " + name;
  if (held_.insert(record + " " + digest).second) measured_.push_back(record);
}

bool SimulatedMount::PermitsLink(const Step& step, const std::string& link,
                                 StepResult& result) {
  const TreeEntry& entry = tree_.at(link).entry;
  UseRecord record;
  record.path = link;
  record.use = DescribeUse(step, link, entry, kMayRead, *policy_, system_);
  if (!DeniesLink(*policy_, *index_, tree_, record.use, link)) return true;
  record.decision = {Verdict::kDeny, Reason::kMetadataMismatch};
  record.permitted = Permits(mode_, Verdict::kDeny);
  // The kernel remembers where it leads, and asks once.
  const std::string text = RecordText(record, "/");
  if (std::ranges::find(result.records, text) == result.records.end()) {
    result.records.push_back(text);
  }
  return record.permitted;
}

Result<void> SimulatedMount::Count(const UseDecision& decided, const File& file,
                                   const UseRecord& record,
                                   StepResult& result) {
  const auto sha256 =
      HashBytes(HashAlgorithm::kSha256, AsBytes(file.entry.content));
  if (!sha256) return Fail(sha256.error());
  for (const Rule* rule : decided.measures) {
    Measure(rule->terms.pcr, record.path, sha256->ToString());
  }
  const bool audits = decided.audit && audited_.insert(file.version).second;
  if (audits || !Permits(Mode::kEnforce, record.decision.verdict)) {
    result.records.push_back(RecordText(record, "/"));
  }
  return {};
}

Result<SimulatedMount::Judged> SimulatedMount::JudgeUse(const Step& step,
                                                        Mask mask) {
  Judged judged;
  StepResult& result = judged.result;
  const auto path = tree_.Open(
      step.path, mask,
      {step.euid.value_or(step.uid), step.egid.value_or(step.gid)},
      [&](const std::string& link) { return PermitsLink(step, link, result); });
  if (!path) {
    result.error = StepErrorText(step, path.error().code());
    return judged;
  }
  const File& file = tree_.at(*path);
  UseRecord record;
  record.path = *path;
  record.use = DescribeUse(step, *path, file.entry, mask, *policy_, system_);
  const DemandList demands = Match(*policy_, record.use);
  const auto known = DescribeFile(scenario_, tree_, *path, *index_, demands);
  if (!known) return Fail(known.error());
  const UseDecision decided =
      DecideUse(*policy_, *index_, demands, *known, Owners{});
  record.decision = decided.decision;
  record.permitted = Permits(mode_, record.decision.verdict);
  judged.path = *path;
  judged.permitted = record.permitted;
  result.verdict = VerdictName(record.decision.verdict);
  result.reason = ReasonName(record.decision.reason);
  const Rule* rule = record.decision.rule;
  if (rule == nullptr) rule = FindException(*policy_, record.use);
  if (rule != nullptr) result.line = rule->line;
  const bool when_read = point_.at == EnforceAt::kRead;
  if (when_read && file.entry.content.empty()) {
    // Of an empty file nothing is read, so nobody is asked.
    if (record.permitted) return judged;
    result.error = kUsedAllTheSame + result.verdict;
    result.verdict = VerdictName(Verdict::kAllow);
    return judged;
  }
  // Where reads are judged, executing is one.
  if (when_read) record.use.mask = kMayRead;
  auto counted = Count(decided, file, record, result);
  if (!counted) return Fail(std::move(counted).error());
  return judged;
}

Result<StepResult> SimulatedMount::Judge(const Step& step, Mask mask) {
  auto judged = JudgeUse(step, mask);
  if (!judged) return Fail(std::move(judged).error());
  // Who may write counts as having written.
  if (judged->permitted && (mask & (kMayWrite | kMayAppend)) != 0) {
    tree_.SetContent(judged->path, tree_.at(judged->path).entry.content);
  }
  return std::move(judged->result);
}

Result<StepResult> SimulatedMount::Write(const Step& step) {
  auto judged = JudgeUse(step, kMayWrite);
  if (!judged) return Fail(std::move(judged).error());
  if (judged->permitted) tree_.SetContent(judged->path, step.text);
  return std::move(judged->result);
}

}  // namespace assayfs
