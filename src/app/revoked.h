// SPDX-License-Identifier: Apache-2.0
// What is revoked, for those who look at it once.
#pragma once

#include <string>

#include "base/result.h"
#include "trust/revocations.h"

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

// Refuses a place that was named and is not there: that is more likely to be a
// slip than to mean that nothing is revoked. The default need not be there.
// Errors: those of access(2), with the option.
Result<void> CheckRevokedPath(const std::string& path);

// Reads what is revoked at path. Errors: those of Revocations::AddPath.
Result<Revocations> LoadRevocations(const std::string& path);

// The same for verbs. Lines that mean nothing are told on the
// standard error stream. Errors: those of CheckRevokedPath, and of
// Revocations::AddPath.
Result<Revocations> ReadRevoked(const std::string& path);

// Adds --revoked to a verb. path is set to the default; it must outlive verb.
void AddRevokedOption(CLI::App& verb, std::string& path);

}  // namespace assayfs
