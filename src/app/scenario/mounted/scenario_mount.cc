// SPDX-License-Identifier: Apache-2.0
// ScenarioMount: a daemon that serves the files of a scenario, with a TPM.
#include "app/scenario/mounted/scenario_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "app/control/control_client.h"
#include "app/control/json_text.h"
#include "app/daemon/background.h"
#include "app/log_replay.h"
#include "app/scenario/processes/children.h"
#include "app/settings/mount_table.h"
#include "appraise/asker.h"
#include "base/bytes.h"
#include "base/files.h"
#include "tpm/log_file.h"

namespace assayfs {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kListLimit{5'000};
constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

// Where what this process writes to stderr goes meanwhile.
class StderrTo {
 public:
  explicit StderrTo(int fd)
      : before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
    ::dup2(fd, STDERR_FILENO);
  }
  StderrTo(const StderrTo&) = delete;
  StderrTo& operator=(const StderrTo&) = delete;
  ~StderrTo() { ::dup2(before_.get(), STDERR_FILENO); }

 private:
  UniqueFd before_;
};

// How many lists the daemon has taken in or refused.
std::size_t KnownLists(const json& lists, const std::set<std::string>& names) {
  const json& loaded = MemberOf(lists, "loaded");
  std::size_t known = loaded.is_number() ? loaded.get<std::size_t>() : 0;
  for (const json& list : MemberOf(lists, "rejected")) {
    if (names.contains(TextOf(list, "name"))) ++known;
  }
  return known;
}

std::string LastLineOf(const std::string& path) {
  const auto bytes = ReadFileAt(AT_FDCWD, path, kMaxRecordBytes);
  if (!bytes || bytes->empty()) return "it said nothing";
  std::string_view text = AsText(*bytes);
  text.remove_suffix(text.ends_with('\n') ? 1 : 0);
  return std::string(text.substr(text.rfind('\n') + 1));
}

}  // namespace

std::string ScenarioMount::WhyImpossible() {
  if (::geteuid() != 0) return "mounts need root";
  if (::access("/dev/fuse", R_OK | W_OK) != 0) return "there is no /dev/fuse";
  if (!SoftwareTpm::Available()) return "swtpm is not installed";
  return {};
}

Result<std::unique_ptr<ScenarioMount>> ScenarioMount::Start(
    const Scenario& scenario, ScenarioFolder& folder, TestKeys& keys) {
  std::unique_ptr<ScenarioMount> mount(new ScenarioMount(scenario, folder));
  if (auto prepared = mount->Prepare(keys); !prepared) {
    return Fail(prepared.error());
  }
  if (auto started = mount->StartServing(); !started) {
    return Fail(started.error());
  }
  return mount;
}

ScenarioMount::~ScenarioMount() { static_cast<void>(Stop()); }

Result<void> ScenarioMount::Prepare(TestKeys& keys) {
  const std::string tpm_folder = folder_ / "tpm";
  const std::string mount_point = folder_ / "mount";
  for (const std::string& folder : {tpm_folder, mount_point}) {
    if (::mkdir(folder.c_str(), 0755) != 0) {
      return Fail(Error::FromErrno(folder));
    }
  }
  auto tpm = SoftwareTpm::Start(tpm_folder);
  if (!tpm) return Fail(tpm.error());
  tpm_ = std::move(*tpm);
  std::vector<std::string> certificates;
  for (const std::string& name : scenario_.trusted) {
    const auto key = keys.Get(name);
    if (!key) return Fail(key.error());
    certificates.push_back(key->certificate_path);
  }
  NamedValues values = {{"lists", {folder_.lists()}},
                        {"keys", certificates},
                        {"revoked", {folder_.revoked()}},
                        {"policy", {folder_.policy()}},
                        {"mode", {scenario_.mode}},
                        {"tpm", {"required"}},
                        {"tcti", {tpm_->tcti()}},
                        {"pcr", {std::to_string(scenario_.pcr)}},
                        {"log-file", {folder_ / "log"}},
                        {"control", {folder_ / "control"}}};
  if (!scenario_.bind.empty()) values["bind"] = {scenario_.bind};
  if (scenario_.floors) values["floors"] = {folder_ / "floors"};
  auto settings = MakeSettings(values);
  if (!settings) return Fail(settings.error());
  settings_ = std::move(*settings);
  settings_.allow_weak = true;
  settings_.may_deny_all = true;
  if (scenario_.read_only) settings_.flags |= MS_RDONLY;
  records_path_ = folder_ / "records";
  return SetPaths(folder_.tree(), mount_point, settings_);
}

