// SPDX-License-Identifier: Apache-2.0
// Authority: a folder with an X.509 authority made by openssl.
#include "authority.h"

#include "command.h"

namespace assayfs::testing {
namespace {

std::vector<std::string> Joined(std::vector<std::string> command,
                                const std::vector<std::string>& more) {
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

}  // namespace

void Authority::MakeRoot(const std::string& name, const std::string& algorithm,
                         const std::vector<std::string>& more) const {
  MustRun(Joined({"openssl", "req", "-x509", "-nodes", "-newkey", algorithm,
                  "-subj", "/CN=" + name, "-keyout", dir_ / (name + ".key"),
                  "-out", dir_ / (name + ".pem")},
                 more));
}

void Authority::MakeLeaf(const std::string& name, const std::string& issuer,
                         const std::string& extensions,
                         const std::vector<std::string>& more,
                         const std::string& algorithm) const {
  const std::string request = dir_ / (name + ".csr");
  MustRun({"openssl", "req", "-new", "-nodes", "-newkey", algorithm, "-subj",
           "/CN=" + name, "-keyout", dir_ / (name + ".key"), "-out", request});
  std::vector<std::string> signer = {"-signkey", dir_ / (name + ".key")};
  if (issuer != name) {
    signer = {"-CA", dir_ / (issuer + ".pem"), "-CAkey",
              dir_ / (issuer + ".key"), "-CAcreateserial"};
  }
  MustRun(Joined(Joined({"openssl", "x509", "-req", "-in", request, "-out",
                         dir_ / (name + ".pem"), "-extfile",
                         dir_.Write(name + ".ext", extensions)},
                        signer),
                 more));
}

std::string Authority::MakeCrl(const std::string& issuer,
                               const std::vector<std::string>& revoked,
                               const std::string& extensions,
                               const std::vector<std::string>& more) const {
  // The database of `openssl ca`: status, expiry, time of revocation, serial
  // number, file, subject.
  std::string database;
  for (const std::string& name : revoked) {
    database += "R\t400101000000Z\t200101000000Z\t" + SerialOf(name) +
                "\tunknown\t/CN=" + name + "\n";
  }
  const std::string config = dir_.Write(
      "ca.cnf", "[ca]\ndefault_ca = here\n[here]\ndatabase = " +
                    dir_.Write("index.txt", database) +
                    "\ndefault_md = sha256\ndefault_crl_days = 30\n[crl]\n" +
                    extensions);
  std::vector<std::string> command = {"openssl",
                                      "ca",
                                      "-config",
                                      config,
                                      "-gencrl",
                                      "-cert",
                                      dir_ / (issuer + ".pem"),
                                      "-keyfile",
                                      dir_ / (issuer + ".key"),
                                      "-out",
                                      dir_ / "crl"};
  if (!extensions.empty()) command = Joined(command, {"-crlexts", "crl"});
  MustRun(Joined(command, more));
  return ReadText(dir_ / "crl");
}

std::string Authority::Sign(const std::string& name, const std::string& data,
                            const std::vector<std::string>& more) const {
  MustRun(Joined(
      {"openssl", "cms", "-sign", "-binary", "-nosmimecap", "-outform", "DER",
       "-signer", dir_ / (name + ".pem"), "-inkey", dir_ / (name + ".key"),
       "-in", dir_.Write("data", data), "-out", dir_ / "signature"},
      more));
  return ReadText(dir_ / "signature");
}

std::string Authority::SignLikeSignFile(const std::string& name,
                                        const std::string& data) const {
  return Sign(name, data, {"-nocerts", "-noattr", "-md", "sha256"});
}

std::string Authority::Pem(const std::string& name) const {
  return ReadText(dir_ / (name + ".pem"));
}

std::string Authority::SerialOf(const std::string& name) const {
  // "serial=0A1B" and a newline.
  const std::string line = MustRun(
      {"openssl", "x509", "-noout", "-serial", "-in", dir_ / (name + ".pem")});
  return line.substr(7, line.find('\n') - 7);
}

}  // namespace assayfs::testing
