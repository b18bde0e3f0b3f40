// SPDX-License-Identifier: Apache-2.0
// Adding lists for the packages that a command names.
#include "app/run/package_lists.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/control/control_client.h"
#include "app/control/json_text.h"
#include "app/list_update/coming_lists.h"
#include "app/list_update/list_update.h"
#include "app/lists/lists_input.h"
#include "app/revoked.h"
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

// Returns the first folder among places where lists come from; empty for none.
std::string FolderOf(const nlohmann::json& lists) {
  for (const std::string& source : Texts(MemberOf(lists, "sources"))) {
    std::error_code not_there;
    if (std::filesystem::is_directory(source, not_there)) return source;
  }
  return {};
}

std::string RootOf(const std::string& mount_point) {
  return RpmDatabaseFolder(mount_point) ? mount_point : "/";
}

}  // namespace

Result<void> PackageLists::Begin(const std::string& mount_point,
                                 const std::string& control,
                                 const std::vector<std::string>& command) {
  std::vector<std::string> packages;
  std::ranges::copy_if(command, std::back_inserter(packages), IsPackageFile);
  const auto status = AskMount(mount_point, control, {{"verb", "status"}},
                               Answerer::kRootOrSelf);
  if (!status) return Fail(status.error());
  const std::string folder = FolderOf(MemberOf(*status, "lists"));
  const std::string root = RootOf(mount_point);
  if (packages.empty() && (folder.empty() || !RpmDatabaseFolder(root))) {
    return {};
  }
  if (folder.empty()) {
    tell_(
        "the mount takes lists from no folder, so none are added for the "
        "packages of the command");
    return {};
  }
  auto begun = BeginIn(folder, root, packages, *status);
  if (!begun && packages.empty()) {
    tell_("lists of packages that go will stay: " + begun.error().message());
    return {};
  }
  return begun;
}

Result<void> PackageLists::BeginIn(const std::string& folder,
                                   const std::string& root,
                                   const std::vector<std::string>& packages,
                                   const nlohmann::json& status) {
  ComingLists coming;
  if (!packages.empty()) {
    const auto keyring = Keyring::Load(Texts(MemberOf(status, "keys")));
    if (!keyring) return Fail(keyring.error());
    const auto revocations = ReadRevoked(TextOf(status, "revoked"));
    if (!revocations) return Fail(revocations.error());
    const bool allow_weak =
        MemberOf(MemberOf(status, "lists"), "allow_weak") == true;
    coming = ReadComingLists(
        packages, **keyring,
        {.allow_weak = allow_weak, .revocations = &*revocations});
  }
  if (!coming.refused.empty()) {
    const auto& [path, error] = coming.refused.front();
    return Fail(EKEYREJECTED, path + ": " + error.message());
  }
  auto update = ListUpdate::Open(folder);
  if (!update) return Fail(update.error());
  // Process numbers come again.
  id_ = "update-" + std::to_string(::getpid()) + "-" +
        std::to_string(std::chrono::system_clock::now().time_since_epoch() /
                       std::chrono::microseconds(1));
  const auto begun = update->Begin(id_, root, coming.lists, {});
  if (!begun) {
    // What it wrote before it failed.
    [[maybe_unused]] const auto aborted =
        update->Settle(id_, ListUpdate::Outcome::kAbort);
    return Fail(begun.error());
  }
  folder_ = folder;
  brings_some_ = !packages.empty();
  return {};
}

Result<void> PackageLists::Abort() {
  if (folder_.empty()) return {};
  auto update = ListUpdate::Open(folder_);
  if (!update) return Fail(update.error());
  const auto settled = update->Settle(id_, ListUpdate::Outcome::kAbort);
  if (!settled) return Fail(settled.error());
  return {};
}

Result<void> PackageLists::End(bool succeeded) {
  if (folder_.empty()) return {};
  const std::string how =
      "assayfs lists update --end --id " + id_ + " --lists " + folder_;
  if (brings_some_ && !succeeded) {
    tell_("it failed; old and new lists count until: " + how);
    return {};
  }
  auto update = ListUpdate::Open(folder_);
  if (!update) return Fail(update.error());
  const auto none = update->NoneIsInstalled(id_);
  if (none && *none) {
    tell_(
        "the RPM database has none of the packages; old and new lists count "
        "until: " +
        how);
    return {};
  }
  const auto settled = update->Settle(id_, ListUpdate::Outcome::kEnd);
  if (settled) return {};
  return Fail(settled.error().code(),
              settled.error().message() + "; once that is put right: " + how);
}

}  // namespace assayfs
