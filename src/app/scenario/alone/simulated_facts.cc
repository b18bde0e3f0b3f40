// SPDX-License-Identifier: Apache-2.0
// What a simulated mount knows of a use, as a mount finds it out.
#include "app/scenario/alone/simulated_facts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "appraise/asker.h"
#include "appraise/evidence.h"
#include "appraise/use_facts.h"
#include "base/bytes.h"
#include "crypto/hasher.h"

namespace assayfs {
namespace {

constexpr std::string_view kElfMagic = "\177ELF";

// The path, and others that lists give it.
std::vector<std::string> PathsOf(const Scenario& scenario,
                                 const SimulatedTree& tree,
                                 const std::string& path) {
  std::vector<std::string> paths = {path};
  const auto add = [&](const std::string& listed) {
    if (listed != path && tree.IsAt(listed, path)) paths.push_back(listed);
  };
  for (const auto* lists : {&scenario.lists, &scenario.more_lists}) {
    for (const auto& [name, list] : *lists) {
      std::ranges::for_each(list.files, add);
      for (const auto& [listed, content] : list.contents) add(listed);
    }
  }
  return paths;
}

}  // namespace

assayfs::Use DescribeUse(const Step& step, const std::string& path,
                         const TreeEntry& entry, Mask mask,
                         const Policy& policy, const FileSystem& system) {
  assayfs::Use use{.mask = mask, .uid = step.euid.value_or(step.uid)};
  // Program and container are those of this process, as for its children.
  use.pid = ::getpid();
  Needs needs = policy.needs;
  needs.ids = false;
  DescribeAsker(needs, use);
  use.number(NumberFact::kUid) = step.uid;
  use.number(NumberFact::kEuid) = step.euid.value_or(step.uid);
  use.number(NumberFact::kGid) = step.gid;
  use.number(NumberFact::kEgid) = step.egid.value_or(step.gid);
  if (!step.exe.empty()) use.text(TextFact::kExe) = {step.exe};
  if (!step.container.empty()) {
    use.text(TextFact::kContainer) = {step.container};
  }
  use.number(NumberFact::kFowner) = entry.owner;
  use.number(NumberFact::kFgroup) = entry.group;
  use.number(NumberFact::kFsMagic) = system.magic;
  if (system.name) use.text(TextFact::kFsName) = {*system.name};
  if (system.subtype) use.text(TextFact::kFsSubtype) = {*system.subtype};
  if (system.uuid) use.text(TextFact::kFsUuid) = {*system.uuid};
  use.text(TextFact::kPath) = {path};
  use.elf = entry.content.starts_with(kElfMagic);
  use.set_mode(entry.mode);
  return use;
}

Result<KnownFile> DescribeFile(const Scenario& scenario,
                               const SimulatedTree& tree,
                               const std::string& path,
                               const DigestIndex& index,
                               const DemandList& demands) {
  const TreeEntry& entry = tree.at(path).entry;
  KnownFile known;
  known.paths = {path};
  known.attributes.info.st_mode = S_IFREG | entry.mode;
  known.attributes.info.st_uid = entry.owner;
  known.attributes.info.st_gid = entry.group;
  known.attributes.capabilities = "";
  known.comparable = {true, true, true, true, true};
  for (const HashAlgorithm algorithm : AlgorithmsFor(index, demands.all(), 0)) {
    auto digest = HashBytes(algorithm, AsBytes(entry.content));
    if (!digest) return Fail(digest.error());
    // What is known may be bound to any of its paths; what is not is looked
    // for under its own only.
    if (!index.FindDigest(*digest).empty()) {
      known.paths = PathsOf(scenario, tree, path);
    }
    known.digests.push_back(*digest);
  }
  return known;
}

bool DeniesLink(const Policy& policy, const DigestIndex& index,
                const SimulatedTree& tree, const assayfs::Use& use,
                const std::string& path) {
  if (!BindsLinks(policy)) return false;
  const DemandList demands = Match(policy, use);
  const bool bound =
      std::ranges::any_of(demands.all(), [](const Demand& demand) {
        return demand.appraise != nullptr && demand.appraise->terms.bind.link;
      });
  if (!bound) return false;
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::string& target = tree.at(path).entry.content;
  bool other_target = false;
  for (const auto& [list, link] : index.FindLinksNamed(name)) {
    if (!tree.IsAt(std::string(link->path), path)) continue;
    if (link->target == target) return false;
    other_target = true;
  }
  const auto files = index.FindNamed(name);
  return other_target ||
         std::ranges::any_of(files, [&](const DigestIndex::Entry& entry) {
           return entry.counts() && tree.IsAt(std::string(entry.path()), path);
         });
}

}  // namespace assayfs
