// SPDX-License-Identifier: Apache-2.0
// `policy learn`: content that recorded uses had and no list knows.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/lists/lists_make.h"
#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "app/uses/known_lists.h"
#include "app/uses/learn.h"
#include "app/uses/learn_report.h"
#include "app/uses/use_records.h"
#include "base/files.h"
#include "lists/list_name.h"
#include "lists/tlv.h"
#include "policy/glob.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using Json = nlohmann::json;

constexpr unsigned kListMode = 0644;

struct Options {
  ListArguments lists;
  std::vector<std::string> take;
  std::vector<std::string> leave;
  std::string output;
  bool replace = false;
  std::vector<std::string> records;
  bool json = false;
};

// Errors: EEXIST if there is such a file and it is not to be replaced; those of
// ReplaceFileAt.
Result<void> WriteList(const Options& options,
                       const std::vector<ListedFile>& files) {
  const std::filesystem::path path(options.output);
  const std::string folder =
      path.has_parent_path() ? path.parent_path().string() : ".";
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  const std::string name = path.filename();
  if (!options.replace &&
      ::faccessat(fd.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return Fail(EEXIST, "is there already; use --replace");
  }
  return ReplaceFileAt(fd.get(), name, WriteTlv(files), kListMode);
}

Result<UnknownContents> Find(const Options& options, const KnownLists& lists,
                             const Keyring& keys,
                             const std::vector<LoggedUse>& uses) {
  auto contents = FindUnknownContents(uses, *lists.index);
  if (!contents.all.empty()) {
    const auto flags = FlagsOf(lists, keys, SpellingsOf(contents));
    if (!flags) return Fail(flags.error());
    SetKinds(*lists.index, *flags, contents);
  }
  TakeContents(options.take, options.leave, contents);
  return contents;
}

// Writes what was taken, if that is wanted. Returns the exit status.
int Write(const Options& options, const std::vector<ListedFile>& files) {
  if (options.output.empty()) return kExitYes;
  if (files.empty()) {
    ReportFailure(options.output, "nothing was taken, so it is not written");
    return kExitNo;
  }
  const auto written = WriteList(options, files);
  if (written) return kExitYes;
  ReportFailure(options.output, written.error());
  return written.error().code() == EEXIST ? kExitNo : kExitFailed;
}

void Print(const Options& options, const UseRecords& records,
           const KnownLists& lists, const UnknownContents& contents,
           bool written) {
  const std::size_t taken = TakenFiles(contents).size();
  if (options.json) {
    Json all = LearnJson(contents);
    all["uses"] = records.uses.size();
    all["lines_left_out"] = records.left_out;
    all["refused_lists"] = lists.refused.size();
    all["taken"] = taken;
    all["list"] = written ? options.output : "";
    std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace)
              << '\n';
    return;
  }
  std::cout << LearnText(contents);
  if (options.take.empty()) return;
  std::cout << Grouped(taken) << " taken";
  if (written) {
    std::cout << " into " << Printable(options.output)
              << "; look at them, then sign it:\n"
              << "assayfs lists sign --key FILE --cert FILE "
              << Printable(options.output);
  }
  std::cout << "\n";
}

Result<int> Run(const Options& options) {
  const auto records = ReadUseRecords("policy learn", options.records);
  if (!records) return Fail(records.error());
  const auto keys = LoadKeys(options.lists);
  if (!keys) return Fail(keys.error());
  const auto lists = LoadKnownLists(options.lists, **keys, {.rejected = true});
  if (!lists) return Fail(lists.error());
  if (lists->unreadable) {
    return Fail(EIO, "a list that cannot be read may know any content");
  }
  const auto contents = Find(options, *lists, **keys, records->uses);
  if (!contents) return Fail(contents.error());
  for (const auto& warnings :
       {IdleGlobs(options.take, options.leave, *contents),
        WarningsOf(*contents)}) {
    for (const std::string& warning : warnings) {
      ReportFailure("policy learn", warning);
    }
  }
  const int status = Write(options, TakenFiles(*contents));
  const bool written = status == kExitYes && !options.output.empty();
  Print(options, *records, *lists, *contents, written);
  return status;
}

// What CLI11 cannot see by itself. It takes errors as exceptions.
void CheckGlobs(std::string_view option,
                const std::vector<std::string>& globs) {
  for (const std::string& glob : globs) {
    std::string what(option);
    what.append(" ").append(glob);
    if (const auto sound = CheckGlob(glob); !sound) {
      throw CLI::ValidationError(what, sound.error().message());
    }
    // As for path= in a policy.
    if (!glob.starts_with('/') && !glob.starts_with("**")) {
      throw CLI::ValidationError(what, "matches no path: begin it with \"/\"");
    }
  }
}

void CheckUsage(const Options& options) {
  CheckGlobs("--take", options.take);
  CheckGlobs("--leave", options.leave);
  if (options.output.empty()) return;
  if (options.take.empty()) {
    throw CLI::RequiredError("--take, which says what goes into -o,");
  }
  const std::string name = std::filesystem::path(options.output).filename();
  const auto parts = ParseListName(name);
  if (!parts || parts->format != ListFormat::kTlv || !IsSafeName(name)) {
    throw CLI::ValidationError("-o", "the name of the list must be tlv-NAME");
  }
}

void AddTaking(CLI::App& learn, Options& options) {
  learn
      .add_option("--take", options.take,
                  "take unknown content whose path matches this pattern; "
                  "repeatable")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  learn
      .add_option("--leave", options.leave,
                  "but not content whose path matches this one; repeatable")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  learn
      .add_option("-o,--output", options.output,
                  "write what is taken into this list, tlv-NAME, to be signed")
      ->type_name("FILE");
  learn.add_flag("--replace", options.replace,
                 "take the place of a file that is there");
}

}  // namespace

void AddPolicyLearn(CLI::App& policy, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* learn = policy.add_subcommand(
      "learn", "Tell content of recorded uses that no list knows, and list it");
  AddListOptions(*learn, options->lists);
  AddTaking(*learn, *options);
  learn->add_flag("--json", options->json, "answer in JSON");
  learn
      ->add_option("record", options->records,
                   "file of recorded uses, or records of denials; - for stdin")
      ->type_name("RECORD")
      ->required();
  learn->callback([options, &exit_status] {
    CheckUsage(*options);
    const auto status = Run(*options);
    exit_status =
        status ? *status : ReportFailure("policy learn", status.error());
  });
}

}  // namespace assayfs
