// SPDX-License-Identifier: Apache-2.0
// What `status` says, as JSON and as text.
#include "app/control/status_json.h"

#include <unistd.h>
#include <nlohmann/json.hpp>

#include "app/control/json_text.h"
#include "app/daemon/mount_policy.h"
#include "crypto/hasher.h"

namespace assayfs {
namespace {

using nlohmann::json;

json PolicyJson(const Policy& policy, const Floors& floors) {
  const auto digest = HashBytes(HashAlgorithm::kSha256, AsBytes(policy.text));
  return {{"name", policy.name},
          {"sha256", digest ? digest->Hex() : ""},
          {"rules", policy.rules.size()},
          {"version", policy.version()},
          {"floor", FloorFor(floors, policy)}};
}

std::string PolicyText(const json& policy) {
  std::string text =
      TextOf(policy, "name") + ", " + TextOf(policy, "rules") + " rules";
  const std::string floor = TextOf(policy, "floor");
  if (const auto version = TextOf(policy, "version"); version != "0") {
    text += ", version " + version +
            (floor.empty() ? ", no floor" : ", floor " + floor);
  }
  return text + ", sha256:" + TextOf(policy, "sha256");
}

json TpmJson(const MeasurementLog::Status& status) {
  json banks = json::array();
  for (const HashAlgorithm bank : status.banks) {
    banks.push_back(AlgorithmName(bank));
  }
  return {{"state", StateName(status.state)},
          {"pcr", status.pcr},
          {"banks", banks},
          {"extends", status.extends},
          {"records", status.records},
          {"detail", status.detail}};
}

// Of the usual PCR, with the others that the policy names.
json TpmsJson(const std::vector<MeasurementLog::Status>& statuses) {
  json usual = TpmJson(statuses.front());
  usual["others"] = json::array();
  for (std::size_t i = 1; i < statuses.size(); ++i) {
    usual["others"].push_back(TpmJson(statuses[i]));
  }
  return usual;
}

json ListsJson(const MountSettings& settings, ListStore& store) {
  const auto index = store.Current();
  json rejected = json::array();
  for (const auto& [name, error] : store.Rejected()) {
    rejected.push_back({{"name", name}, {"error", error}});
  }
  json withdrawn = json::array();
  for (const auto& list : index->lists()) {
    if (const Withdrawn* why = index->WhyWithdrawn(*list)) {
      withdrawn.push_back({{"name", list->name}, {"why", why->why}});
    }
  }
  return {{"sources", settings.lists},
          {"allow_weak", settings.allow_weak},
          {"loaded", index->lists().size()},
          {"waiting", store.waiting()},
          {"rejected", rejected},
          {"withdrawn", withdrawn},
          {"revocations", index->withdrawals()->revocations.size()},
          {"digests", index->digest_count()},
          {"epoch", index->epoch()}};
}

std::string Line(const char* name, const std::string& text) {
  std::string line = std::string("  ") + name;
  line.resize(12, ' ');
  return line + text + "\n";
}

std::string TpmText(const json& tpm) {
  std::string text = TextOf(tpm, "state") + ", PCR " + TextOf(tpm, "pcr");
  std::string banks;
  for (const json& bank : MemberOf(tpm, "banks")) {
    if (!bank.is_string()) continue;
    banks += (banks.empty() ? "" : ", ") + bank.get<std::string>();
  }
  if (!banks.empty()) text += " (" + banks + ")";
  text += ", " + TextOf(tpm, "extends") + " extends, " +
          TextOf(tpm, "records") + " records";
  const auto detail = TextOf(tpm, "detail");
  return detail.empty() ? text : text + ": " + detail;
}

std::string_view DataName(DataPath data) {
  switch (data) {
    case DataPath::kAuto:
      return "auto";
    case DataPath::kVerified:
      return "verified";
    case DataPath::kPassthrough:
      return "passthrough";
  }
  return "";
}

}  // namespace

json StatusJson(Judging& judging, const FuseSession::Data& data,
                bool update_running, std::uint64_t lost_records,
                std::chrono::seconds uptime) {
  const MountSettings& settings = judging.settings();
  const EnforcementPoint& point = judging.enforcement_point();
  const auto counters = judging.appraiser().counters();
  return {{"version", ASSAYFS_VERSION},
          {"pid", ::getpid()},
          {"lower", settings.lower},
          {"mountpoint", settings.mount_point},
          {"mode", ModeName(judging.appraiser().mode())},
          {"enforce_at", point.at == EnforceAt::kRead ? "read" : "open"},
          {"enforce_at_why", point.why},
          {"data", DataName(data.in_force)},
          {"open_files",
           {{"through_daemon", data.through_us}, {"passthrough", data.passed}}},
          {"update_running", update_running},
          {"policy",
           PolicyJson(*judging.appraiser().policy(), judging.lists().floors())},
          {"keys", settings.keys},
          {"revoked", settings.revoked},
          {"tpm", TpmsJson(judging.log().statuses())},
          {"log_file", settings.log_path},
          {"lists", ListsJson(settings, judging.lists())},
          {"problems", judging.Problems()},
          {"verdicts",
           {{"cached", counters.cached},
            {"allowed", counters.allowed},
            {"denied", counters.denied},
            {"hashed_files", counters.hashed_files},
            {"hashed_bytes", counters.hashed_bytes}}},
          {"records", {{"lost", lost_records}}},
          {"uptime_s", uptime.count()}};
}

json RecordJson(const UseRecorder& recorder) {
  const auto counters = recorder.counters();
  return {{"file", recorder.path()},
          {"uses", counters.uses},
          {"lost", counters.lost}};
}

std::string StatusText(const json& status) {
  const json& policy = MemberOf(status, "policy");
  const json& lists = MemberOf(status, "lists");
  const json& verdicts = MemberOf(status, "verdicts");
  const json& rejected = MemberOf(lists, "rejected");
  std::string out = TextOf(status, "mountpoint") + "\n";
  out += Line("lower", TextOf(status, "lower"));
  out += Line("mode", TextOf(status, "mode") + ", at " +
                          TextOf(status, "enforce_at") + " (" +
                          TextOf(status, "enforce_at_why") + "), data " +
                          TextOf(status, "data"));
  const json& open_files = MemberOf(status, "open_files");
  out += Line("opens",
              TextOf(open_files, "through_daemon") + " through the daemon, " +
                  TextOf(open_files, "passthrough") + " by the kernel");
  if (MemberOf(status, "update_running") == true) {
    out += Line("update", "running");
  }
  out += Line("policy", PolicyText(policy));
  out += Line("lists", TextOf(lists, "loaded") + " loaded, " +
                           std::to_string(rejected.size()) + " rejected, " +
                           std::to_string(MemberOf(lists, "withdrawn").size()) +
                           " withdrawn by " + TextOf(lists, "revocations") +
                           " revocations, " + TextOf(lists, "digests") +
                           " digests, epoch " + TextOf(lists, "epoch"));
  for (const json& problem : MemberOf(status, "problems")) {
    out += Line("problem", TextOf({{"text", problem}}, "text"));
  }
  const json& tpm = MemberOf(status, "tpm");
  out += Line("tpm", TpmText(tpm));
  for (const json& other : MemberOf(tpm, "others")) {
    out += Line("tpm", TpmText(other));
  }
  out += Line("log", TextOf(status, "log_file"));
  out += Line("verdicts", TextOf(verdicts, "allowed") + " allowed, " +
                              TextOf(verdicts, "denied") + " denied, " +
                              TextOf(verdicts, "cached") + " cached, " +
                              TextOf(verdicts, "hashed_files") +
                              " files hashed (" +
                              TextOf(verdicts, "hashed_bytes") + " bytes)");
  out += Line("records",
              TextOf(MemberOf(status, "records"), "lost") + " of denials lost");
  if (const json& record = MemberOf(status, "record"); !record.is_null()) {
    out += Line("record", TextOf(record, "uses") + " uses, " +
                              TextOf(record, "lost") + " lost, in " +
                              TextOf(record, "file"));
  }
  out += Line("daemon", "pid " + TextOf(status, "pid") + ", version " +
                            TextOf(status, "version") + ", up " +
                            TextOf(status, "uptime_s") + " s");
  return out;
}

}  // namespace assayfs
