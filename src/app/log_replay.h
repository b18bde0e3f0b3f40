// SPDX-License-Identifier: Apache-2.0
// From a measurement log to PCR values, and their comparison with a TPM.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "tpm/ima_log.h"

namespace assayfs {

struct ReplayRequest {
  std::vector<std::uint32_t> pcrs;   // empty: those that the log names
  std::vector<HashAlgorithm> banks;  // empty: see ReplayPcrs
  // Where the TPM is, as for TpmConnection::Open; nothing: do not compare.
  std::optional<std::string> tcti;
};

struct ReplayedPcr {
  std::uint32_t pcr = 0;
  Digest value;               // what the log explains; names the bank
  std::optional<Digest> tpm;  // what the TPM says, if it was asked
};

// Replays the records for each PCR and bank asked for, by PCR and then in the
// order of the banks. Without banks: the allocated ones if a TPM is asked,
// otherwise sha1, sha256, sha384 and sha512. Without PCRs and records: 12.
// Errors: ENODEV if the TPM cannot be reached; ENOENT for a bank that is not
// allocated in it; EIO; as Hasher.
Result<std::vector<ReplayedPcr>> ReplayPcrs(
    const std::vector<ImaRecord>& records, const ReplayRequest& request);

}  // namespace assayfs
