// SPDX-License-Identifier: Apache-2.0
// MountSettings: what a mount is to be, checked.
#include "app/settings/mount_settings.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

#include "app/control/control_path.h"
#include "app/default_paths.h"
#include "app/revoked.h"
#include "app/settings/mount_table.h"
#include "base/files.h"
#include "base/numbers.h"
#include "policy/built_in_policies.h"
#include "policy/rule.h"

namespace assayfs {
namespace {

constexpr std::string_view kDatabasePrefix = "rpmdb:";

std::string Absolute(const std::string& path) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored);
  return absolute.empty() ? path : absolute.lexically_normal().string();
}

// Returns the last value given, or the default.
std::string Single(const NamedValues& values, const char* name,
                   const char* fallback) {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? fallback
                                                        : found->second.back();
}

std::vector<std::string> Several(const NamedValues& values, const char* name,
                                 std::vector<std::string> fallback = {}) {
  const auto found = values.find(name);
  return found == values.end() ? std::move(fallback) : found->second;
}

tl::unexpected<Error> WrongValue(const char* name, const std::string& value,
                                 const char* choices) {
  return Fail(EINVAL, std::string("--") + name + " \"" + value +
                          "\": must be " + choices);
}

Result<MeasurementLog::TpmUse> TpmUseFrom(const std::string& word) {
  if (word == "auto") return MeasurementLog::TpmUse::kAuto;
  if (word == "required") return MeasurementLog::TpmUse::kRequired;
  if (word == "off") return MeasurementLog::TpmUse::kOff;
  return WrongValue("tpm", word, "auto, required or off");
}

Result<std::optional<std::uint32_t>> CounterFrom(const std::string& word) {
  if (word.empty()) return std::optional<std::uint32_t>();
  // The range of NV indexes that the specification gives to the owner.
  constexpr std::uint32_t kFirst = 0x01800000;
  constexpr std::uint32_t kLast = 0x01bfffff;
  const std::string_view digits =
      word.starts_with("0x") ? std::string_view(word).substr(2) : word;
  const auto index = ParseNumber<std::uint32_t>(digits, 16);
  if (!index || *index < kFirst || *index > kLast) {
    return WrongValue("floors-counter", word,
                      "an NV index from 0x01800000 to 0x01bfffff");
  }
  return index;
}

Result<std::optional<EnforceAt>> EnforceAtFrom(const std::string& word) {
  if (word == "auto") return std::optional<EnforceAt>();
  if (word == "open") return EnforceAt::kOpen;
  if (word == "read") return EnforceAt::kRead;
  return WrongValue("enforce-at", word, "auto, open or read");
}

Result<ListOrder> OrderFrom(const std::string& word) {
  if (word == "sorted") return ListOrder::kSorted;
  if (word == "on-use") return ListOrder::kOnUse;
  return WrongValue("log-order", word, "sorted or on-use");
}

Result<DataPath> DataFrom(const std::string& word) {
  if (word == "auto") return DataPath::kAuto;
  if (word == "verified") return DataPath::kVerified;
  if (word == "passthrough") return DataPath::kPassthrough;
  return WrongValue("data", word, "auto, verified or passthrough");
}

// Takes away mounts of ours at path whose daemon has died, if we may.
void DetachDeadMounts(const std::string& path) {
  // The kernel answers stat(2) by itself for a while, but never this.
  const auto is_dead = [&path] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return !fd && errno == ENOTCONN;
  };
  while (is_dead()) {
    const auto table = ReadOwnMountTable();
    if (!table) return;
    const MountEntry* const top = FindMountPoint(*table, Absolute(path));
    if (top == nullptr || top->type != kMountType) return;
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return;
  }
}

// Returns the folder without links. Errors: see SetPaths.
Result<std::string> ResolveFolder(const std::string& path) {
  DetachDeadMounts(path);
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  struct stat info {};
  if (error || ::stat(real.c_str(), &info) != 0) {
    const int code = error ? error.value() : errno;
    std::string message = path + ": " + std::generic_category().message(code);
    if (code == ENOTCONN) {
      message += "; a dead mount is there, run umount " + path;
    } else if (code == ENOENT) {
      message += "; create the folder first";
    }
    return Fail(code, message);
  }
  if (!S_ISDIR(info.st_mode)) return Fail(ENOTDIR, path + ": not a folder");
  return real.string();
}

}  // namespace

Result<unsigned> PcrFrom(const std::string& word) {
  const auto pcr = ParseNumber<unsigned>(word);
  if (!pcr || !CanBeExtended(*pcr)) return WrongValue("pcr", word, kPcrRange);
  return *pcr;
}

