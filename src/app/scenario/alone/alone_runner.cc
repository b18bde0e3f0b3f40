// SPDX-License-Identifier: Apache-2.0
// AloneRunner: scenarios by the decision code alone.
#include "app/scenario/alone/alone_runner.h"

#include <fcntl.h>

#include <utility>

#include "app/scenario/alone/simulated_mount.h"
#include "app/scenario/compare_results.h"
#include "app/scenario/stop_request.h"
#include "base/scratch_folder.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

Result<FileSystem> FileSystemOf(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  return FileSystems().Of(fd.get());
}

Result<void> ChangeTree(const Step& step, SimulatedTree& tree) {
  switch (step.action) {
    case Step::Action::kChange:
      return tree.ChangeContent(step.path, step.text);
    case Step::Action::kRename:
      return tree.Rename(step.path, step.to);
    case Step::Action::kRemove:
      return tree.Remove(step.path);
    default:
      return tree.SetOwner(step.path, step.owner);
  }
}

Result<void> ChangeLists(const Step& step, SimulatedMount& mount) {
  switch (step.action) {
    case Step::Action::kAddList:
      return mount.AddList(step.list);
    case Step::Action::kReplaceList:
      return mount.ReplaceList(step.list, step.to);
    case Step::Action::kRemoveList:
      return mount.RemoveList(step.list);
    default:
      return mount.Revoke(step.text);
  }
}

Result<StepResult> Do(const Step& step, SimulatedMount& mount) {
  if (step.action == Step::Action::kOpen) return mount.Judge(step, step.mask);
  if (step.action == Step::Action::kWrite) return mount.Write(step);
  StepResult result;
  if (ChangesTree(step.action)) {
    const auto done = ChangeTree(step, mount.tree());
    if (!done) result.error = StepErrorText(step, done.error().code());
    return result;
  }
  const bool reloads = step.action == Step::Action::kReload;
  auto done = reloads ? mount.Reload(step.text, step.signed_by)
                      : ChangeLists(step, mount);
  if (done) return result;
  if (!reloads || done.error().code() == kNotOnThisMachine) {
    return Fail(std::move(done).error());
  }
  result.error = done.error().message();
  return result;
}

Result<std::vector<StepResult>> RunIn(const std::string& folder,
                                      const Scenario& scenario,
                                      TestKeys& keys) {
  auto system = FileSystemOf(folder);
  if (!system) return Fail(system.error());
  Materials materials(scenario, keys);
  SimulatedMount mount(scenario, materials, folder);
  if (auto started = mount.Start(keys, std::move(*system)); !started) {
    return Fail(std::move(started).error());
  }
  std::vector<StepResult> results;
  for (const Step& step : scenario.steps) {
    if (auto go_on = StopRequest::Check(); !go_on) {
      return Fail(std::move(go_on).error());
    }
    auto result = Do(step, mount);
    if (!result) {
      return Fail(std::move(result).error().WithContext(
          "step at line " + std::to_string(step.line)));
    }
    result->measured = mount.measured();
    result->error = WithoutFolder(result->error, folder);
    results.push_back(std::move(*result));
  }
  return results;
}

}  // namespace

Result<std::vector<StepResult>> AloneRunner::Run(const Scenario& scenario) {
  const ScratchFolder folder("alone", keys_.folder());
  if (folder.path().empty()) {
    return Fail(EIO, "no folder for temporary files");
  }
  auto results = RunIn(folder.path(), scenario, keys_);
  if (results) return results;
  return Fail(results.error().code(),
              WithoutFolder(results.error().message(), folder.path()));
}

}  // namespace assayfs
