// SPDX-License-Identifier: Apache-2.0
// AloneRunner: scenarios by the decision code alone.
#include "app/scenario/alone_runner.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "app/scenario/simulated_mount.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

Result<FileSystem> FileSystemOf(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  return FileSystems().Of(fd.get());
}

// A change that is made through the mount needs an open for writing.
Result<StepResult> Write(const Step& step, SimulatedMount& mount) {
  auto judged = mount.Judge(step, kMayWrite);
  if (!judged || !judged->records.empty()) return judged;
  auto done = mount.SetContent(step.path, step.text);
  if (!done) return Fail(std::move(done).error());
  return judged;
}

Result<void> Change(const Step& step, SimulatedMount& mount) {
  switch (step.action) {
    case Step::Action::kChange:
      return mount.SetContent(step.path, step.text);
    case Step::Action::kRename:
      return mount.Rename(step.path, step.to);
    case Step::Action::kRemove:
      return mount.Remove(step.path);
    case Step::Action::kSetOwner:
      return mount.SetOwner(step.path, step.owner);
    case Step::Action::kAddList:
      return mount.AddList(step.list);
    case Step::Action::kReplaceList:
      return mount.ReplaceList(step.list, step.to);
    case Step::Action::kRemoveList:
      mount.RemoveList(step.list);
      return {};
    default:
      return mount.Revoke(step.text);
  }
}

Result<StepResult> Do(const Step& step, SimulatedMount& mount) {
  if (step.action == Step::Action::kOpen) return mount.Judge(step, step.mask);
  if (step.action == Step::Action::kWrite) return Write(step, mount);
  StepResult result;
  if (step.action == Step::Action::kReload) {
    const auto done = mount.Reload(step.text, step.signed_by);
    if (!done) result.error = done.error().message();
    return result;
  }
  auto done = Change(step, mount);
  if (!done) return Fail(std::move(done).error());
  return result;
}

}  // namespace

Result<std::vector<StepResult>> AloneRunner::Run(const Scenario& scenario) {
  const std::string folder = keys_.folder() + "/alone";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Fail(Error::FromErrno(folder));
  }
  auto system = FileSystemOf(folder);
  if (!system) return Fail(system.error());
  Materials materials(scenario, keys_);
  SimulatedMount mount(scenario, materials, folder);
  if (auto started = mount.Start(keys_, std::move(*system)); !started) {
    return Fail(std::move(started).error());
  }
  std::vector<StepResult> results;
  for (const Step& step : scenario.steps) {
    auto result = Do(step, mount);
    if (!result) {
      return Fail(
          Error(result.error())
              .WithContext("step at line " + std::to_string(step.line)));
    }
    result->measured = mount.measured();
    results.push_back(std::move(*result));
  }
  return results;
}

}  // namespace assayfs
