// SPDX-License-Identifier: Apache-2.0
// MeasurementLog: the log on disk and the PCR that anchors it.
#include "tpm/measurement_log.h"

#include <unistd.h>

#include <array>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/guarded.h"
#include "tpm/esys_pcr.h"
#include "tpm/ima_log.h"
#include "tpm/log_file.h"
#include "tpm/pcr_anchor.h"

namespace assayfs {
namespace {

// The kernel's resource manager. The loader's own default goes on to try
// simulators on network ports, which anyone on the machine could serve.
constexpr const char* kDefaultDevice = "/dev/tpmrm0";

Result<TpmConnection> Connect(const std::string& tcti) {
  if (!tcti.empty()) return TpmConnection::Open(tcti);
  if (::access(kDefaultDevice, F_OK) != 0) {
    return Fail(ENODEV,
                std::string("no TPM: ") + kDefaultDevice + " does not exist");
  }
  return TpmConnection::Open(std::string("device:") + kDefaultDevice);
}

}  // namespace

struct MeasurementLog::Impl {
  Impl(Options given, LogFile opened)
      : options(std::move(given)), file(std::move(opened)) {}

  Result<void> Start();
  Result<PcrAnchor::Position> Find(const std::vector<ImaRecord>& found);
  Result<void> Attach(const std::vector<ImaRecord>& found);
  Result<void> Measure(std::string_view path, Bytes sha256);
  Result<void> CatchUp();
  Result<void> Anchor(bool pcr_known);
  void Hold(const ImaRecord& record);
  void Publish();

  const Options options;
  // Guards all below. Held while the file and the TPM are at work, because
  // records must reach both in the same order; status() does not need it.
  std::mutex measuring;
  LogFile file;
  std::optional<PcrAnchor> anchor;  // none: without a TPM
  // Template data of the records that count as measured.
  std::unordered_set<std::string> held;
  std::uint64_t records = 0;
  std::string divergence;  // why the PCR is diverged for good
  std::string tpm_error;   // what the TPM answered last, if it failed

