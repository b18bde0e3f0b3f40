// SPDX-License-Identifier: Apache-2.0
// `lists show`: prints what lists say, verified or not.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/lists/lists_input.h"
#include "app/lists/lists_verbs.h"
#include "app/report.h"
#include "lists/appended_signature.h"
#include "lists/list_name.h"
#include "lists/parse_list.h"

namespace assayfs {
namespace {

using Json = nlohmann::json;

struct Options {
  std::vector<std::string> paths;
  bool json = false;
};

struct ShownList {
  DigestList list;
  std::string_view signature;  // none, openpgp or pkcs7
};

std::string_view SignatureKind(const SplitList& split) {
  if (!split.signature) return "none";
  return split.signature->format == SignatureFormat::kPkcs7 ? "pkcs7"
                                                            : "openpgp";
}

Result<ShownList> Parse(const RawList& raw) {
  if (!raw.bytes) return Fail(raw.bytes.error());
  const auto name = ParseListName(raw.name);
  if (!name) return Fail(name.error());
  const auto split = SplitSignature(*raw.bytes);
  if (!split) return Fail(split.error());
  auto list = ParseList(name->format, split->payload);
  if (!list) return Fail(list.error());
  return ShownList{std::move(*list), SignatureKind(*split)};
}

Json ToJson(const RawList& raw, const ShownList& shown) {
  Json files = Json::array();
  for (const ListedFile& file : shown.list.files) {
    Json entry = {{"path", file.path},
                  {"algorithm", AlgorithmName(file.digest.algorithm())},
                  {"digest", file.digest.Hex()}};
    if (file.mode) entry["mode"] = *file.mode;
    files.push_back(std::move(entry));
  }
  return {{"name", raw.name},
          {"origin", raw.origin},
          {"format", shown.list.format == ListFormat::kRpm ? "rpm" : "tlv"},
          {"package", shown.list.package},
          {"signature", shown.signature},
          {"files", std::move(files)}};
}

void Print(const ShownList& shown) {
  for (const ListedFile& file : shown.list.files) {
    std::cout << file.digest.ToString() << ' ' << Printable(file.path) << '\n';
  }
}

int Run(const Options& options) {
  const auto lists = ReadLists(options.paths);
  if (!lists) return ReportFailure("lists show", lists.error());
  int status = kExitYes;
  Json shown_lists = Json::array();
  for (const RawList& raw : *lists) {
    const auto shown = Parse(raw);
    if (!shown) {
      status = ReportFailure(raw.origin, shown.error());
    } else if (options.json) {
      shown_lists.push_back(ToJson(raw, *shown));
    } else {
      Print(*shown);
    }
  }
  if (options.json) {
    const Json all = {{"lists", std::move(shown_lists)}};
    std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace)
              << '\n';
  }
  return status;
}

}  // namespace

void AddListsShow(CLI::App& lists, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* show = lists.add_subcommand(
      "show", "Print what lists say, without verifying them");
  show->add_option("list", options->paths,
                   "list, folder of lists, package file, or rpmdb:ROOT")
      ->type_name("LIST")
      ->required();
  show->add_flag("--json", options->json, "answer in JSON");
  show->callback([options, &exit_status] { exit_status = Run(*options); });
}

}  // namespace assayfs