Result<void> ScenarioMount::StartServing() {
  const UniqueFd records(
      ::open(records_path_.c_str(),
             O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!records) return Fail(Error::FromErrno(records_path_));
  // The daemon has a copy of what is not written yet, and would write it too.
  std::fflush(nullptr);
  const StderrTo redirected(records.get());
  const auto started = StartDaemon(settings_, DaemonLife::kWithParent);
  if (!started) return Fail(started.error());
  daemon_ = started->pid;
  return {};
}

Result<UniqueFd> ScenarioMount::OpenRoot() const {
  UniqueFd root(::open(mount_point().c_str(),
                       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return Fail(Error::FromErrno(mount_point()));
  return root;
}

Result<json> ScenarioMount::Ask(const json& request) const {
  return AskDaemon(settings_.control_path, request, Answerer::kRootOrSelf);
}

Result<json> ScenarioMount::Status() const { return Ask({{"verb", "status"}}); }

Result<json> ScenarioMount::Why(const Asker& asker, const std::string& path,
                                Mask mask) const {
  // Children of this process have what it has, unless they are given another.
  Use self{.pid = ::getpid()};
  DescribeAsker({.exe = true, .container = true}, self);
  const auto known = [&self](TextFact which, const std::string& given) {
    const auto& own = self.text(which);
    return !given.empty() || own.empty() ? given : own.front();
  };
  return Ask({{"verb", "why"},
              {"path_hex", ToHex(AsBytes(path))},
              {"uid", asker.uid},
              {"euid", asker.euid},
              {"gid", asker.gid},
              {"egid", asker.egid},
              {"exe_hex", ToHex(AsBytes(known(TextFact::kExe, asker.exe)))},
              {"container", known(TextFact::kContainer, asker.container)},
              {"mask", mask}});
}

Result<void> ScenarioMount::Reload() const {
  const auto answer = Ask({{"verb", "reload"}});
  if (!answer) return Fail(answer.error());
  return {};
}

void ScenarioMount::WaitForLists(const json& before) const {
  const auto names = NamesIn(folder_.lists());
  if (!names) return;
  const std::set<std::string> there(names->begin(), names->end());
  const json& old_lists = MemberOf(before, "lists");
  WaitUntil(
      [&] {
        const auto status = Status();
        if (!status) return true;  // whoever asks next is told
        const json& lists = MemberOf(*status, "lists");
        return lists != old_lists && KnownLists(lists, there) == there.size();
      },
      kListLimit);
}

Result<void> ScenarioMount::Stop() {
  if (daemon_ == 0) return {};
  const int status = EndChild(std::exchange(daemon_, 0));
  // Only if it did not end well.
  while (::umount2(mount_point().c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Fail(EIO, "the daemon did not end well: " + LastLineOf(records_path_));
}

Result<void> ScenarioMount::CheckPcrs() const {
  auto log = LogFile::Open(log_path());
  if (!log) return Fail(log.error());
  const auto lock = log->Acquire();
  if (!lock) return Fail(lock.error());
  const auto records = log->ReadOn();
  if (!records) return Fail(records.error());
  std::set<std::uint32_t> pcrs = {scenario_.pcr};
  for (const ImaRecord& record : *records) pcrs.insert(record.pcr);
  const auto replayed = ReplayPcrs(
      *records,
      {.pcrs = {pcrs.begin(), pcrs.end()}, .banks = {}, .tcti = tpm_->tcti()});
  if (!replayed) return Fail(replayed.error());
  for (const ReplayedPcr& pcr : *replayed) {
    if (pcr.tpm && *pcr.tpm == pcr.value) continue;
    return Fail(
        EIO, "PCR " + std::to_string(pcr.pcr) + " is not what the log gives");
  }
  return {};
}

}  // namespace assayfs