  Guarded<Status> published;
};

void MeasurementLog::Impl::Hold(const ImaRecord& record) {
  if (record.pcr != options.pcr || IsViolation(record)) return;
  held.emplace(AsText(record.data));
}

// Looks for the TPM and where in the log its PCR stands.
Result<PcrAnchor::Position> MeasurementLog::Impl::Find(
    const std::vector<ImaRecord>& found) {
  auto tpm = Connect(options.tcti);
  if (!tpm) return Fail(tpm.error());
  auto created = PcrAnchor::Create(*tpm, options.pcr);
  if (!created) return Fail(created.error());
  for (const ImaRecord& record : found) created->Add(record);
  auto position = created->Find(*tpm);
  if (position) anchor = std::move(*created);
  return position;
}

// Takes up the PCR, if there is one, with the log that was found.
Result<void> MeasurementLog::Impl::Attach(const std::vector<ImaRecord>& found) {
  const auto position = Find(found);
  if (!position) {
    if (options.tpm == TpmUse::kRequired) return Fail(position.error());
    tpm_error = position.error().message();
    return {};
  }
  if (file.torn() && !position->extended) {
    return Fail(EBADMSG, options.log_path +
                             ": the last record is torn, and the PCR does "
                             "not show that it can be cut off");
  }
  const std::size_t all = anchor->pending();
  anchor->Adopt(*position);
  if (anchor->diverged()) {
    divergence = "PCR " + std::to_string(options.pcr) +
                 " holds what the log does not explain";
    anchor->DropPending();
  } else if (anchor->pending() > 1) {
    divergence = "PCR " + std::to_string(options.pcr) + " holds only " +
                 std::to_string(*position->extended) + " of the " +
                 std::to_string(all) + " records in the log";
    anchor->DropPending();
    // The others are in no PCR, so they do not count as measured.
    held.clear();
    std::size_t left = *position->extended;
    for (const ImaRecord& record : found) {
      if (record.pcr == options.pcr && left-- > 0) Hold(record);
    }
  }
  return Anchor(true);
}

Result<void> MeasurementLog::Impl::Start() {
  const auto lock = file.Acquire();
  if (!lock) return Fail(lock.error());
  const auto found = file.ReadOn();
  if (!found) return Fail(found.error());
  records = found->size();
  for (const ImaRecord& record : *found) Hold(record);
  if (options.tpm != TpmUse::kOff) {
    auto attached = Attach(*found);
    if (!attached) return attached;
  }
  if (file.torn()) {
    auto cut = file.CutTorn();
    if (!cut) return cut;
  }
  Publish();
  return {};
}

// Takes in what other processes appended since the last call.
Result<void> MeasurementLog::Impl::CatchUp() {
  const auto found = file.ReadOn();
  if (!found) return Fail(found.error());
  records += found->size();
  for (const ImaRecord& record : *found) {
    Hold(record);
    if (anchor) anchor->Add(record);
  }
  // Whoever wrote it was killed before it came to extend: the lock is ours.
  if (file.torn()) return file.CutTorn();
  return {};
}

// Extends what is pending. pcr_known: the PCR was seen to be without it.
// A TPM that fails is an error with kRequired only.
Result<void> MeasurementLog::Impl::Anchor(bool pcr_known) {
  if (!anchor || anchor->pending() == 0) return {};
  const auto extend = [this, pcr_known]() -> Result<void> {
    auto tpm = Connect(options.tcti);
    if (!tpm) return Fail(tpm.error());
    if (!pcr_known) {
      const auto position = anchor->Find(*tpm);
      if (!position) return Fail(position.error());
      anchor->Adopt(*position);
    }
    return anchor->ExtendPending(*tpm);
  };
  auto extended = extend();
  tpm_error = extended ? "" : extended.error().message();
  if (anchor->diverged() && divergence.empty()) {
    divergence = "PCR " + std::to_string(options.pcr) +
                 " was extended or reset by someone else";
  }
  if (options.tpm == TpmUse::kAuto) return {};
  return extended;
}

Result<void> MeasurementLog::Impl::Measure(std::string_view path,
                                           Bytes sha256) {
  const auto make = [&]() -> Result<ImaRecord> {
    if (sha256.empty()) return MakeViolation(options.pcr, path);
    const auto digest = Digest::FromBytes(HashAlgorithm::kSha256, sha256);
    if (!digest) return Fail(digest.error());
    return MakeImaNgRecord(options.pcr, *digest, path);
  };
  const auto record = make();
  if (!record) return Fail(record.error());

  const auto lock = file.Acquire();
  if (!lock) return Fail(lock.error());
  auto caught_up = CatchUp();
  if (!caught_up) return caught_up;
  // With kRequired, no second record is written while one is not extended.
  auto anchored = Anchor(false);
  if (!anchored) return anchored;
  if (held.contains(std::string(AsText(record->data)))) return {};

  auto appended = file.Append(*record);
  if (!appended) return appended;
  ++records;
  Hold(*record);
  if (anchor) anchor->Add(*record);
  // The TPM that did not answer just now is asked again next time.
  if (!tpm_error.empty()) return {};
  return Anchor(true);
}

void MeasurementLog::Impl::Publish() {
  Status status;
  status.pcr = options.pcr;
  status.records = records;
  status.detail = tpm_error.empty() ? divergence : tpm_error;
  if (anchor) {
    status.banks = anchor->banks();
    status.extends = anchor->extends();
    status.state = anchor->diverged() || anchor->pending() > 0
                       ? State::kDiverged
                       : State::kAnchored;
  } else {
    status.state = options.tpm == TpmUse::kOff ? State::kOff : State::kSoftware;
  }
  published.With([&](Status& shared) { shared = std::move(status); });
}

MeasurementLog::MeasurementLog(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
MeasurementLog::~MeasurementLog() = default;

Result<std::unique_ptr<MeasurementLog>> MeasurementLog::Open(Options options) {
  if (options.pcr > 23 || options.pcr == 16 || options.pcr == 23) {
    return Fail(EINVAL, "PCR " + std::to_string(options.pcr) +
                            " cannot hold measurements: use 0 to 15 or 17 "
                            "to 22");
  }
  auto file = LogFile::Open(options.log_path);
  if (!file) return Fail(file.error());
  auto impl = std::make_unique<Impl>(std::move(options), std::move(*file));
  const auto started = impl->Start();
  if (!started) return Fail(started.error());
  return std::unique_ptr<MeasurementLog>(new MeasurementLog(std::move(impl)));
}

MeasureOutcome MeasurementLog::Measure(std::string_view path,
                                       std::span<const std::byte> sha256) {
  const std::lock_guard lock(impl_->measuring);
  const auto measured = impl_->Measure(path, sha256);
  impl_->Publish();
  if (measured) return {.measured = true, .error = {}};
  return {.measured = false, .error = measured.error().message()};
}

MeasurementLog::Status MeasurementLog::status() const {
  return impl_->published.With([](const Status& status) { return status; });
}

std::string_view StateName(MeasurementLog::State state) {
  constexpr std::array<std::string_view, 4> kNames = {"anchored", "software",
                                                      "diverged", "off"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace assayfs
