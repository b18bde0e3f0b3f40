// SPDX-License-Identifier: Apache-2.0
// `lists gen`: writes lists of packages and files into a folder.
#include <fcntl.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/lists/lists_generator.h"
#include "app/lists/lists_verbs.h"
#include "app/progress.h"
#include "app/report.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string format;
  std::string folder = ".";
  std::string algorithm = "sha256";
  std::string name;
  std::string root;
  std::vector<std::string> keys;
  std::vector<std::string> sources;
  std::vector<std::string> packages;
  std::vector<std::string> path_lists;
  std::vector<std::string> logs;
  bool allow_weak = false;
  bool json = false;
};

// Accepts one of words. CLI11's own check would list them in the help twice.
CLI::Validator WordFrom(const std::vector<std::string>& words) {
  return CLI::IsMember(words).description("");
}

// Opens the folder for lists, and makes it if it is missing.
Result<UniqueFd> OpenFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return Fail(Error::FromErrno(path));
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(path));
  return fd;
}

Result<ListGenerator::Options> Prepare(const Options& options) {
  ListGenerator::Options prepared;
  if (options.format == "rpm") prepared.format = ListGenerator::Format::kRpm;
  if (options.format == "tlv") prepared.format = ListGenerator::Format::kTlv;
  const auto algorithm = AlgorithmFromName(options.algorithm);
  if (!algorithm || !IsStrong(*algorithm)) {
    return Fail(EINVAL, "no strong algorithm: " + options.algorithm);
  }
  prepared.algorithm = *algorithm;
  prepared.name = options.name;
  prepared.root = options.root;
  prepared.packages = options.packages;
  prepared.allow_weak = options.allow_weak;
  if (!options.keys.empty()) {
    const auto keyring = Keyring::Load(options.keys);
    if (!keyring) return Fail(keyring.error());
    for (const std::string& problem : (*keyring)->problems()) {
      ReportFailure("keys", problem);
    }
    prepared.verifier = *keyring;
  }
  return prepared;
}

void Print(const ListGenerator& generator, bool json) {
  std::size_t digests = 0;
  std::size_t unsigned_count = 0;
  Json lists = Json::array();
  for (const auto& list : generator.written()) {
    digests += list.digests;
    if (!list.is_signed) ++unsigned_count;
    lists.push_back({{"name", list.name},
                     {"signed", list.is_signed},
                     {"digests", list.digests}});
  }
  const std::size_t written = generator.written().size();
  if (json) {
    const Json all = {{"written", written},
                      {"unsigned", unsigned_count},
                      {"refused", generator.refused()},
                      {"digests", digests},
                      {"lists", std::move(lists)}};
    std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace)
              << '\n';
    return;
  }
  std::cout << Grouped(written) << " written, " << Grouped(unsigned_count)
            << " unsigned, " << Grouped(generator.refused()) << " refused, "
            << Grouped(digests) << " digests\n";
}

int Run(const Options& options) {
  auto prepared = Prepare(options);
  if (!prepared) return ReportFailure("lists gen", prepared.error());
  auto folder = OpenFolder(options.folder);
  if (!folder) return ReportFailure("lists gen", folder.error());
  Progress progress("hashed");
  prepared->progress = [&](std::size_t files) { progress.Show(files); };
  prepared->tell = [&](const std::string& what, const std::string& why) {
    progress.Clear();
    ReportFailure(what, why);
  };
  ListGenerator generator(std::move(*prepared), std::move(*folder));
  for (const std::string& source : options.sources) {
    generator.AddSource(source);
  }
  for (const std::string& path : options.path_lists) {
    generator.AddPathList(path);
  }
  for (const std::string& log : options.logs) generator.AddMeasurementLog(log);
  generator.Finish();
  progress.Clear();
  Print(generator, options.json);
  if (generator.failed()) return kExitFailed;
  return generator.refused() == 0 ? kExitYes : kExitNo;
}

// What CLI11 cannot see by itself. It takes errors as exceptions.
void CheckUsage(const Options& options) {
  if (options.sources.empty() && options.path_lists.empty() &&
      options.logs.empty()) {
    throw CLI::RequiredError("SOURCE, --paths-from or --ima-log");
  }
  const bool files = !options.path_lists.empty() || !options.logs.empty();
  if (files && options.format == "rpm") {
    throw CLI::ValidationError("--format rpm takes packages only");
  }
  const auto from_stdin = [](const std::vector<std::string>& paths) {
    return std::ranges::find(paths, "-") != paths.end();
  };
  if (options.name.empty() &&
      (from_stdin(options.path_lists) || from_stdin(options.logs))) {
    throw CLI::RequiredError("--name, with the standard input,");
  }
  if (!options.packages.empty() &&
      std::ranges::none_of(options.sources, [](const std::string& source) {
        return source.starts_with("rpmdb:");
      })) {
    throw CLI::ValidationError("--package needs a source rpmdb:ROOT");
  }
}

void AddFileSources(CLI::App& gen, Options& options) {
  gen.add_option("--paths-from", options.path_lists,
                 "hash the files that FILE names, one in a line or before "
                 "each NUL; - for stdin; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  gen.add_option("--ima-log", options.logs,
                 "take digests and paths from a measurement log, text or "
                 "binary; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

}  // namespace

void AddListsGen(CLI::App& lists, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* gen = lists.add_subcommand(
      "gen", "Make lists from packages, RPM databases, files and folders");
  gen->add_option("--format", options->format,
                  "rpm: packages only; tlv: packages become TLV lists too")
      ->type_name("rpm|tlv")
      ->check(WordFrom({"rpm", "tlv"}));
  gen->add_option("-o,--output", options->folder,
                  "folder for the lists, made if it is missing [.]")
      ->type_name("DIR");
  gen->add_option("--algorithm", options->algorithm,
                  "digest algorithm for files and folders [sha256]")
      ->type_name("NAME")
      ->check(WordFrom({"sha256", "sha384", "sha512", "sha3-256", "sha3-384",
                        "sha3-512", "verity-sha256", "verity-sha512"}));
  gen->add_option("--name", options->name,
                  "name of the list of files and folders [that of the first]")
      ->type_name("NAME");
  gen->add_option("--root", options->root,
                  "record paths as seen from this folder")
      ->type_name("DIR");
  gen->add_option("--keys", options->keys,
                  "make no list of a package that these keys do not vouch "
                  "for; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  gen->add_flag("--allow-weak-digests", options->allow_weak,
                "accept MD5, SHA-1 or SHA-224 digests of packages and logs");
  gen->add_option("--package", options->packages,
                  "of rpmdb:ROOT, only packages whose name matches this "
                  "pattern; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
  AddFileSources(*gen, *options);
  gen->add_flag("--json", options->json, "answer in JSON");
  gen->add_option("source", options->sources,
                  "rpmdb:ROOT, package file, folder or file")
      ->type_name("SOURCE");
  gen->callback([options, &exit_status] {
    CheckUsage(*options);
    exit_status = Run(*options);
  });
}

}  // namespace assayfs
