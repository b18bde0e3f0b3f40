// SPDX-License-Identifier: Apache-2.0
// What is revoked, for those who look at it once.
#include "app/revoked.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/default_paths.h"
#include "app/report.h"

namespace assayfs {

Result<void> CheckRevokedPath(const std::string& path) {
  if (path == kDefaultRevoked || ::access(path.c_str(), F_OK) == 0) return {};
  return Fail(Error::FromErrno("--revoked " + path));
}

Result<Revocations> LoadRevocations(const std::string& path) {
  Revocations revocations;
  const auto read = revocations.AddPath(path);
  if (!read) return Fail(Error(read.error()).WithContext("revocations"));
  return revocations;
}

Result<Revocations> ReadRevoked(const std::string& path) {
  if (auto there = CheckRevokedPath(path); !there) return Fail(there.error());
  auto revocations = LoadRevocations(path);
  if (!revocations) return revocations;
  for (const std::string& problem : revocations->problems()) {
    ReportFailure("revocations", problem);
  }
  return revocations;
}

void AddRevokedOption(CLI::App& verb, std::string& path) {
  path = kDefaultRevoked;
  verb.add_option("--revoked", path,
                  "folder or file of revoked keys, packages and digests "
                  "[/etc/assayfs/revoked.d]")
      ->type_name("PATH");
}

}  // namespace assayfs
