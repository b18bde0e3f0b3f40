// SPDX-License-Identifier: Apache-2.0
// Decide: from evidence to verdict.
#include "policy/decide.h"

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
  // A measured list stands for its files; everything else is measured by
  // itself. What could not be hashed has no digest to record.
  decision.measure_file = demand.measure != nullptr && evidence.regular &&
                          !evidence.failed && !evidence.writer_active &&
                          !evidence.list_measured;
  return decision;
}

bool Permits(Mode mode, Verdict verdict) {
  return mode != Mode::kEnforce || verdict == Verdict::kAllow ||
         verdict == Verdict::kUnjudged;
}

}  // namespace assayfs
