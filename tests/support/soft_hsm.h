// SPDX-License-Identifier: Apache-2.0
// SoftHsm: PKCS#11 tokens in a folder of their own for one test.
#pragma once

#include <string>

#include "support/temp_dir.h"

namespace assayfs::testing {

// Tokens of SoftHSM 2, whose PIN is 1234. Programs started after it was made,
// and this one, see them and no others. One at a time.
class SoftHsm {
 public:
  // Says whether SoftHSM is installed; without it, tests are skipped.
  static bool Available();

  SoftHsm();
  SoftHsm(const SoftHsm&) = delete;
  SoftHsm& operator=(const SoftHsm&) = delete;
  ~SoftHsm();

  // Says whether it was made. label: letters.
  bool AddToken(const std::string& label) const;
  // Copies a private key, a PEM file, into the token. id: hexadecimal.
  bool AddKey(const std::string& token, const std::string& path,
              const std::string& label, const std::string& id) const;
  // Takes all tokens away, as if they were pulled out.
  void RemoveTokens() const;

  // Returns a URI with the PIN. parts: what stands before the "?".
  static std::string Uri(const std::string& parts,
                         const std::string& pin = "1234");

 private:
  TempDir dir_;
};

}  // namespace assayfs::testing
