// SPDX-License-Identifier: Apache-2.0
// The closed sets of verdicts and reasons that users and scripts rely on.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace assayfs {

// The answer to "may this file be used?". kError means that it could not be
// decided; the mode of the mount turns it into a denial or not.
enum class Verdict { kAllow, kDeny, kUnjudged, kError };

// Why a verdict is what it is. Documented one by one in assayfs(8).
enum class Reason {
  kKnown,
  kUnknownContent,
  kModified,
  kListUnverified,
  kListUnmeasured,
  kPathMismatch,
  kMetadataMismatch,
  kRevoked,
  kRolledBack,
  kWriterActive,
  kDontAppraise,
  kNotRegular,
  kIoError,
};

// Returns the word that --json and records use.
constexpr std::string_view VerdictName(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kNames = {"allow", "deny",
                                                      "unjudged", "error"};
  return kNames[static_cast<std::size_t>(verdict)];
}
constexpr std::string_view ReasonName(Reason reason) {
  constexpr std::array<std::string_view, 13> kNames = {"known",
                                                       "unknown-content",
                                                       "modified",
                                                       "list-unverified",
                                                       "list-unmeasured",
                                                       "path-mismatch",
                                                       "metadata-mismatch",
                                                       "revoked",
                                                       "rolled-back",
                                                       "writer-active",
                                                       "dont-appraise",
                                                       "not-regular",
                                                       "io-error"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace assayfs
