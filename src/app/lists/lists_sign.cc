// SPDX-License-Identifier: Apache-2.0
// `lists sign`: appends a signature of one's own to lists.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/lists/lists_input.h"
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
  std::size_t count = 0;
  int status = kExitYes;
  for (const std::string& path : lists) {
    const auto done = SignList(path, *signing, options.replace);
    if (done) {
      ++count;
      continue;
    }
    ReportFailure(path, done.error());
    const bool no = done.error().code() == EEXIST;
    status = std::max<int>(status, no ? kExitNo : kExitFailed);
  }
  std::cout << Counted(count, "list") << " signed\n";
  return status;
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
