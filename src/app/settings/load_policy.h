// SPDX-License-Identifier: Apache-2.0
// Policies by name or from files, and what a policy asks of policies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "appraise/list_source.h"
#include "assayfs/measurer.h"
#include "assayfs/signature_verifier.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "policy/parse_policy.h"

namespace assayfs {

// One file of a policy, or a built-in one.
struct PolicyFile {
  std::string origin;  // its path, or "built-in NAME"
  Digest sha256;       // of all of it, its signature too
  bool built_in = false;
  std::optional<ListFile> file = {};  // nothing if it is not known
  // Who signed it. A built-in one needs no signature.
  std::optional<Signer> signer = {};
  std::string unsigned_because = {};  // why there is no signer
  bool is_signed = false;             // by whomever
};

struct LoadedPolicy {
  Policy policy;
  std::vector<PolicyFile> files;  // what it includes among them
};

// Reads the policy: a built-in name, or else a file of rules, to which a
// signature may be appended as to a list. What a line "include" names is a
// built-in one, too, or a file; it is looked for in the folder of the file that
// the line is in. pcr: of the mount. verifier: null where nobody asks who
// signed it; borrowed.
// mistakes: as for ParsePolicy.
// Errors: ENOENT for neither; EFBIG over kMaxPolicyBytes; as ParsePolicy.
Result<LoadedPolicy> LoadPolicy(const std::string& name_or_path,
                                std::uint32_t pcr,
                                const SignatureVerifier* verifier,
                                std::vector<PolicyMistake>* mistakes = nullptr);

// The same for a text that was read already, its signature taken off; it is not
// among the files. What it includes is looked for beside source.name.
Result<LoadedPolicy> LoadPolicyText(PolicySource source, std::uint32_t pcr,
                                    const SignatureVerifier* verifier,
                                    std::vector<PolicyMistake>* mistakes);

// Says whether judge lets each file of a policy be loaded: whether they are
// signed, if it has a rule "appraise func=POLICY_CHECK" for them.
// Errors: EKEYREJECTED, naming file and rule.
Result<void> AppraisePolicy(const Policy& judge, const LoadedPolicy& coming);

// Measures each file of a policy for which it has a rule "measure
// func=POLICY_CHECK", under its origin. Errors: EIO if it was not measured.
Result<void> MeasurePolicy(const LoadedPolicy& coming, Measurer& measurer);

}  // namespace assayfs
