// SPDX-License-Identifier: Apache-2.0
// The measurement log format of Linux IMA: records, text form, PCR replay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace assayfs {

// One record. Integers on disk are little-endian:
//   u32 pcr | 20 bytes template digest (SHA-1) | u32 length, template name |
//   u32 length, template data
struct ImaRecord {
  std::uint32_t pcr = 0;
  ByteVector template_digest;  // SHA-1 of data; zeros mark a violation
  std::string template_name;   // "ima-ng" for all that this project writes
  ByteVector data;

  friend bool operator==(const ImaRecord&, const ImaRecord&) = default;
};

// Returns text with "_" for each byte below 0x21 or above 0x7e, so that it can
// end neither a line nor a column. Paths in records are written this way.
std::string OneColumn(std::string_view text);

// Makes an ima-ng record: d-ng is digest, n-ng is path in one column, so that
// no name can forge a record or a column; paths are cut to 4096 bytes.
// Errors: as Hasher.
Result<ImaRecord> MakeImaNgRecord(std::uint32_t pcr, const Digest& digest,
                                  std::string_view path);

// Makes the record of a violation: a digest of zeros, and a template digest of
// zeros instead of that of the data. Errors: as Hasher.
Result<ImaRecord> MakeViolation(std::uint32_t pcr, std::string_view path);

// Appends the binary form of record to out.
void EncodeRecord(const ImaRecord& record, ByteVector& out);

// Parses a whole binary log. Templates other than ima-ng are kept as they are.
// Errors: EBADMSG, naming the record by number, if a length leaves the log, a
// name is longer than 255 bytes or data longer than 1 MiB, the PCR is above 31,
// or the template digest of a record is neither zero nor SHA-1 of its data.
// Threads: pure function.
Result<std::vector<ImaRecord>> ParseImaLog(Bytes bytes);

// The whole records that a log starts with, and how many bytes they take. What
// follows them, if anything, is the beginning of one more record.
struct ImaLogStart {
  std::vector<ImaRecord> records;
  std::size_t bytes = 0;
};
// As ParseImaLog, but a last record that is cut short is no error.
Result<ImaLogStart> ParseImaLogStart(Bytes bytes);

// Returns the record as IMA's ascii_runtime_measurements shows it, without a
// newline: "%2d SHA1HEX TEMPLATE ALG:HEX PATH" for ima-ng; for other templates
// the data follows in hexadecimal digits. Names are in one
// column, so that it is one line whoever wrote the log.
std::string ToAscii(const ImaRecord& record);

// The two fields of an ima-ng record. Errors: EBADMSG if it is none.
struct ImaNgFields {
  Digest digest;
  std::string path;
};
Result<ImaNgFields> ParseImaNg(const ImaRecord& record);

// Says whether record marks a violation: a file that could change while it was
// measured.
bool IsViolation(const ImaRecord& record);

// Returns the value of a PCR before anything was extended into it: zeros.
Result<Digest> EmptyPcr(HashAlgorithm bank);

// Returns what one record extends into a bank: the bank's hash of the template
// data, or bytes of 0xff for a violation. Errors: as Hasher.
Result<Digest> PcrInput(const ImaRecord& record, HashAlgorithm bank);

// Returns the value of a PCR after input was extended into it; both are of one
// bank. Errors: as Hasher.
Result<Digest> ExtendPcr(const Digest& value, const Digest& input);

// Returns the value that the PCR of a bank has after all records of that PCR
// have been extended into zeros. A violation extends bytes of 0xff.
// Errors: as Hasher. Threads: pure function.
Result<Digest> ReplayPcr(const std::vector<ImaRecord>& records,
                         std::uint32_t pcr, HashAlgorithm bank);

}  // namespace assayfs
