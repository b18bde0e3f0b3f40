// SPDX-License-Identifier: Apache-2.0
// PCRs and counters of a TPM 2.0, through tpm2-tss.
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

  // NV indexes of type counter. Such a counter never falls, not even when it is
  // removed and made again. index: 0x01800000 to 0x01bfffff, the owner's.

  // Makes a counter that the owner alone may use, and gives it its first value.
  // Needs the owner's authorization to be empty. Errors: EIO with the answer.
  Result<void> DefineCounter(std::uint32_t index);
  // Errors: ENOENT if there is no such index; EIO for any other.
  Result<std::uint64_t> ReadCounter(std::uint32_t index);
  // Adds one. Errors: as ReadCounter, EIO also if the index is no counter.
  Result<void> IncrementCounter(std::uint32_t index);

 private:
  struct State;
  explicit TpmConnection(std::unique_ptr<State> state);
  template <typename Command>
  Result<void> OnCounter(std::uint32_t index, Command&& command);
  std::unique_ptr<State> state_;
};

}  // namespace assayfs
