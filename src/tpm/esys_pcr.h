// SPDX-License-Identifier: Apache-2.0
// PCRs of a TPM 2.0, through tpm2-tss.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace assayfs {

// A connection to a TPM. Keep it short: some TPMs (swtpm) serve one client at
// a time.
//
// Threads: one object, one thread.
class TpmConnection {
 public:
  // tcti: a TCTI loader configuration such as "device:/dev/tpmrm0" or
  // "swtpm:host=localhost,port=2321"; empty: the loader's default.
  // The first call of a process sets TSS2_LOG, if it is not set, so that the
  // library prints nothing: call it before other threads read the environment.
  // Errors: ENODEV if it cannot be reached, with tpm2-tss' own words.
  static Result<TpmConnection> Open(const std::string& tcti);
  TpmConnection(TpmConnection&&) noexcept;
  TpmConnection& operator=(TpmConnection&&) noexcept;
  ~TpmConnection();

  // Returns the banks in which pcr is allocated, among those this project can
  // hash for. Errors: EIO; ENOTSUP if an allocated bank has an algorithm that
  // it cannot hash for, because leaving it out would leave it open to forgery.
  Result<std::vector<HashAlgorithm>> AllocatedBanks(std::uint32_t pcr);

  // Extends pcr once, in every bank given; one digest for each.
  // Errors: EIO with the TPM's answer.
  Result<void> Extend(std::uint32_t pcr, const std::vector<Digest>& digests);

  // Reads pcr in one bank. Errors: EIO.
  Result<Digest> Read(std::uint32_t pcr, HashAlgorithm bank);

 private:
  struct State;
  explicit TpmConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assayfs
