// SPDX-License-Identifier: Apache-2.0
// RPM headers as digest lists, and the headers inside RPM packages.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lists/digest_list.h"

namespace assayfs {

// Parses the file digests out of one RPM header: the 8 bytes of magic and the
// immutable region, which is exactly what an RPM header signature covers.
//
// bytes: at most kMaxListBytes; integers are big-endian. Not kept.
// Returns files in header order; entries without a digest (folders, links,
// ghosts) are left out.
// Errors: EBADMSG if the magic is wrong, there is no immutable region or it
// does not cover every entry and byte (a tag outside it would not be signed),
// a tag comes twice or has the wrong type or count, one that every package has
// is missing, a count, offset, index or string leaves the data or is over a
// limit (4096 bytes for a path, kMaxListBytes for all of them), or a digest is
// not hexadecimal of the right length; EOPNOTSUPP for a digest algorithm that
// is not known.
// A weak algorithm is no error here; whether it counts is for the caller.
// Threads: pure function. Source: RPM manual, header format; tags 1116 to
// 1118, 1030, 1035, 5011, 1000 to 1003, 1022.
Result<DigestList> ParseRpmHeader(Bytes bytes);

// The parts of an RPM package, or of a header in an RPM database, that make a
// digest list.
struct SignedHeader {
  ByteVector header;  // magic and immutable region
  // OpenPGP packets from tags RSAHEADER 268, DSAHEADER 267 and OPENPGP 278
  // (base64), in this order, one after another without repetition; empty if
  // there is none.
  ByteVector signatures;
};

// Takes the signed header out of a package file (lead, signature header, main
// header, payload). Only the headers are looked at; the payload may be cut.
// Errors: EBADMSG as for ParseRpmHeader's structure, and for a bad lead.
// Threads: pure function.
Result<SignedHeader> ParseRpmPackage(Bytes bytes);

// Says whether bytes start like an RPM package (lead magic edabeedb).
bool LooksLikeRpmPackage(Bytes bytes);

}  // namespace assayfs
