// SPDX-License-Identifier: Apache-2.0
// The TLV digest list format of Linux' Integrity Digest Cache, version 6.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "lists/digest_list.h"

namespace assayfs {

// Parses a TLV list. The grammar, integers big-endian:
//   list  = field*          field = u16 type, u32 length, length bytes
//   top:    0 ALGO (u16, Linux hash_algo id)  1 NUM_ENTRIES (u32)  2 ENTRY
//   ENTRY:  0 DIGEST (raw bytes)  1 PATH (text, one trailing NUL allowed)
// ALGO 0x8004 and 0x8006 are ours: fs-verity file digests with SHA-256 and
// SHA-512. The type is thus part of what is signed, and a list that was made
// for the one type can never be read as one of the other.
// bytes: at most kMaxListBytes. Not kept.
// Errors, with the offset of the field at the top: EBADMSG for truncation, a
// field that is not known, a wrong length, an ENTRY before the NUM_ENTRIES of
// its algorithm, NUM_ENTRIES before ALGO or of 0, an ENTRY without a DIGEST or
// with a field twice, a NUL inside a path; EOPNOTSUPP for an algorithm that is
// not known. No fields at all are a list without files. Threads: pure function.
Result<DigestList> ParseTlv(Bytes bytes);

// Writes files as a TLV list that ParseTlv and, without fs-verity digests, the
// kernel's tools read. Files
// are grouped by algorithm; within one they keep their order. Modes are lost.
// Threads: pure function.
ByteVector WriteTlv(const std::vector<ListedFile>& files);

}  // namespace assayfs
