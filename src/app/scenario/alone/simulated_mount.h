// SPDX-License-Identifier: Apache-2.0
// SimulatedMount: a mount of a tree in memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/daemon/enforcement_point.h"
#include "app/scenario/alone/simulated_tree.h"
#include "app/scenario/materials.h"
#include "app/scenario/scenario.h"
#include "app/settings/mount_settings.h"
#include "app/uses/decide_use.h"
#include "appraise/digest_index.h"
#include "appraise/file_systems.h"
#include "appraise/list_source.h"
#include "lists/list_name.h"
#include "trust/keyring.h"

namespace assayfs {

// What a mount does for one scenario, without files. Threads: one at a time.
class SimulatedMount {
 public:
  // scenario, materials: borrowed. folder: for policy files.
  SimulatedMount(const Scenario& scenario, Materials& materials,
                 std::string folder);

  // Loads keys, policy and lists. system: that the tree is said to be on.
  // Errors: those that a mount of a scenario has.
  Result<void> Start(TestKeys& keys, FileSystem system);

  // Judges a use and counts what follows from it. A file that could not be
  // opened if there were no policy is the error of the result.
  // Errors: those of hashing.
  Result<StepResult> Judge(const Step& step, Mask mask);
  // Likewise for writing, and replaces the content if that is permitted.
  Result<StepResult> Write(const Step& step);

  // What is changed without being judged.
  SimulatedTree& tree() { return tree_; }

  // Puts a list among the others. Errors: those of Materials::List.
  Result<void> AddList(const std::string& name);
  // Puts what the list "with" says in the place of a list. Errors: likewise.
  Result<void> ReplaceList(const std::string& name, const std::string& with);
  // Errors: ENOENT if the list is not among the others.
  Result<void> RemoveList(const std::string& name);
  // Adds a line to the revocations. Errors: those of Materials::Revocation.
  Result<void> Revoke(const std::string& line);
  // Loads another policy, or with text "" once more the one that was loaded
  // last, with its signature. Errors: those of a reload.
  Result<void> Reload(const std::string& text, const std::string& signer);

  // All that was measured so far; see Expectation.
  const std::vector<std::string>& measured() const { return measured_; }

 private:
  using File = SimulatedTree::File;
  // A use that was judged.
  struct Judged {
    StepResult result;
    std::string path;  // of the file itself; empty if it could not be opened
    bool permitted = false;
  };

  class PolicyMeasurer;
  Result<void> PutPolicy(const std::string& text, const std::string& signer);
  Result<void> CheckFits(const Policy& policy);
  Result<void> PutList(const std::string& name, const std::string& from);
  void LoadList(const RawList& raw);
  void PublishLists();
  // Measures, audits and records what was decided.
  Result<void> Count(const UseDecision& decided, const File& file,
                     const UseRecord& record, StepResult& result);
  Result<Judged> JudgeUse(const Step& step, Mask mask);
  // Says whether the asker may follow a link, and records it if not.
  bool PermitsLink(const Step& step, const std::string& link,
                   StepResult& result);
  void Measure(std::optional<std::uint32_t> pcr, const std::string& name,
               const std::string& digest);

  const Scenario& scenario_;
  Materials& materials_;
  const std::string folder_;
  SimulatedTree tree_;
  FileSystem system_;
  Mode mode_ = Mode::kEnforce;
  MountSettings settings_;
  std::shared_ptr<const Keyring> keys_;
  std::shared_ptr<const Policy> policy_;
  EnforcementPoint point_;
  Binding made_for_;
  std::string policy_text_;  // what it was loaded from, and with which signer
  std::string policy_signer_;
  // By the name of the file, in loading order.
  struct Before {
    bool operator()(const std::string& a, const std::string& b) const {
      return LoadsBefore(a, b);
    }
  };
  std::map<std::string, RawList, Before> files_;
  std::map<std::string, std::shared_ptr<const LoadedList>, Before> lists_;
  std::shared_ptr<Withdrawals> withdrawals_ = std::make_shared<Withdrawals>();
  std::shared_ptr<const DigestIndex> index_;
  std::uint64_t epoch_ = 0;
  std::vector<std::string> measured_;
  std::set<std::string> held_;       // what is measured already
  std::set<std::uint64_t> audited_;  // versions of which a record was made
};

}  // namespace assayfs
