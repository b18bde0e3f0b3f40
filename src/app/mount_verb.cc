// SPDX-License-Identifier: Apache-2.0
// assayfs mount: shows a tree, judged.
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/daemon/background.h"
#include "app/daemon/daemon.h"
#include "app/report.h"
#include "app/settings/mount_options.h"
#include "app/settings/setting_options.h"
#include "app/verbs.h"

namespace assayfs {
namespace {

struct MountArguments {
  std::string lower;
  std::string mount_point;
  std::vector<std::string> options;  // of -o
  bool foreground = false;
  bool sloppy = false;  // mount -s
  bool fake = false;    // mount -f
  std::shared_ptr<SettingArguments> settings;
};

Result<MountSettings> SettingsOf(const MountArguments& arguments) {
  std::string text;
  for (const std::string& option : arguments.options) text += option + ",";
  const auto options = ParseMountOptions(
      text, arguments.sloppy ? Sloppy::kAllow : Sloppy::kRefuse);
  if (!options) return Fail(options.error());
  auto settings = JoinSettings(*arguments.settings, options->values);
  if (settings) settings->flags = options->flags;
  return settings;
}

// Everything that belongs to the paths, and so to the machine.
Result<void> Complete(const MountArguments& arguments,
                      MountSettings& settings) {
  auto set = SetPaths(arguments.lower, arguments.mount_point, settings);
  if (!set) return set;
  return SetRuntimePaths(Control::kWanted, settings);
}

Result<void> Serve(const MountSettings& settings) {
  // The folder we were started in must stay free to be unmounted.
  if (::chdir("/") != 0) return Fail(Error::FromErrno("/"));
  return ServeMount(settings, RecordsTo::kStderr,
                    {.ready = [] { ::sd_notify(0, "READY=1"); },
                     .stopping = [] { ::sd_notify(0, "STOPPING=1"); }});
}

int Mount(const MountArguments& arguments) {
  auto settings = SettingsOf(arguments);
  if (!settings) return ReportSettingsError("mount", settings.error());
  if (auto completed = Complete(arguments, *settings); !completed) {
    return ReportFailure("mount", completed.error());
  }
  if (arguments.fake) return kExitYes;
  if (arguments.foreground) {
    const auto served = Serve(*settings);
    return served ? kExitYes : ReportFailure("mount", served.error());
  }
  const auto started = StartDaemon(*settings, DaemonLife::kDetached);
  return started ? kExitYes : ReportFailure("mount", started.error());
}

}  // namespace

void AddMountVerb(CLI::App& app, int& exit_status) {
  auto arguments = std::make_shared<MountArguments>();
  CLI::App* verb = app.add_subcommand("mount", "Show a tree, judged");
  arguments->settings = AddSettingOptions(*verb);
  verb->add_option("-o", arguments->options,
                   "mount options: ro, nosuid, nodev, noexec and their like, "
                   "and the options above as NAME=VALUE")
      ->type_name("OPTS")
      ->allow_extra_args(false);
  verb->add_flag("-f,--foreground", arguments->foreground,
                 "stay in the foreground; records go to stderr");
  // For mount(8) only.
  verb->add_flag("--sloppy", arguments->sloppy)->group("");
  verb->add_flag("--fake", arguments->fake)->group("");
  verb->add_option("lower", arguments->lower, "the tree to show")
      ->type_name("LOWER")
      ->required();
  verb->add_option("mountpoint", arguments->mount_point,
                   "where to show it; may be the same folder")
      ->type_name("MOUNTPOINT")
      ->required();
  verb->callback(
      [arguments, &exit_status] { exit_status = Mount(*arguments); });
}

}  // namespace assayfs
