// SPDX-License-Identifier: Apache-2.0
// Decide: from evidence to verdict.
#include "policy/decide.h"

#include <algorithm>

namespace assayfs {
namespace {

// The verdict on a use that a rule appraises.
Decision Appraise(const Evidence& evidence) {
  if (!evidence.regular) return {Verdict::kUnjudged, Reason::kNotRegular};
  if (evidence.writer_active) return {Verdict::kDeny, Reason::kWriterActive};
  if (evidence.failed) return {Verdict::kError, Reason::kIoError};
  if (evidence.withdrawn) return {Verdict::kDeny, *evidence.withdrawn};
  if (!evidence.known) {
    return {Verdict::kDeny,
            evidence.path_listed ? Reason::kModified : Reason::kUnknownContent};
  }
  if (!evidence.list_verified) {
    return {Verdict::kDeny, Reason::kListUnverified};
  }
  if (!evidence.in_place) return {Verdict::kDeny, Reason::kPathMismatch};
  if (!evidence.attributes_hold) {
    return {Verdict::kDeny, Reason::kMetadataMismatch};
  }
  return {Verdict::kAllow, Reason::kKnown};
}

// A use goes ahead only if all that is demanded of it permits that.
int Severity(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnjudged:
      return 0;
    case Verdict::kAllow:
      return 1;
    case Verdict::kError:
      return 2;
    case Verdict::kDeny:
      return 3;
  }
  return 3;
}

}  // namespace

std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kEnforce:
      return "enforce";
    case Mode::kLog:
      return "log";
    case Mode::kOff:
      return "off";
  }
  return "";
}

std::optional<Mode> ModeFromName(std::string_view name) {
  for (const Mode mode : {Mode::kEnforce, Mode::kLog, Mode::kOff}) {
    if (ModeName(mode) == name) return mode;
  }
  return std::nullopt;
}

Decision Decide(const Demand& demand, const Evidence& evidence) {
  Decision decision;
  if (demand.appraise != nullptr) {
    decision = Appraise(evidence);
  } else if (demand.measure != nullptr && !evidence.regular) {
    decision.reason = Reason::kNotRegular;
  }
  decision.rule = demand.rule();
  if (!evidence.regular) return decision;
  // What could not be hashed has no digest to tell; that it was used is
  // measured all the same, as a violation.
  const bool has_digest = !evidence.failed && !evidence.writer_active;
  decision.audit = has_digest && demand.audit != nullptr;
  if (demand.measure == nullptr) return decision;
  // Where the rule says so, a measured list stands for its files.
  const bool by_list =
      demand.measure->terms.digest_cache && evidence.list_measured;
  if (!by_list) decision.measure = demand.measure;
  return decision;
}

bool Outcome::Add(const Demand& demand, const Evidence& evidence) {
  const Decision more = Decide(demand, evidence);
  appraised |= demand.appraise != nullptr;
  audit |= more.audit;
  const auto same_pcr = [&more](const Rule* rule) {
    return rule->terms.pcr == more.measure->terms.pcr;
  };
  if (more.measure != nullptr && std::ranges::none_of(measures, same_pcr)) {
    measures.push_back(more.measure);
  }
  const bool decides = decision.rule == nullptr ||
                       Severity(more.verdict) > Severity(decision.verdict);
  if (decides) decision = more;
  return decides;
}

bool Permits(Mode mode, Verdict verdict) {
  return mode != Mode::kEnforce || verdict == Verdict::kAllow ||
         verdict == Verdict::kUnjudged;
}

}  // namespace assayfs
