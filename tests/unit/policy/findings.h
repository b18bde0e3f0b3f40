// SPDX-License-Identifier: Apache-2.0
// Findings about policies, as text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/check_policy.h"
#include "support/policies.h"

namespace assayfs::testing {

inline std::string SeverityName(PolicyFinding::Severity severity) {
  using Severity = PolicyFinding::Severity;
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kNote:
      return "note";
  }
  return {};
}

// Returns findings as "SEVERITY FILE:LINE:COLUMN: TEXT", with "; instead: ..."
// behind that. The file "p" is left out.
inline std::vector<std::string> InWords(
    const std::vector<PolicyFinding>& findings) {
  std::vector<std::string> lines;
  for (const PolicyFinding& finding : findings) {
    lines.push_back(
        SeverityName(finding.severity) + " " +
        (finding.file == "p" ? "" : finding.file + ":") +
        std::to_string(finding.line) + ":" + std::to_string(finding.column) +
        ": " + finding.text +
        (finding.instead.empty() ? "" : "; instead: " + finding.instead));
  }
  return lines;
}

// Without the warnings of the parser, and without the note that nothing is
// denied.
inline std::vector<std::string> Check(std::string text) {
  Policy policy = Parsed(std::move(text));
  policy.warnings.clear();
  auto findings = CheckPolicy(policy);
  std::erase_if(findings, [](const PolicyFinding& finding) {
    return finding.text.starts_with("denies nothing");
  });
  return InWords(findings);
}

}  // namespace assayfs::testing
