// SPDX-License-Identifier: Apache-2.0
// MountedSteps: doing the steps of a scenario to its mount.
#include "app/scenario/mounted/mounted_steps.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "app/control/json_text.h"
#include "app/scenario/compare_results.h"
#include "app/scenario/mounted/scenario_tree.h"
#include "app/scenario/processes/children.h"
#include "app/scenario/processes/step_asker.h"
#include "app/settings/mount_table.h"
#include "assayfs/verdict.h"
#include "base/bytes.h"
#include "base/files.h"

namespace assayfs {
namespace {

using nlohmann::json;
using StepAction = Step::Action;

// For what must come, and for what may not.
constexpr std::chrono::milliseconds kLongWait{10'000};
constexpr std::chrono::milliseconds kShortWait{2'000};

bool IsRefusal(int code) { return code == EACCES || code == EPERM; }

std::string MessageOf(int code) {
  return std::generic_category().message(code);
}

bool Permits(const json& why) { return MemberOf(why, "permitted") == true; }

bool IsDenied(const StepResult& result) {
  return result.verdict == VerdictName(Verdict::kDeny) ||
         result.verdict == VerdictName(Verdict::kError);
}

// What the daemon says of a use, and what became of it. code: 0 if it could.
StepResult Compare(int code, const json& why) {
  StepResult result;
  result.verdict = TextOf(why, "verdict");
  result.reason = TextOf(why, "reason");
  const json& line = MemberOf(MemberOf(why, "rule"), "line");
  if (line.is_number_unsigned()) result.line = line.get<unsigned>();
  const bool could = code == 0;
  if (could == Permits(why)) return result;
  result.error =
      could ? kUsedAllTheSame
            : "the use failed (" + MessageOf(code) + "), but `why` says ";
  result.error += result.verdict;
  result.verdict = VerdictName(could ? Verdict::kAllow : Verdict::kDeny);
  return result;
}

// What the kernel refuses without a policy.
StepResult Refused(const Step& step, int code) {
  StepResult result;
  result.error = StepErrorText(step, code);
  return result;
}

Result<UniqueFd> OpenFolder(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(path));
  return fd;
}

// Returns the path in the tree of what is found under path. Below the mount,
// where following a link is no use of it. flags: O_NOFOLLOW for a link itself.
Result<std::string> FindReal(const std::string& tree, const std::string& path,
                             int flags) {
  const auto root = OpenFolder(tree);
  if (!root) return Fail(root.error());
  const auto file =
      OpenInRoot(root->get(), path, O_PATH | flags, Links::kFollow);
  if (!file) return Fail(file.error());
  std::error_code error;
  const std::string real = std::filesystem::read_symlink(
      "/proc/self/fd/" + std::to_string(file->get()), error);
  if (error || !IsWithin(tree, real)) {
    return Fail(ENOENT, path + ": not in the tree");
  }
  return PathBelow(tree, real);
}

// Returns the paths, by their own names, of what path leads through.
std::vector<std::string> LinksIn(const std::string& tree,
                                 const std::string& path) {
  constexpr unsigned kMaxLinks = 40;
  std::vector<std::string> links;
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    std::filesystem::path next = path.substr(0, end);
    for (unsigned count = 0; count < kMaxLinks; ++count) {
      const auto own = FindReal(tree, next, O_NOFOLLOW);
      if (!own) break;
      links.push_back(*own);
      std::error_code error;
      const auto target = std::filesystem::read_symlink(tree + *own, error);
      if (error) break;
      next = std::filesystem::path(*own).parent_path() / target;
    }
  }
  return links;
}

// Replaces the content of a file. file_fd: O_PATH will do.
Result<void> WriteFile(int file_fd, const std::string& content) {
  const std::string path = "/proc/self/fd/" + std::to_string(file_fd);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(path));
  return WriteAll(fd.get(), AsBytes(content));
}

}  // namespace

Result<StepResult> MountedSteps::Do(const Step& step) {
  const bool uses =
      step.action == StepAction::kOpen || step.action == StepAction::kWrite;
  Result<std::string> real;
  std::vector<std::string> links;
  if (uses) {
    real = FindReal(folder_.tree(), step.path, 0);
    links = LinksIn(folder_.tree(), step.path);
  }
  traces_.Begin(uses && real ? std::optional(*real) : std::nullopt, links);
  auto result = step.action == StepAction::kOpen    ? Use(step, real)
                : step.action == StepAction::kWrite ? Write(step, real)
                                                    : Change(step);
  if (!result) return result;
  auto settled = Settle(step, *result);
  if (!settled) return Fail(std::move(settled).error());
  ++step_;
  return result;
}

Result<StepResult> MountedSteps::Use(const Step& step,
                                     const Result<std::string>& real) {
  Result<StepResult> result = StepResult();
  WaitUntil(
      [&] {
        result = UseOnce(step, real);
        // Where files are judged when they are read, the kernel has pages for
        // a moment longer than they count.
        const bool may_be_old = result && scenario_.read_only &&
                                !result->error.empty() &&
                                result->verdict == VerdictName(Verdict::kAllow);
        return !may_be_old;
      },
      kShortWait);
  return result;
}

