// SPDX-License-Identifier: Apache-2.0
// Adding lists for the packages that a command names.
#include "app/run/package_lists.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/control/control_client.h"
#include "app/control/json_text.h"
#include "app/list_update/coming_lists.h"
#include "app/list_update/list_update.h"
#include "app/lists/lists_input.h"
#include "trust/keyring.h"
#include "trust/rpm_database.h"

namespace assayfs {
namespace {

std::vector<std::string> Texts(const nlohmann::json& array) {
  std::vector<std::string> texts;
  for (const nlohmann::json& text : array) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

// Returns the first folder among places where lists come from.
Result<std::string> FolderOf(const nlohmann::json& lists) {
  for (const std::string& source : Texts(MemberOf(lists, "sources"))) {
    std::error_code not_there;
    if (std::filesystem::is_directory(source, not_there)) return source;
  }
  return Fail(ENOENT,
              "COMMAND names packages, but the mount takes lists from no "
              "folder; see --lists");
}

std::string RootOf(const std::string& mount_point) {
  return RpmDatabaseFolder(mount_point) ? mount_point : "/";
}

}  // namespace

Result<std::string> AddListsOfPackages(
    const std::string& mount_point, const std::string& control,
    const std::vector<std::string>& command) {
  std::vector<std::string> packages;
  std::ranges::copy_if(command, std::back_inserter(packages), IsPackageFile);
  if (packages.empty()) return std::string();
  const auto status = AskMount(mount_point, control, {{"verb", "status"}});
  if (!status) return Fail(status.error());
  const nlohmann::json& lists = MemberOf(*status, "lists");
  auto folder = FolderOf(lists);
  if (!folder) return folder;
  const auto keyring = Keyring::Load(Texts(MemberOf(*status, "keys")));
  if (!keyring) return Fail(keyring.error());
  const bool allow_weak = MemberOf(lists, "allow_weak") == true;
  const auto coming =
      ReadComingLists(packages, **keyring, {.allow_weak = allow_weak});
  if (!coming.refused.empty()) {
    const auto& [path, error] = coming.refused.front();
    return Fail(EKEYREJECTED, path + ": " + error.message());
  }
  auto update = ListUpdate::Open(*folder);
  if (!update) return Fail(update.error());
  const auto begun = update->Begin(RootOf(mount_point), coming.lists, {});
  if (!begun) return Fail(begun.error());
  return folder;
}

Result<void> EndListsOfPackages(const std::string& folder) {
  auto update = ListUpdate::Open(folder);
  if (!update) return Fail(update.error());
  const auto settled = update->Settle(ListUpdate::Outcome::kEnd);
  if (!settled && settled.error().code() != ENOENT) {
    return Fail(settled.error());
  }
  return {};
}

}  // namespace assayfs
