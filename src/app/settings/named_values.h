// SPDX-License-Identifier: Apache-2.0
// NamedValues: options as text, whichever of three places they came from.
#pragma once

#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

// Option name without dashes, such as "log-file", to its values.
using NamedValues = std::map<std::string, std::vector<std::string>>;

// One option that takes values, for --help, -o and the configuration file.
struct SettingOption {
  const char* name;
  const char* value;  // how --help calls the value
  const char* help;
  bool repeatable = false;
};

// Every option that `mount` and `run` share.
const std::vector<SettingOption>& SettingOptions();
bool IsSettingName(std::string_view name);

// Adds to values what it has no value for yet.
void AddMissing(NamedValues& values, const NamedValues& defaults);

// Reads a configuration in TOML: NAME = "value", NAME = ["a", "b"] or a
// number, no tables.
// Errors: EINVAL for anything else and for unknown names.
Result<NamedValues> ParseConfiguration(std::istream& text);

// Reads the file if there is one; no values if not.
// Errors: those of opening it; as ParseConfiguration, naming the file.
Result<NamedValues> ReadConfiguration(const std::string& path);
inline constexpr char kConfigurationPath[] = "/etc/assayfs/assayfs.toml";

}  // namespace assayfs
