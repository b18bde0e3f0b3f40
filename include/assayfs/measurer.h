// SPDX-License-Identifier: Apache-2.0
// The seam between what is measured and the log and TPM that record it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace assayfs {

struct MeasureOutcome {
  bool measured = false;
  std::string error;  // one line, if not measured
};

// Records that something is about to be relied on.
//
// Threads: safe. Slow (a TPM command): never call it while an open waits.
class Measurer {
 public:
  virtual ~Measurer() = default;

  // Appends a record to the measurement log, then extends the PCR, and only
  // then says "measured". What the log holds already for this PCR, with the
  // same path and digest, is not recorded again.
  // pcr: nothing for the usual one. path: the name for the record, any bytes.
  // sha256: 32 bytes, the digest of the whole file; empty for a violation in
  // the sense of IMA: it is used, but nobody can tell what was seen of it. That
  // is recorded each time.
  virtual MeasureOutcome Measure(std::optional<std::uint32_t> pcr,
                                 std::string_view path,
                                 std::span<const std::byte> sha256) = 0;
};

}  // namespace assayfs
