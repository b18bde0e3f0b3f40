// SPDX-License-Identifier: Apache-2.0
// `lists sign`: appends a signature of one's own to lists.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/lists/lists_verbs.h"
#include "app/lists/signing.h"
#include "app/report.h"
#include "lists/list_name.h"
#include "lists/parse_list.h"

namespace assayfs {
namespace {

// What no mount could use is not signed.
Result<void> SignList(const std::string& path, const Signing& signing,
                      bool replace) {
  const std::string name = std::filesystem::path(path).filename();
  const auto parts = ParseListName(name);
  if (!parts) return Fail(parts.error());
  return SignFile(path, kMaxListBytes, signing, replace,
                  [&parts](Bytes payload) -> Result<void> {
                    const auto list = ParseList(parts->format, payload);
                    if (!list) return Fail(list.error());
                    return {};
                  });
}

int Run(const SigningOptions& options, const std::vector<std::string>& lists) {
  const auto signing = PrepareSigning(options);
  if (!signing) return ReportFailure("lists sign", signing.error());
  return SignEach(lists, "list", [&](const std::string& path) {
    return SignList(path, *signing, options.replace);
  });
}

}  // namespace

void AddListsSign(CLI::App& lists, int& exit_status) {
  CLI::App* sign =
      lists.add_subcommand("sign", "Append a signature of your own to lists");
  const auto options = AddSigningOptions(*sign);
  const auto files = std::make_shared<std::vector<std::string>>();
  sign->add_option("list", *files, "list file; changed in place")
      ->type_name("LIST")
      ->required();
  sign->callback([options, files, &exit_status] {
    CheckSigningOptions(*options);
    exit_status = Run(*options, *files);
  });
}

}  // namespace assayfs
