// SPDX-License-Identifier: Apache-2.0
// ScenarioFolder: what a mount is given for a scenario, as files.
#include "app/scenario/mounted/scenario_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "app/scenario/compare_results.h"
#include "app/scenario/mounted/scenario_tree.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

// Puts a file into a folder so that nobody sees a part of it.
Result<void> PutFile(const std::string& folder, const std::string& name,
                     Bytes bytes, uid_t owner) {
  const std::string coming = folder + "/." + name;
  const std::string path = folder + "/" + name;
  const UniqueFd fd(
      ::open(coming.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd || ::fchown(fd.get(), owner, 0) != 0) {
    return Fail(Error::FromErrno(coming));
  }
  if (auto written = WriteAll(fd.get(), bytes); !written) return written;
  if (::rename(coming.c_str(), path.c_str()) == 0) return {};
  return Fail(Error::FromErrno(path));
}

}  // namespace

ScenarioFolder::ScenarioFolder(const std::string& parent,
                               const Scenario& scenario, Materials& materials)
    : scenario_(scenario),
      materials_(materials),
      folder_("mounted", std::filesystem::absolute(parent).string()) {}

std::string ScenarioFolder::policy() const {
  return materials_.KeepsBuiltIn() ? scenario_.policy
                                   : policies() + "/" + kScenarioPolicy;
}

std::string ScenarioFolder::WithoutPath(std::string message) const {
  return WithoutFolder(WithoutFolder(std::move(message), policies()), path());
}

Result<void> ScenarioFolder::Fill() {
  if (path().empty()) return Fail(EIO, "no folder for temporary files");
  for (const std::string& folder : {tree(), lists(), revoked(), policies()}) {
    if (::mkdir(folder.c_str(), 0755) != 0 ||
        ::chmod(folder.c_str(), 0755) != 0) {
      return Fail(Error::FromErrno(folder));
    }
  }
  const UniqueFd root(::open(tree().c_str(), O_PATH | O_CLOEXEC));
  if (auto made = MakeTree(root.get(), scenario_.tree); !made) return made;
  for (const auto& [name, list] : scenario_.lists) {
    if (auto added = AddList(name); !added) return added;
  }
  for (const auto& [name, text] : scenario_.includes) {
    const auto bytes = materials_.Policy(text, scenario_.policy_signer);
    if (!bytes) return Fail(bytes.error());
    if (auto put = PutFile(policies(), name, *bytes, 0); !put) return put;
  }
  return SetPolicy(scenario_.policy, scenario_.policy_signer);
}

Result<void> ScenarioFolder::AddList(const std::string& name) {
  return ReplaceList(name, name);
}

Result<void> ScenarioFolder::ReplaceList(const std::string& name,
                                         const std::string& with) {
  const auto list = materials_.List(name);
  const auto other = materials_.List(with);
  if (!list) return Fail(list.error());
  if (!other) return Fail(other.error());
  const ScenarioList* const spec = materials_.FindList(with);
  return PutFile(lists(), list->name, other->bytes, spec->owner);
}

Result<void> ScenarioFolder::RemoveList(const std::string& name) {
  const auto list = materials_.List(name);
  if (!list) return Fail(list.error());
  const std::string path = lists() + "/" + list->name;
  if (::unlink(path.c_str()) == 0) return {};
  return Fail(Error::FromErrno(path));
}

Result<void> ScenarioFolder::Revoke(const std::string& line) {
  const auto text = materials_.Revocation(line);
  if (!text) return Fail(text.error());
  const std::string path = revoked() + "/scenario";
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return Fail(Error::FromErrno(path));
  return WriteAll(fd.get(), AsBytes(*text + "\n"));
}

Result<void> ScenarioFolder::SetPolicy(const std::string& text,
                                       const std::string& signer) {
  const auto bytes = materials_.Policy(materials_.Rules(text, signer), signer);
  if (!bytes) return Fail(bytes.error());
  return PutFile(policies(), kScenarioPolicy, *bytes, 0);
}

}  // namespace assayfs
