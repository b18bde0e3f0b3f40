// SPDX-License-Identifier: Apache-2.0
// GpgHome: a GnuPG folder of its own, to make real keys and signatures.
#pragma once

#include <string>
#include <vector>

#include "support/temp_dir.h"

namespace assayfs::testing {

// A moment for gpg's clock, such as "20200101T000000"; empty: now.
using GpgTime = std::string;

class GpgHome {
 public:
  GpgHome() = default;
  GpgHome(const GpgHome&) = delete;
  GpgHome& operator=(const GpgHome&) = delete;
  ~GpgHome();

  // Makes a key without a pass phrase and returns its fingerprint, in upper
  // case. usage: "sign" or "cert". expires: "never", "1y" and so on.
  std::string MakeKey(const std::string& user, const std::string& algorithm,
                      const std::string& usage = "sign",
                      const std::string& expires = "never",
                      const GpgTime& when = {}) const;
  // Adds a subkey and returns its fingerprint.
  std::string AddSubkey(const std::string& key, const std::string& algorithm,
                        const std::string& usage = "sign",
                        const std::string& expires = "never",
                        const GpgTime& when = {}) const;
  void SetExpiry(const std::string& key, const std::string& expires,
                 const GpgTime& when) const;
  void Revoke(const std::string& key) const;
  void RevokeFirstSubkey(const std::string& key) const;

  // Returns the armoured public key.
  std::string Export(const std::string& key) const;
  // Returns a binary detached signature by exactly this key or subkey.
  // more: further options of gpg.
  std::string Sign(const std::string& key, const std::string& data,
                   const std::vector<std::string>& more = {},
                   const GpgTime& when = {}) const;

  const std::filesystem::path& path() const { return dir_.path(); }

 private:
  std::string Gpg(std::vector<std::string> arguments, const GpgTime& when,
                  const std::string& input = "") const;
  std::string LastFingerprint(const std::string& key) const;

  TempDir dir_;
};

}  // namespace assayfs::testing
