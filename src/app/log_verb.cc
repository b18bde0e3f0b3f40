// SPDX-License-Identifier: Apache-2.0
// The `log` verb: prints measurement logs and recomputes PCRs from them.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/log_replay.h"
#include "app/report.h"
#include "app/verbs.h"
#include "base/files.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

using Json = nlohmann::json;

// A log grows by about 150 bytes for each list and each unknown file.
constexpr std::size_t kMaxLogBytes = std::size_t{1} << 30;

struct ShowOptions {
  std::string log;
  bool ascii = false;  // the default; only there to be said
  bool json = false;
};

struct ReplayOptions {
  std::string log;
  std::vector<std::uint32_t> pcrs;
  std::vector<std::string> banks;
  std::string tcti;
  bool check = false;
  bool json = false;
};

Result<std::vector<ImaRecord>> ReadLog(const std::string& path) {
  const auto bytes = ReadFileAt(AT_FDCWD, path, kMaxLogBytes);
  if (!bytes) return Fail(bytes.error());
  auto records = ParseImaLog(*bytes);
  if (!records) return Fail(std::move(records).error().WithContext(path));
  return records;
}

void PrintJson(const Json& value) {
  std::cout << value.dump(2, ' ', false, Json::error_handler_t::replace)
            << '\n';
}

Json ToJson(const ImaRecord& record) {
  Json entry = {{"pcr", record.pcr},
                {"template_digest", ToHex(record.template_digest)},
                {"template", record.template_name}};
  const auto fields = ParseImaNg(record);
  if (!fields) {
    entry["data"] = ToHex(record.data);
    return entry;
  }
  entry["digest"] = {{"algorithm", AlgorithmName(fields->digest.algorithm())},
                     {"value", fields->digest.Hex()}};
  entry["path"] = fields->path;
  return entry;
}

int Show(const ShowOptions& options) {
  const auto records = ReadLog(options.log);
  if (!records) return ReportFailure("log show", records.error());
  Json entries = Json::array();
  for (const ImaRecord& record : *records) {
    if (options.json) {
      entries.push_back(ToJson(record));
    } else {
      std::cout << ToAscii(record) << '\n';
    }
  }
  if (options.json) PrintJson({{"records", std::move(entries)}});
  return kExitYes;
}

Json ToJson(const ReplayedPcr& pcr) {
  Json entry = {{"pcr", pcr.pcr},
                {"bank", AlgorithmName(pcr.value.algorithm())},
                {"value", pcr.value.Hex()}};
  if (pcr.tpm) {
    entry["tpm"] = pcr.tpm->Hex();
    entry["matches"] = *pcr.tpm == pcr.value;
  }
  return entry;
}

void Print(const ReplayedPcr& pcr) {
  std::cout << "pcr-" << pcr.pcr << ' ' << AlgorithmName(pcr.value.algorithm())
            << ": " << pcr.value.Hex();
  if (pcr.tpm && *pcr.tpm == pcr.value) std::cout << " matches the TPM";
  if (pcr.tpm && *pcr.tpm != pcr.value) {
    std::cout << " differs from the TPM: " << pcr.tpm->Hex();
  }
  std::cout << '\n';
}

int Replay(const ReplayOptions& options) {
  const auto records = ReadLog(options.log);
  if (!records) return ReportFailure("log replay", records.error());
  ReplayRequest request;
  request.pcrs = options.pcrs;
  for (const std::string& bank : options.banks) {
    const auto algorithm = AlgorithmFromName(bank);
    if (!algorithm) return ReportFailure("log replay", "no bank " + bank);
    request.banks.push_back(*algorithm);
  }
  if (options.check || !options.tcti.empty()) request.tcti = options.tcti;
  const auto pcrs = ReplayPcrs(*records, request);
  if (!pcrs) return ReportFailure("log replay", pcrs.error());
  Json entries = Json::array();
  bool equal = true;
  for (const ReplayedPcr& pcr : *pcrs) {
    if (pcr.tpm && *pcr.tpm != pcr.value) equal = false;
    if (options.json) {
      entries.push_back(ToJson(pcr));
    } else {
      Print(pcr);
    }
  }
  if (options.json) {
    PrintJson({{"records", records->size()}, {"pcrs", std::move(entries)}});
  }
  return equal ? kExitYes : kExitNo;
}

void AddShow(CLI::App& log, int& exit_status) {
  const auto options = std::make_shared<ShowOptions>();
  CLI::App* show =
      log.add_subcommand("show", "Print the records of a measurement log");
  auto* ascii = show->add_flag(
      "--ascii", options->ascii,
      "lines as in IMA's ascii_runtime_measurements; the default");
  show->add_flag("--json", options->json, "answer in JSON")->excludes(ascii);
  show->add_option("log", options->log, "log in IMA's binary format")
      ->type_name("LOG")
      ->required();
  show->callback([options, &exit_status] { exit_status = Show(*options); });
}

void AddReplay(CLI::App& log, int& exit_status) {
  const auto options = std::make_shared<ReplayOptions>();
  CLI::App* replay = log.add_subcommand(
      "replay", "Compute the PCR values that a measurement log explains");
  replay
      ->add_option("--pcr", options->pcrs,
                   "this PCR only; repeatable [those in the log]")
      ->type_name("N")
      ->check(CLI::Range(0, 23).description(""))
      ->allow_extra_args(false);
  replay
      ->add_option("--bank", options->banks,
                   "this bank only: sha1, sha256, sha384 or sha512; repeatable")
      ->type_name("NAME")
      ->check(
          CLI::IsMember({"sha1", "sha256", "sha384", "sha512"}).description(""))
      ->allow_extra_args(false);
  replay->add_flag("--check", options->check,
                   "compare with the TPM that tpm2-tss finds by itself");
  replay
      ->add_option("--tcti", options->tcti,
                   "compare with the TPM behind this TCTI configuration")
      ->type_name("CONF");
  replay->add_flag("--json", options->json, "answer in JSON");
  replay->add_option("log", options->log, "log in IMA's binary format")
      ->type_name("LOG")
      ->required();
  replay->callback([options, &exit_status] { exit_status = Replay(*options); });
}

}  // namespace

void AddLogVerb(CLI::App& app, int& exit_status) {
  CLI::App* log =
      app.add_subcommand("log", "Print and replay measurement logs");
  log->require_subcommand(1);
  AddShow(*log, exit_status);
  AddReplay(*log, exit_status);
}

}  // namespace assayfs