Result<MountSettings> MakeSettings(const NamedValues& values) {
  MountSettings settings;
  for (const std::string& list : Several(values, "lists", {kDefaultLists})) {
    const bool database = list.starts_with(kDatabasePrefix);
    settings.lists.push_back(
        database ? std::string(kDatabasePrefix) +
                       Absolute(list.substr(kDatabasePrefix.size()))
                 : Absolute(list));
  }
  for (const std::string& key : Several(values, "keys", {kDefaultKeys})) {
    settings.keys.push_back(Absolute(key));
  }
  settings.revoked = Absolute(Single(values, "revoked", kDefaultRevoked));
  if (const auto floors = Single(values, "floors", ""); !floors.empty()) {
    settings.floors = Absolute(floors);
  }
  const auto counter = CounterFrom(Single(values, "floors-counter", ""));
  if (!counter) return Fail(counter.error());
  settings.floors_counter = *counter;
  settings.allow_rollback = Several(values, "allow-rollback");
  const bool has_floors = !settings.floors.empty();
  if (!has_floors && (*counter || !settings.allow_rollback.empty())) {
    return Fail(EINVAL,
                "--floors-counter and --allow-rollback need --floors PATH");
  }
  settings.policy = Single(values, "policy", "files");
  if (!FindBuiltInPolicy(settings.policy, settings.pcr)) {
    settings.policy = Absolute(settings.policy);
  }

  const auto order = OrderFrom(Single(values, "log-order", "sorted"));
  if (!order) return Fail(order.error());
  settings.list_order = *order;
  if (has_floors && *order == ListOrder::kOnUse) {
    return Fail(EINVAL,
                "--floors needs --log-order sorted: what is not loaded has no "
                "version");
  }
  if (const auto bind = Single(values, "bind", ""); !bind.empty()) {
    const auto binding = ParseBinding(bind);
    if (!binding) return Fail(Error(binding.error()).WithContext("--bind"));
    settings.bind = *binding;
  }
  settings.unbound = Several(values, "unbound");
  const std::string mode_word = Single(values, "mode", "enforce");
  const auto mode = ModeFromName(mode_word);
  if (!mode) return WrongValue("mode", mode_word, "enforce, log or off");
  settings.mode = *mode;
  const auto tpm = TpmUseFrom(Single(values, "tpm", "auto"));
  if (!tpm) return Fail(tpm.error());
  settings.tpm = *tpm;
  const auto pcr = PcrFrom(Single(values, "pcr", "12"));
  if (!pcr) return Fail(pcr.error());
  settings.pcr = *pcr;
  const auto when = EnforceAtFrom(Single(values, "enforce-at", "auto"));
  if (!when) return Fail(when.error());
  settings.enforce_at = *when;
  const auto data = DataFrom(Single(values, "data", "auto"));
  if (!data) return Fail(data.error());
  settings.data = *data;

  settings.tcti = Single(values, "tcti", "");
  for (const auto& [name, path] :
       {std::pair("log-file", &settings.log_path),
        std::pair("record", &settings.record),
        std::pair("control", &settings.control_path)}) {
    const std::string given = Single(values, name, "");
    if (!given.empty()) *path = Absolute(given);
  }
  if (!settings.record.empty() && settings.mode == Mode::kOff) {
    return Fail(EINVAL,
                "--record needs --mode enforce or log: with off nothing is "
                "asked; log denies nothing either");
  }
  return settings;
}

Result<void> SetPaths(const std::string& lower, const std::string& mount_point,
                      MountSettings& settings) {
  for (const auto& [given, path] :
       {std::pair(&lower, &settings.lower),
        std::pair(&mount_point, &settings.mount_point)}) {
    auto real = ResolveFolder(*given);
    if (!real) return Fail(real.error());
    *path = std::move(*real);
  }
  const auto table = ReadOwnMountTable();
  if (!table) return Fail(table.error());
  const MountEntry* top = FindMountPoint(*table, settings.mount_point);
  if (top != nullptr && top->type == kMountType) {
    return Fail(EBUSY, settings.mount_point +
                           ": already an assayfs mount; see `assayfs status " +
                           settings.mount_point + "`, or umount it first");
  }
  return {};
}

Result<void> SetRuntimePaths(Control control, MountSettings& settings) {
  const bool control_given = !settings.control_path.empty();
  const bool control_missing = control == Control::kWanted && !control_given;
  const bool log_missing = settings.log_path.empty();
  if (!control_missing && !log_missing && control == Control::kNotWanted) {
    return {};
  }
  const auto folder = MakeRuntimeFolder();
  if (!folder) {
    if (control_missing || log_missing) return Fail(folder.error());
    return {};
  }
  const std::string usual = ControlPath(*folder, settings.mount_point);
  if (control_missing) settings.control_path = usual;
  if (control == Control::kWanted && control_given &&
      settings.control_path != usual) {
    settings.control_link = usual;
  }
  if (log_missing) {
    settings.log_path =
        *folder + "/pcr-" + std::to_string(settings.pcr) + ".log";
  }
  return {};
}

}  // namespace assayfs
