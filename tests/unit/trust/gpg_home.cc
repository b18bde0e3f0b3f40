// SPDX-License-Identifier: Apache-2.0
// GpgHome: a GnuPG folder of its own, to make real keys and signatures.
#include "gpg_home.h"

#include <sstream>

#include "command.h"

namespace assayfs::testing {

GpgHome::~GpgHome() { Run({"gpgconf", "--homedir", path(), "--kill", "all"}); }

std::string GpgHome::Gpg(std::vector<std::string> arguments,
                         const GpgTime& when, const std::string& input) const {
  std::vector<std::string> all = {"gpg",
                                  "--homedir",
                                  path(),
                                  "--batch",
                                  "--yes",
                                  "--quiet",
                                  "--pinentry-mode",
                                  "loopback",
                                  "--passphrase",
                                  "",
                                  "--no-auto-check-trustdb"};
  if (!when.empty()) {
    all.insert(all.end(), {"--faked-system-time", when + "!"});
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  return MustRun(all, input);
}

std::string GpgHome::LastFingerprint(const std::string& key) const {
  std::istringstream lines(Gpg(
      {"--with-colons", "--with-subkey-fingerprint", "--list-keys", key}, {}));
  std::string line;
  std::string last;
  while (std::getline(lines, line)) {
    if (line.rfind("fpr:", 0) == 0) {
      last = line.substr(line.find_last_of(':', line.size() - 2) + 1, 40);
    }
  }
  return last;
}

std::string GpgHome::MakeKey(const std::string& user,
                             const std::string& algorithm,
                             const std::string& usage,
                             const std::string& expires,
                             const GpgTime& when) const {
  Gpg({"--quick-gen-key", user, algorithm, usage, expires}, when);
  return LastFingerprint(user);
}

std::string GpgHome::AddSubkey(const std::string& key,
                               const std::string& algorithm,
                               const std::string& usage,
                               const std::string& expires,
                               const GpgTime& when) const {
  Gpg({"--quick-add-key", key, algorithm, usage, expires}, when);
  return LastFingerprint(key);
}

void GpgHome::SetExpiry(const std::string& key, const std::string& expires,
                        const GpgTime& when) const {
  Gpg({"--quick-set-expire", key, expires}, when);
}

void GpgHome::Revoke(const std::string& key) const {
  // gpg made the certificate with the key; a colon keeps it from being used
  // by mistake.
  const std::string text =
      ReadText(path() / "openpgp-revocs.d" / (key + ".rev"));
  Gpg({"--import"}, {}, text.substr(text.find(":-----BEGIN") + 1));
}

void GpgHome::RevokeFirstSubkey(const std::string& key) const {
  Gpg({"--no-tty", "--command-fd", "0", "--edit-key", key}, {},
      "key 1\nrevkey\ny\n0\n\ny\nsave\n");
}

std::string GpgHome::Export(const std::string& key) const {
  return Gpg({"--armor", "--export", key}, {});
}

std::string GpgHome::Sign(const std::string& key, const std::string& data,
                          const std::vector<std::string>& more,
                          const GpgTime& when) const {
  std::vector<std::string> arguments = {"--local-user", key + "!"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.emplace_back("--detach-sign");
  return Gpg(arguments, when, data);
}

}  // namespace assayfs::testing
