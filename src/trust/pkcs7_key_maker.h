// SPDX-License-Identifier: Apache-2.0
// Making X.509 keys for tests of policies.
#pragma once

#include <string>

#include "base/result.h"

namespace assayfs {

struct MadeKey {
  std::string key_path;          // PEM, for its owner only
  std::string certificate_path;  // PEM
  std::string fingerprint;       // of the certificate, as Signer has it
};

// Makes a P-256 key with a certificate that it signs itself, valid for ten
// years, as files "NAME.key" and "NAME.pem" in a folder, which must be there.
// Nobody else vouches for it, so it is of no use but to be trusted itself.
// Errors: EIO with OpenSSL's words; those of ReplaceFileAt.
Result<MadeKey> MakePkcs7Key(const std::string& folder,
                             const std::string& name);

}  // namespace assayfs
