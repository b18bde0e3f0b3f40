// SPDX-License-Identifier: Apache-2.0
// Signing with an OpenPGP key that GnuPG keeps.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// Returns the binary OpenPGP signature packet that `gpg` makes over bytes with
// SHA-512. No shell is involved.
//
// key: whatever gpg takes for --local-user. home: its home folder; empty: the
// user's. A pass phrase is asked for by gpg's agent.
// Errors: ENOENT if there is no gpg; EKEYREJECTED with gpg's last words if it
// would not sign; those of memfd_create(2).
Result<ByteVector> GpgSign(const std::string& key, const std::string& home,
                           Bytes bytes);

}  // namespace assayfs
