// SPDX-License-Identifier: Apache-2.0
// From a measurement log to PCR values.
#include "app/log_replay.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tpm/esys_pcr.h"

namespace assayfs {
namespace {

// The kernel's choice for digest lists.
constexpr std::uint32_t kDefaultPcr = 12;

std::vector<std::uint32_t> PcrsOf(const std::vector<ImaRecord>& records) {
  std::set<std::uint32_t> pcrs;
  for (const ImaRecord& record : records) pcrs.insert(record.pcr);
  if (pcrs.empty()) pcrs.insert(kDefaultPcr);
  return {pcrs.begin(), pcrs.end()};
}

// Returns the banks to replay a PCR in.
Result<std::vector<HashAlgorithm>> BanksFor(const ReplayRequest& request,
                                            std::uint32_t pcr,
                                            TpmConnection* tpm) {
  if (tpm == nullptr) {
    if (!request.banks.empty()) return request.banks;
    return std::vector{HashAlgorithm::kSha1, HashAlgorithm::kSha256,
                       HashAlgorithm::kSha384, HashAlgorithm::kSha512};
  }
  auto allocated = tpm->AllocatedBanks(pcr);
  if (!allocated || request.banks.empty()) return allocated;
  for (const HashAlgorithm bank : request.banks) {
    if (std::find(allocated->begin(), allocated->end(), bank) ==
        allocated->end()) {
      return Fail(ENOENT, "the TPM has no PCR " + std::to_string(pcr) +
                              " in bank " + std::string(AlgorithmName(bank)));
    }
  }
  return request.banks;
}

}  // namespace

Result<std::vector<ReplayedPcr>> ReplayPcrs(
    const std::vector<ImaRecord>& records, const ReplayRequest& request) {
  std::optional<TpmConnection> tpm;
  if (request.tcti) {
    auto opened = TpmConnection::Open(*request.tcti);
    if (!opened) return Fail(opened.error());
    tpm = std::move(*opened);
  }
  std::vector<ReplayedPcr> replayed;
  for (const std::uint32_t pcr :
       request.pcrs.empty() ? PcrsOf(records) : request.pcrs) {
    const auto banks = BanksFor(request, pcr, tpm ? &*tpm : nullptr);
    if (!banks) return Fail(banks.error());
    for (const HashAlgorithm bank : *banks) {
      const auto value = ReplayPcr(records, pcr, bank);
      if (!value) return Fail(value.error());
      ReplayedPcr result{pcr, *value, std::nullopt};
      if (tpm) {
        const auto read = tpm->Read(pcr, bank);
        if (!read) return Fail(read.error());
        result.tpm = *read;
      }
      replayed.push_back(std::move(result));
    }
  }
  return replayed;
}

}  // namespace assayfs
