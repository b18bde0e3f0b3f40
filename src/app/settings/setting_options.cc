// SPDX-License-Identifier: Apache-2.0
// The options that `mount` and `run` share, on the command line.
#include "app/settings/setting_options.h"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/report.h"

namespace assayfs {

std::shared_ptr<SettingArguments> AddSettingOptions(CLI::App& verb) {
  auto arguments = std::make_shared<SettingArguments>();
  for (const SettingOption& option : SettingOptions()) {
    CLI::Option* added = verb.add_option_function<std::vector<std::string>>(
        std::string("--") + option.name,
        [arguments,
         name = option.name](const std::vector<std::string>& values) {
          arguments->values[name] = values;
        },
        option.help);
    added->type_name(option.value);
    if (!option.repeatable) added->expected(1)->take_last();
    // One value each time, so that no path behind it is swallowed.
    added->allow_extra_args(false);
  }
  verb.add_flag("--allow-weak-digests", arguments->allow_weak,
                "accept lists with MD5, SHA-1 or SHA-224 digests");
  return arguments;
}

Result<MountSettings> JoinSettings(const SettingArguments& arguments,
                                   const NamedValues& mount_options) {
  NamedValues values = arguments.values;
  AddMissing(values, mount_options);
  const auto configuration = ReadConfiguration(kConfigurationPath);
  if (!configuration) return Fail(configuration.error());
  AddMissing(values, *configuration);
  auto settings = MakeSettings(values);
  if (settings) settings->allow_weak = arguments.allow_weak;
  return settings;
}

int ReportSettingsError(const char* verb, const Error& error) {
  ReportFailure(verb, error);
  return error.code() == EINVAL ? kExitUsage : kExitFailed;
}

}  // namespace assayfs
