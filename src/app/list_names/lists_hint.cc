// SPDX-License-Identifier: Apache-2.0
// `lists hint`: attributes of files that name the list to look in.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/default_paths.h"
#include "app/list_names/list_hints.h"
#include "app/lists/lists_tree.h"
#include "app/lists/lists_verbs.h"
#include "app/progress.h"
#include "app/report.h"
#include "crypto/file_hash.h"

namespace assayfs {
namespace {

enum class Action { kAdd, kUpdate, kRemove };

struct Options {
  std::string lists = kDefaultLists;
  std::string root;
  std::vector<std::string> paths;
  bool user = false;
};

struct Counts {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t removed = 0;
  std::size_t kept = 0;
  std::size_t unlisted = 0;  // files in no list
};

// One run over files. What cannot be done to one of them is told and does not
// stop the others, unless it cannot be done to any.
class HintRun {
 public:
  // hints: needed unless action is kRemove.
  HintRun(Action action, const char* attribute, std::optional<ListHints> hints)
      : action_(action), attribute_(attribute), hints_(std::move(hints)) {}

  void Walk(const std::string& path, const std::string& root) {
    WalkOptions options{root, [this](const std::string& folder) {
                          Tell(folder, "left out: on another file system");
                        }};
    const auto walked = WalkTree(
        path, options, [this](int fd, const std::string& name) -> Result<void> {
          progress_.Show(++visited_);
          auto done = Visit(fd, name);
          if (done) return {};
          const int code = done.error().code();
          if (code == EOPNOTSUPP || code == EROFS) return done;
          Failed(name, done.error());
          return {};
        });
    if (!walked) Failed("lists hint", walked.error());
  }

  void Failed(const std::string& what, const Error& error) {
    failed_ = true;
    Tell(what, error.message());
  }

  int Finish() {
    progress_.Clear();
    std::cout << Grouped(counts_.added) << " added, "
              << Grouped(counts_.changed) << " changed, "
              << Grouped(counts_.removed) << " removed, "
              << Grouped(counts_.kept) << " unchanged, "
              << Grouped(counts_.unlisted) << " in no list\n";
    return failed_ ? kExitFailed : kExitYes;
  }

 private:
  void Tell(const std::string& what, const std::string& why) {
    progress_.Clear();
    ReportFailure(what, why);
  }

  Result<void> Visit(int fd, const std::string& path) {
    const auto hint = ReadHint(fd, attribute_);
    if (!hint) return Fail(hint.error());
    if (action_ == Action::kRemove) return Remove(fd, *hint);
    const auto hash = HashFile(fd, hints_->algorithms());
    if (!hash) return Fail(hash.error());
    const auto list = hints_->ListOf(hash->digests, path);
    if (!list) {
      ++counts_.unlisted;
      if (action_ == Action::kAdd) return {};
      return Remove(fd, *hint);
    }
    if (*hint && hints_->IsRight(**hint, hash->digests, path)) {
      ++counts_.kept;
      return {};
    }
    auto written = WriteHint(fd, attribute_, *list);
    if (written) ++(*hint ? counts_.changed : counts_.added);
    return written;
  }

  Result<void> Remove(int fd, const std::optional<std::string>& hint) {
    if (!hint) return {};
    auto removed = RemoveHint(fd, attribute_);
    if (removed) ++counts_.removed;
    return removed;
  }

  Action action_;
  const char* attribute_;
  std::optional<ListHints> hints_;
  Progress progress_{"hashed"};
  Counts counts_;
  std::size_t visited_ = 0;
  bool failed_ = false;
};

int Run(Action action, const Options& options) {
  const bool user = options.user || ::geteuid() != 0;
  bool bad_list = false;
  std::optional<ListHints> hints;
  if (action != Action::kRemove) {
    auto loaded = ListHints::Load(
        options.lists, [&](const std::string& list, const Error& why) {
          ReportFailure(list, why);
          bad_list = true;
        });
    if (!loaded) return ReportFailure("lists hint", loaded.error());
    hints = std::move(*loaded);
  }
  HintRun run(action, user ? kUserHintAttribute : kHintAttribute,
              std::move(hints));
  for (const std::string& path : options.paths) run.Walk(path, options.root);
  const int status = run.Finish();
  return bad_list ? kExitFailed : status;
}

void AddAction(CLI::App& hint, Action action, const std::string& name,
               const std::string& what, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = hint.add_subcommand(name, what);
  if (action != Action::kRemove) {
    verb->add_option("--lists", options->lists,
                     "folder of lists [/etc/digest_lists]")
        ->type_name("DIR");
    verb->add_option("--root", options->root,
                     "look paths up as seen from this folder")
        ->type_name("DIR");
  }
  verb->add_flag("--user", options->user,
                 "use user.digest_list, as who is not root does anyway");
  verb->add_option("path", options->paths, "folder or file")
      ->type_name("PATH")
      ->required();
  verb->callback(
      [action, options, &exit_status] { exit_status = Run(action, *options); });
}

}  // namespace

void AddListsHint(CLI::App& lists, int& exit_status) {
  CLI::App* hint = lists.add_subcommand(
      "hint", "Name the list of each file in an extended attribute");
  hint->require_subcommand(1);
  AddAction(*hint, Action::kAdd, "add", "Set the hints of files in lists",
            exit_status);
  AddAction(*hint, Action::kUpdate, "update",
            "Set, correct and remove hints as lists say", exit_status);
  AddAction(*hint, Action::kRemove, "remove", "Remove the hints of files",
            exit_status);
}

}  // namespace assayfs
