// SPDX-License-Identifier: Apache-2.0
// The signature that the kernel's tools append to a file.
#pragma once

#include <optional>

#include "assayfs/signature_verifier.h"
#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

struct AppendedSignature {
  SignatureFormat format = SignatureFormat::kOpenPgp;
  Bytes signature;  // borrowed from the bytes that were split
};

struct SplitList {
  Bytes payload;  // what the signature covers; borrowed
  std::optional<AppendedSignature> signature;  // nothing: unsigned
};

// Splits a file into payload and appended signature:
//   payload | signature | module_signature (12 bytes) | marker (28 bytes)
// Errors: EBADMSG if the marker is there but the length leaves the file or is
// 0, or a field that must be 0 is not (the signature does not cover them);
// EOPNOTSUPP for an id_type other than 0 (OpenPGP) and 2 (PKCS#7).
// Threads: pure function. Source: Linux, include/linux/module_signature.h.
Result<SplitList> SplitSignature(Bytes bytes);

// The inverse: payload followed by the signature and its trailer.
ByteVector AppendSignature(Bytes payload, SignatureFormat format,
                           Bytes signature);

}  // namespace assayfs