Result<StepResult> MountedSteps::UseOnce(const Step& step,
                                         const Result<std::string>& real) {
  const auto root = mount_.OpenRoot();
  if (!root) return Fail(root.error());
  const auto used = UseFile(AskerOf(step), root->get(), step.path, step.mask);
  if (!used) return Fail(used.error());
  if (used->code != 0 && !used->denied) return Refused(step, used->code);
  if (!real) return Fail(real.error());
  const auto why = AskWhy(step, *real);
  if (!why) return Fail(why.error());
  return Compare(used->code, *why);
}

// What is there is judged, so the question comes first.
Result<StepResult> MountedSteps::Write(const Step& step,
                                       const Result<std::string>& real) {
  const auto root = mount_.OpenRoot();
  if (!root) return Fail(root.error());
  const auto file = OpenInRoot(root->get(), step.path, O_PATH, Links::kFollow);
  if (!file) return Refused(step, file.error().code());
  if (!real) return Fail(real.error());
  Step asked = step;
  asked.mask = kMayWrite;
  const auto why = AskWhy(asked, *real);
  const auto written = WriteFile(file->get(), step.text);
  const int code = written ? 0 : written.error().code();
  if (code != 0 && !IsRefusal(code)) return Refused(step, code);
  if (!why) return Fail(why.error());
  return Compare(code, *why);
}

Result<json> MountedSteps::AskWhy(const Step& step, const std::string& path) {
  Result<json> why = json();
  WaitUntil(
      [&] {
        why = mount_.Why(AskerOf(step), path, step.mask);
        // Who closed the file a moment ago may count as a writer still. An open
        // waits for that by itself.
        return !why ||
               TextOf(*why, "reason") != ReasonName(Reason::kWriterActive);
      },
      kShortWait);
  return why;
}

Result<StepResult> MountedSteps::Change(const Step& step) {
  if (ChangesTree(step.action)) {
    const auto done = ChangeTree(step);
    if (!done) return Refused(step, done.error().code());
    WaitUntil([&] { return ShowsChange(step.path); }, kShortWait);
    return StepResult();
  }
  StepResult result;
  const bool reloads = step.action == StepAction::kReload;
  auto done = reloads                              ? Reload(step)
              : step.action == StepAction::kRevoke ? folder_.Revoke(step.text)
                                                   : ChangeLists(step);
  if (done) return result;
  if (!reloads || done.error().code() == kNotOnThisMachine) {
    return Fail(std::move(done).error());
  }
  result.error = folder_.WithoutPath(done.error().message());
  return result;
}

// What was changed below the mount is seen through it a moment later.
bool MountedSteps::ShowsChange(const std::string& path) const {
  struct stat below {};
  struct stat shown {};
  const bool is_below = ::lstat((folder_.tree() + path).c_str(), &below) == 0;
  const bool is_shown =
      ::lstat((mount_.mount_point() + path).c_str(), &shown) == 0;
  return is_below == is_shown &&
         (!is_below ||
          (below.st_uid == shown.st_uid && below.st_size == shown.st_size &&
           (below.st_mode & S_IFMT) == (shown.st_mode & S_IFMT)));
}

Result<void> MountedSteps::ChangeTree(const Step& step) {
  const bool through =
      step.action == StepAction::kRename || step.action == StepAction::kRemove;
  const auto root = through ? mount_.OpenRoot() : OpenFolder(folder_.tree());
  if (!root) return Fail(root.error());
  switch (step.action) {
    case StepAction::kRename:
      return RenameInTree(root->get(), step.path, step.to);
    case StepAction::kRemove:
      return RemoveFromTree(root->get(), step.path);
    case StepAction::kSetOwner:
      return SetTreeOwner(root->get(), step.path, step.owner);
    default:
      return WriteTreeFile(root->get(), step.path, step.text);
  }
}

Result<void> MountedSteps::ChangeLists(const Step& step) {
  const auto before = mount_.Status();
  if (!before) return Fail(before.error());
  auto changed = step.action == StepAction::kAddList
                     ? folder_.AddList(step.list)
                 : step.action == StepAction::kReplaceList
                     ? folder_.ReplaceList(step.list, step.to)
                     : folder_.RemoveList(step.list);
  if (changed) mount_.WaitForLists(*before);
  return changed;
}

Result<void> MountedSteps::Reload(const Step& step) {
  const std::string& text = step.text.empty() ? policy_text_ : step.text;
  const std::string& signer =
      step.text.empty() ? policy_signer_ : step.signed_by;
  auto done = folder_.SetPolicy(text, signer);
  if (done) done = mount_.Reload();
  if (!done || step.text.empty()) return done;
  policy_text_ = text;
  policy_signer_ = signer;
  return done;
}

Result<void> MountedSteps::Settle(const Step& step, const StepResult& result) {
  const bool denied = IsDenied(result) && result.error.empty();
  const std::size_t expected =
      step.expect.records ? step.expect.records->size() : 0;
  const std::size_t records = std::max<std::size_t>(denied ? 1 : 0, expected);
  const std::size_t measured =
      step.expect.measured ? step.expect.measured->size() : 0;
  Result<void> read;
  WaitUntil(
      [&] {
        read = traces_.Read();
        return !read || (traces_.RecordsOf(step_).size() >= records &&
                         traces_.MeasuredBy(step_).size() >= measured);
      },
      denied ? kLongWait : kShortWait);
  return read;
}

}  // namespace assayfs
