// SPDX-License-Identifier: Apache-2.0
// PCRs and counters of a TPM 2.0, through tpm2-tss.
#include "tpm/esys_pcr.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

namespace assayfs {
namespace {

struct CloseTcti {
  void operator()(TSS2_TCTI_CONTEXT* context) const {
    Tss2_TctiLdr_Finalize(&context);
  }
};
struct CloseEsys {
  void operator()(ESYS_CONTEXT* context) const { Esys_Finalize(&context); }
};
// What ESYS hands out is allocated with malloc; see tss2_esys.h, Esys_Free.
struct FreeEsys {
  void operator()(void* memory) const { Esys_Free(memory); }
};
template <typename T>
using EsysPointer = std::unique_ptr<T, FreeEsys>;

// What every TPM of a PC has.
constexpr std::uint32_t kPcrs = 24;

// SHA-3 and SM3 banks exist, but TPMU_HA of tpm2-tss has no SHA-3 and this
// project no SM3.
constexpr std::array<std::pair<TPM2_ALG_ID, HashAlgorithm>, 4> kBanks = {{
    {TPM2_ALG_SHA1, HashAlgorithm::kSha1},
    {TPM2_ALG_SHA256, HashAlgorithm::kSha256},
    {TPM2_ALG_SHA384, HashAlgorithm::kSha384},
    {TPM2_ALG_SHA512, HashAlgorithm::kSha512},
}};

std::optional<HashAlgorithm> FromTpm(TPM2_ALG_ID id) {
  for (const auto& [tpm_id, algorithm] : kBanks) {
    if (tpm_id == id) return algorithm;
  }
  return std::nullopt;
}

std::optional<TPM2_ALG_ID> ToTpm(HashAlgorithm algorithm) {
  for (const auto& [tpm_id, row] : kBanks) {
    if (row == algorithm) return tpm_id;
  }
  return std::nullopt;
}

Error TpmError(int code, std::string_view what, TSS2_RC rc) {
  return Error(code, std::string(what) + ": " + Tss2_RC_Decode(rc));
}

// Says whether the TPM did not execute the command and wants it again.
bool WantsRetry(TSS2_RC rc) {
  // A resource manager passes the TPM's answer on under a layer of its own.
  if ((rc & TSS2_RC_LAYER_MASK) == TSS2_RESMGR_TPM_RC_LAYER) {
    rc &= ~TSS2_RC_LAYER_MASK;
  }
  return rc == TPM2_RC_RETRY || rc == TPM2_RC_YIELDED || rc == TPM2_RC_TESTING;
}

// Runs a command, again while the TPM asks for it: 10 times at most, with
// pauses that double from 2 ms and add up to one second. That is enough for a
// self-test; ESYS itself asks a few times without a pause.
template <typename Command>
TSS2_RC Run(Command&& command) {
  constexpr int kMaxRetries = 9;
  std::chrono::milliseconds pause(2);
  TSS2_RC rc = command();
  for (int i = 0; i < kMaxRetries && WantsRetry(rc); ++i) {
    std::this_thread::sleep_for(pause);
    pause *= 2;
    rc = command();
  }
  return rc;
}

// A counter is a number of 64 bits, in big-endian order.
constexpr UINT16 kCounterBytes = 8;

std::string CounterName(std::uint32_t index) {
  ByteVector bytes;
  AppendBe32(bytes, index);
  return "counter 0x" + ToHex(bytes);
}

bool Selects(const TPMS_PCR_SELECTION& selection, std::uint32_t pcr) {
  return pcr / 8 < selection.sizeofSelect && pcr / 8 < TPM2_PCR_SELECT_MAX &&
         (selection.pcrSelect[pcr / 8] >> (pcr % 8) & 1) != 0;
}

void Silence() {
  static std::once_flag once;
  // 0: what the administrator set stays.
  std::call_once(once, [] { ::setenv("TSS2_LOG", "all+NONE", 0); });
}

}  // namespace

// Members are destroyed in reverse order: ESYS before the TCTI under it.
struct TpmConnection::State {
  std::unique_ptr<TSS2_TCTI_CONTEXT, CloseTcti> tcti;
  std::unique_ptr<ESYS_CONTEXT, CloseEsys> esys;
};

TpmConnection::TpmConnection(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
TpmConnection::TpmConnection(TpmConnection&&) noexcept = default;
TpmConnection& TpmConnection::operator=(TpmConnection&&) noexcept = default;
TpmConnection::~TpmConnection() = default;

Result<TpmConnection> TpmConnection::Open(const std::string& tcti) {
  Silence();
  const std::string what = "TPM" + (tcti.empty() ? "" : " " + tcti);
  auto state = std::make_unique<State>();
  TSS2_TCTI_CONTEXT* tcti_context = nullptr;
  TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti.empty() ? nullptr : tcti.c_str(),
                                       &tcti_context);
  state->tcti.reset(tcti_context);
  if (rc != TSS2_RC_SUCCESS) return Fail(TpmError(ENODEV, what, rc));
  ESYS_CONTEXT* esys_context = nullptr;
  rc = Esys_Initialize(&esys_context, tcti_context, nullptr);
  state->esys.reset(esys_context);
  if (rc != TSS2_RC_SUCCESS) return Fail(TpmError(ENODEV, what, rc));
  return TpmConnection(std::move(state));
}

Result<std::vector<HashAlgorithm>> TpmConnection::AllocatedBanks(
    std::uint32_t pcr) {
  TPMI_YES_NO more = TPM2_NO;
  TPMS_CAPABILITY_DATA* raw = nullptr;
  const TSS2_RC rc = Run([&] {
    return Esys_GetCapability(state_->esys.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, TPM2_CAP_PCRS, 0,
                              TPM2_NUM_PCR_BANKS, &more, &raw);
  });
  const EsysPointer<TPMS_CAPABILITY_DATA> data(raw);
  if (rc != TSS2_RC_SUCCESS) {
    return Fail(TpmError(EIO, "TPM: cannot list PCR banks", rc));
  }
  if (more != TPM2_NO || data->capability != TPM2_CAP_PCRS ||
      data->data.assignedPCR.count > TPM2_NUM_PCR_BANKS) {
    return Fail(EIO, "TPM: cannot list PCR banks: unexpected answer");
  }
  const TPML_PCR_SELECTION& banks = data->data.assignedPCR;
  std::vector<HashAlgorithm> algorithms;
  for (UINT32 i = 0; i < banks.count; ++i) {
    const TPMS_PCR_SELECTION& bank = banks.pcrSelections[i];
    if (!Selects(bank, pcr)) continue;
    const auto algorithm = FromTpm(bank.hash);
    if (!algorithm) {
      return Fail(ENOTSUP, "TPM: PCR " + std::to_string(pcr) +
                               " is allocated in a bank of algorithm " +
                               std::to_string(bank.hash) +
                               ", which cannot be computed; deallocate it");
    }
    algorithms.push_back(*algorithm);
  }
  return algorithms;
}

Result<void> TpmConnection::Extend(std::uint32_t pcr,
                                   const std::vector<Digest>& digests) {
  TPML_DIGEST_VALUES values{};
  for (const Digest& digest : digests) {
    const auto id = ToTpm(digest.algorithm());
    if (!id || values.count == TPM2_NUM_PCR_BANKS) {
      return Fail(EIO, "TPM: no bank for " + digest.ToString());
    }
    TPMT_HA& value = values.digests[values.count++];
    value.hashAlg = *id;
    // Every member of the union starts at its first byte.
    std::ranges::copy(
        digest.value(),
        std::as_writable_bytes(std::span(&value.digest, 1)).begin());
  }
  const TSS2_RC rc = Run([&] {
    return Esys_PCR_Extend(state_->esys.get(), ESYS_TR_PCR0 + pcr,
                           ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                           &values);
  });
  if (rc == TSS2_RC_SUCCESS) return {};
  return Fail(
      TpmError(EIO, "TPM: cannot extend PCR " + std::to_string(pcr), rc));
}

Result<Digest> TpmConnection::Read(std::uint32_t pcr, HashAlgorithm bank) {
  const std::string what = "TPM: cannot read PCR " + std::to_string(pcr) +
                           " in bank " + std::string(AlgorithmName(bank));
  const auto id = ToTpm(bank);
  if (!id || pcr >= kPcrs) return Fail(EIO, what);
  TPML_PCR_SELECTION selection{};
  selection.count = 1;
  selection.pcrSelections[0].hash = *id;
  selection.pcrSelections[0].sizeofSelect = kPcrs / 8;
  selection.pcrSelections[0].pcrSelect[pcr / 8] =
      static_cast<BYTE>(1U << (pcr % 8));
  UINT32 counter = 0;
  TPML_PCR_SELECTION* raw_selected = nullptr;
  TPML_DIGEST* raw_values = nullptr;
  const TSS2_RC rc = Run([&] {
    return Esys_PCR_Read(state_->esys.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                         ESYS_TR_NONE, &selection, &counter, &raw_selected,
                         &raw_values);
  });
  const EsysPointer<TPML_PCR_SELECTION> selected(raw_selected);
  const EsysPointer<TPML_DIGEST> values(raw_values);
  if (rc != TSS2_RC_SUCCESS) return Fail(TpmError(EIO, what, rc));
  if (values->count != 1) return Fail(EIO, what + ": not allocated");
  const TPM2B_DIGEST& value = values->digests[0];
  const auto digest = Digest::FromBytes(
      bank, std::as_bytes(std::span(value.buffer)
                              .first(std::min<std::size_t>(
                                  value.size, sizeof(value.buffer)))));
  if (!digest) return Fail(EIO, what + ": unexpected answer");
  return *digest;
}

Result<void> TpmConnection::DefineCounter(std::uint32_t index) {
  TPM2B_NV_PUBLIC public_area{};
  public_area.nvPublic.nvIndex = index;
  public_area.nvPublic.nameAlg = TPM2_ALG_SHA256;
  public_area.nvPublic.attributes =
      TPMA_NV_OWNERREAD | TPMA_NV_OWNERWRITE |
      static_cast<TPMA_NV>(TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT);
  public_area.nvPublic.dataSize = kCounterBytes;
  const TPM2B_AUTH no_auth{};
  ESYS_TR handle = ESYS_TR_NONE;
  const TSS2_RC rc = Run([&] {
    return Esys_NV_DefineSpace(state_->esys.get(), ESYS_TR_RH_OWNER,
                               ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                               &no_auth, &public_area, &handle);
  });
  if (rc != TSS2_RC_SUCCESS) {
    return Fail(TpmError(EIO, "TPM: cannot define " + CounterName(index), rc));
  }
  Esys_TR_Close(state_->esys.get(), &handle);
  return IncrementCounter(index);
}

// Runs a command on the counter. command: takes its handle.
template <typename Command>
Result<void> TpmConnection::OnCounter(std::uint32_t index, Command&& command) {
  ESYS_TR handle = ESYS_TR_NONE;
  TSS2_RC rc = Run([&] {
    return Esys_TR_FromTPMPublic(state_->esys.get(), index, ESYS_TR_NONE,
                                 ESYS_TR_NONE, ESYS_TR_NONE, &handle);
  });
  // What TPM2_NV_ReadPublic says of an index that is not there.
  const bool missing = rc == TPM2_RC_HANDLE + TPM2_RC_1;
  if (rc == TSS2_RC_SUCCESS) {
    rc = Run([&] { return command(handle); });
    Esys_TR_Close(state_->esys.get(), &handle);
  }
  if (rc == TSS2_RC_SUCCESS) return {};
  return Fail(
      TpmError(missing ? ENOENT : EIO, "TPM: " + CounterName(index), rc));
}

Result<std::uint64_t> TpmConnection::ReadCounter(std::uint32_t index) {
  TPM2B_MAX_NV_BUFFER* raw = nullptr;
  auto done = OnCounter(index, [&](ESYS_TR handle) {
    return Esys_NV_Read(state_->esys.get(), ESYS_TR_RH_OWNER, handle,
                        ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                        kCounterBytes, 0, &raw);
  });
  const EsysPointer<TPM2B_MAX_NV_BUFFER> data(raw);
  if (!done) return Fail(std::move(done).error());
  if (data->size != kCounterBytes) {
    return Fail(EIO, "TPM: " + CounterName(index) + ": unexpected answer");
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kCounterBytes; ++i) {
    value = value << 8U | data->buffer[i];
  }
  return value;
}

Result<void> TpmConnection::IncrementCounter(std::uint32_t index) {
  return OnCounter(index, [&](ESYS_TR handle) {
    return Esys_NV_Increment(state_->esys.get(), ESYS_TR_RH_OWNER, handle,
                             ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
  });
}

}  // namespace assayfs
