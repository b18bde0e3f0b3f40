// SPDX-License-Identifier: Apache-2.0
// PcrAnchor: brings a PCR to the value that the records of a log give.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/result.h"
#include "tpm/esys_pcr.h"
#include "tpm/ima_log.h"

namespace assayfs {

// Knows the value that the PCR should have in each allocated bank, and which
// records of the log are pending: in the log, but not known to be extended.
//
// Threads: one object, one thread.
class PcrAnchor {
 public:
  // Starts from an empty PCR. Errors: as AllocatedBanks; ENODEV if the PCR is
  // allocated in no bank.
  static Result<PcrAnchor> Create(TpmConnection& tpm, std::uint32_t pcr);

  // Notes one more record of the log; those of other PCRs are passed over.
  void Add(const ImaRecord& record);

  // What the PCR holds. extended: how many of the pending records, counted
  // from the oldest; nothing if no number of them explains the values.
  struct Position {
    std::vector<Digest> values;  // one for each bank
    std::optional<std::size_t> extended;
  };
  // Reads the PCR. Errors: as TpmConnection::Read and Hasher.
  Result<Position> Find(TpmConnection& tpm) const;
  // Goes on from there. A PCR that is not explained is diverged for good.
  void Adopt(const Position& position);

  // Extends the pending records, oldest first. Those extended before an error
  // are no longer pending. Errors: as TpmConnection::Extend and Hasher.
  Result<void> ExtendPending(TpmConnection& tpm);
  // Gives up on the pending records: the PCR is diverged for good.
  void DropPending();

  std::size_t pending() const { return pending_.size(); }
  bool diverged() const { return diverged_; }
  const std::vector<HashAlgorithm>& banks() const { return banks_; }
  std::uint64_t extends() const { return extends_; }

 private:
  PcrAnchor() = default;

  std::uint32_t pcr_ = 0;
  std::vector<HashAlgorithm> banks_;
  std::vector<Digest> values_;  // of the PCR before the pending records
  std::deque<ImaRecord> pending_;
  std::uint64_t extends_ = 0;
  bool diverged_ = false;
};

}  // namespace assayfs
