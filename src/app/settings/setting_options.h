// SPDX-License-Identifier: Apache-2.0
// The options that `mount` and `run` share, on the command line.
#pragma once

#include <memory>

#include "app/settings/mount_settings.h"
#include "app/settings/named_values.h"
#include "base/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

struct SettingArguments {
  NamedValues values;  // of the command line
  bool allow_weak = false;
};

// Adds the options to verb. The result is filled in when verb is parsed.
std::shared_ptr<SettingArguments> AddSettingOptions(CLI::App& verb);

// Joins the command line, the -o options and the configuration file; the first
// that has a value for an option wins.
// Errors: as ReadConfiguration; EINVAL as MakeSettings.
Result<MountSettings> JoinSettings(const SettingArguments& arguments,
                                   const NamedValues& mount_options);

// Prints one line and returns the exit status for the error: wrong usage for
// EINVAL, failed for the rest.
int ReportSettingsError(const char* verb, const Error& error);

}  // namespace assayfs
