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
  // Errors: those that a mount would have.
  Result<void> Start(TestKeys& keys, FileSystem system);

  // Judges a use and counts what follows from it. Errors: ENOENT for a path
  // that is no file.
  Result<StepResult> Judge(const Step& step, Mask mask);

  // Changes to the tree. Errors: ENOENT if it is not there.
  Result<void> SetContent(const std::string& path, const std::string& content);
  Result<void> SetOwner(const std::string& path, uid_t owner);
  Result<void> Rename(const std::string& from, const std::string& to);
  Result<void> Remove(const std::string& path);

  Result<void> AddList(const std::string& name);
  Result<void> ReplaceList(const std::string& name, const std::string& with);
  void RemoveList(const std::string& name);
  Result<void> Revoke(const std::string& line);
  // Errors: those of a reload.
  Result<void> Reload(const std::string& text, const std::string& signer);

  // All that was measured so far; see Expectation.
  const std::vector<std::string>& measured() const { return measured_; }

 private:
  struct File {
    TreeEntry entry;
    // Grows when content changes, so that it counts as another.
    std::uint64_t generation = 0;

    File() = default;
    explicit File(TreeEntry given) : entry(std::move(given)) {}
  };

  class PolicyMeasurer;
  Result<void> PutPolicy(const std::string& text, const std::string& signer);
  Result<void> PutList(const std::string& name, const std::string& from);
  void LoadList(const RawList& raw);
  void PublishLists();
  assayfs::Use UseOf(const Step& step, const File& file, Mask mask) const;
  // What of a file a use with these demands is decided by.
  Result<KnownFile> KnownOf(const std::string& path, const File& file,
                            const DemandList& demands) const;
  void Measure(std::optional<std::uint32_t> pcr, const std::string& name,
               const std::string& digest);
  Result<File*> Find(const std::string& path);

  const Scenario& scenario_;
  Materials& materials_;
  const std::string folder_;
  std::map<std::string, File> tree_;
  FileSystem system_;
  Mode mode_ = Mode::kEnforce;
  MountSettings settings_;
  std::shared_ptr<const Keyring> keys_;
  std::shared_ptr<const Policy> policy_;
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
  std::set<std::string> held_;     // what is measured already
  std::set<std::string> audited_;  // content of which a record was made
};

}  // namespace assayfs
