// SPDX-License-Identifier: Apache-2.0
// `lists number`: numbers lists in the order in which a log used them.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/list_names/list_numbers.h"
#include "app/lists/lists_input.h"
#include "app/lists/lists_verbs.h"
#include "app/report.h"
#include "tpm/measured_files.h"

namespace assayfs {
namespace {

struct Options {
  std::string log = "/run/assayfs/pcr-12.log";
  std::string folder;
  bool undo = false;
};

Result<std::vector<std::string>> PathsIn(const std::string& log) {
  const auto bytes = ReadInput(log);
  if (!bytes) return Fail(Error(bytes.error()).WithContext(log));
  const auto files = ParseMeasuredFiles(*bytes);
  if (!files) return Fail(Error(files.error()).WithContext(log));
  std::vector<std::string> paths;
  for (const ImaNgFields& file : *files) paths.push_back(file.path);
  return paths;
}

Result<NumberedLists> Renumber(const Options& options) {
  if (options.undo) return UnnumberLists(options.folder);
  const auto used = PathsIn(options.log);
  if (!used) return Fail(used.error());
  return NumberLists(options.folder, *used);
}

int Run(const Options& options) {
  const auto done = Renumber(options);
  if (!done) {
    const bool no = done.error().code() == EEXIST;
    ReportFailure("lists number", done.error());
    return no ? kExitNo : kExitFailed;
  }
  std::cout << Counted(done->renamed, "list") << " renamed, "
            << Grouped(done->kept) << " unchanged, "
            << Grouped(done->unnumbered) << " without a number\n";
  return kExitYes;
}

}  // namespace

void AddListsNumber(CLI::App& lists, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* number = lists.add_subcommand(
      "number", "Number lists in the order in which a log used them");
  auto* log = number
                  ->add_option("--log", options->log,
                               "measurement log, text or binary "
                               "[/run/assayfs/pcr-12.log]")
                  ->type_name("FILE");
  number
      ->add_flag("--undo", options->undo,
                 "take the numbers and the links to them away")
      ->excludes(log);
  number->add_option("folder", options->folder, "folder of lists")
      ->type_name("DIR")
      ->required();
  number->callback([options, &exit_status] { exit_status = Run(*options); });
}

}  // namespace assayfs
