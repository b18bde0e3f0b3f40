// SPDX-License-Identifier: Apache-2.0
// Authority: a folder with an X.509 authority made by openssl.
#pragma once

#include <string>
#include <vector>

#include "support/temp_dir.h"

namespace assayfs::testing {

class Authority {
 public:
  // Makes a self-signed certificate NAME.pem with its key NAME.key.
  // algorithm: as for `openssl req -newkey`. more: further options.
  void MakeRoot(const std::string& name, const std::string& algorithm,
                const std::vector<std::string>& more = {}) const;
  // Makes a certificate NAME.pem signed by issuer, or by itself if that is
  // name. extensions: lines of an openssl.cnf section. more: further options
  // of `openssl x509 -req`.
  void MakeLeaf(const std::string& name, const std::string& issuer,
                const std::string& extensions = "",
                const std::vector<std::string>& more = {},
                const std::string& algorithm = "rsa:2048") const;
  // Returns a CRL of issuer in PEM that revokes these certificates.
  // extensions: lines of an openssl.cnf that begins in section crl. more:
  // further options of `openssl ca -gencrl`.
  std::string MakeCrl(const std::string& issuer,
                      const std::vector<std::string>& revoked,
                      const std::string& extensions = "",
                      const std::vector<std::string>& more = {}) const;

  // Signs data as `openssl cms` does. more: further options.
  std::string Sign(const std::string& name, const std::string& data,
                   const std::vector<std::string>& more = {}) const;
  // Signs as the kernel's sign-file does: no certificates, no attributes.
  std::string SignLikeSignFile(const std::string& name,
                               const std::string& data) const;

  std::string Pem(const std::string& name) const;
  // Returns the serial number of a certificate in upper-case hexadecimal.
  std::string SerialOf(const std::string& name) const;
  std::string PathOf(const std::string& name) const { return dir_ / name; }

 private:
  TempDir dir_;
};

}  // namespace assayfs::testing
