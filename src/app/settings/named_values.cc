// SPDX-License-Identifier: Apache-2.0
// NamedValues: options as text, whichever of three places they came from.
#include "app/settings/named_values.h"

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "base/files.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxConfigurationBytes = 1 << 20;

}  // namespace

const std::vector<SettingOption>& SettingOptions() {
  static const std::vector<SettingOption> options = {
      {"lists", "PATH",
       "folder of digest lists, one list, or rpmdb:ROOT; repeatable "
       "[/etc/digest_lists]",
       true},
      {"keys", "PATH",
       "folder or file of trusted keys (.asc, .pem, .crl); repeatable "
       "[/etc/assayfs/keys.d]",
       true},
      {"revoked", "PATH",
       "folder or file of revoked keys, packages and digests "
       "[/etc/assayfs/revoked.d]"},
      {"floors", "PATH",
       "file in which the oldest versions that still count are kept"},
      {"floors-counter", "INDEX",
       "counter in the TPM against old copies of that file"},
      {"allow-rollback", "PACKAGE",
       "let old versions of this package count; repeatable", true},
      {"policy", "NAME|FILE",
       "files, exec, measure, or a file of rules [files]"},
      {"bind", "WHAT",
       "path, mode, owner, caps, link: what must be as lists have it"},
      {"unbound", "PACKAGE",
       "content of this package is known under any path; repeatable", true},
      {"mode", "MODE", "enforce, log or off [enforce]"},
      {"enforce-at", "WHEN", "auto, open or read [auto]"},
      {"data", "WAY", "auto, verified or passthrough [auto]"},
      {"tpm", "USE", "auto, required or off [auto]"},
      {"tcti", "CONF", "TCTI of the TPM, as tpm2-tss has it"},
      {"pcr", "N", "PCR to extend [12]"},
      {"log-file", "PATH", "measurement log [/run/assayfs/pcr-N.log]"},
      {"record", "FILE",
       "file in which what is asked is recorded, for policy replay and learn"},
      {"log-order", "ORDER", "sorted or on-use [sorted]"},
      {"control", "PATH",
       "control socket [/run/assayfs/<mount point, escaped>.sock]"},
  };
  return options;
}

bool IsSettingName(std::string_view name) {
  return std::ranges::any_of(SettingOptions(), [name](const auto& option) {
    return option.name == name;
  });
}

void AddMissing(NamedValues& values, const NamedValues& defaults) {
  values.insert(defaults.begin(), defaults.end());
}

Result<NamedValues> ParseConfiguration(std::istream& text) {
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(text);
  } catch (const CLI::Error& error) {
    return Fail(EINVAL, error.what());
  }
  NamedValues values;
  for (const CLI::ConfigItem& item : items) {
    if (!item.parents.empty() || !IsSettingName(item.name)) {
      return Fail(EINVAL, "\"" + item.fullname() + "\" is not an option");
    }
    if (item.inputs.empty()) {
      return Fail(EINVAL, item.name + " has no value");
    }
    values[item.name] = item.inputs;
  }
  return values;
}

Result<NamedValues> ReadConfiguration(const std::string& path) {
  const auto bytes = ReadFileAt(AT_FDCWD, path, kMaxConfigurationBytes);
  if (!bytes && bytes.error().code() == ENOENT) return NamedValues();
  if (!bytes) return Fail(bytes.error());
  std::istringstream text{std::string(AsText(*bytes))};
  auto values = ParseConfiguration(text);
  if (!values) return Fail(std::move(values).error().WithContext(path));
  return values;
}

}  // namespace assayfs
