// SPDX-License-Identifier: Apache-2.0
// What `why` says, as JSON and as text.
#include "app/control/explanation_json.h"

#include <nlohmann/json.hpp>

#include "app/control/json_text.h"
#include "base/bytes.h"

namespace assayfs {
namespace {

using nlohmann::json;

json ListJson(const Appraiser::Explanation::ListHit& list) {
  return {
      {"name", list.name},
      {"format", list.format == ListFormat::kRpm ? "rpm" : "tlv"},
      {"package", list.package},
      {"sha256", list.sha256},
      {"signer",
       {{"fingerprint", list.signer.fingerprint}, {"name", list.signer.name}}},
      {"verified", list.verified},
      {"measured", list.measured},
      {"withdrawn", list.withdrawn}};
}

json AskedJson(const Use& use, const Needs& needs) {
  const auto text = [&use](TextFact which) {
    const auto& texts = use.texts[static_cast<std::size_t>(which)];
    return texts.empty() ? json() : json(Printable(texts.front()));
  };
  const auto gid = use.numbers[static_cast<std::size_t>(NumberFact::kGid)];
  json asked = {
      {"for", use.executes() ? "exec" : "read"}, {"uid", use.uid},
      {"gid", gid ? json(*gid) : json()},        {"exe", text(TextFact::kExe)},
      {"container", text(TextFact::kContainer)}, {"not_known", json::array()}};
  const auto miss = [&asked](const char* name, bool needed) {
    if (needed && asked[name].is_null()) asked["not_known"].push_back(name);
  };
  miss("gid", needs.ids);
  miss("exe", needs.exe);
  miss("container", needs.container);
  return asked;
}

std::string AskedText(const json& asked) {
  std::string text =
      "for " + TextOf(asked, "for") + " by uid " + TextOf(asked, "uid");
  for (const char* name : {"gid", "exe", "container"}) {
    const std::string known = TextOf(asked, name);
    if (!known.empty()) text += std::string(", ") + name + " " + known;
  }
  for (const json& name : MemberOf(asked, "not_known")) {
    if (!name.is_string()) continue;
    text += ", unknown " + name.get<std::string>() + " (say --" +
            name.get<std::string>() + ")";
  }
  return text;
}

// Adds "NAME   text", unless there is no text.
void AddLine(std::string& out, const char* name, const std::string& text) {
  if (text.empty()) return;
  std::string line(name);
  line.resize(10, ' ');
  out += line + text + "\n";
}

std::string ListText(const json& list) {
  std::string text = TextOf(list, "name");
  if (const auto package = TextOf(list, "package"); !package.empty()) {
    text += ", package " + package;
  }
  const json& signer = MemberOf(list, "signer");
  if (const auto name = TextOf(signer, "name"); !name.empty()) {
    text += ", signed by " + name;
  }
  if (const auto key = TextOf(signer, "fingerprint"); !key.empty()) {
    text += " (" + key + ")";
  }
  if (TextOf(list, "verified") != "true") text += ", not verified";
  if (TextOf(list, "measured") != "true") text += ", not measured";
  if (const auto why = TextOf(list, "withdrawn"); !why.empty()) {
    text += ", " + why;
  }
  return text;
}

}  // namespace

std::string FixFor(const Appraiser::Explanation& explanation) {
  const Decision& decision = explanation.answer.decision;
  if (decision.verdict == Verdict::kAllow ||
      decision.verdict == Verdict::kUnjudged) {
    return {};
  }
  switch (decision.reason) {
    case Reason::kUnknownContent:
      return "add a signed list that has this digest: `assayfs lists gen`, "
             "then `assayfs lists sign`";
    case Reason::kModified: {
      const std::string package = explanation.expected.empty()
                                      ? ""
                                      : explanation.expected.front().package;
      return "put the original content back" +
             (package.empty() ? "" : ", from " + package) +
             ", or add a signed list that has this digest";
    }
    case Reason::kListUnverified:
      return "add a rule with func=DIGEST_LIST_CHECK that appraises the list, "
             "then `assayfs reload`; or take the file from a list that one "
             "does";
    case Reason::kListUnmeasured:
      return "see the tpm line of `assayfs status`";
    case Reason::kPathMismatch:
      return "move the file to where its list has it, or, if its package was "
             "relocated, mount with --unbound and the package's name";
    case Reason::kMetadataMismatch:
      return "give the file the mode, owner and capabilities that its list "
             "has, as `rpm --restore` does";
    case Reason::kRevoked:
      return "install a version that is not revoked";
    case Reason::kRolledBack:
      return "install the newer version, or mount with --allow-rollback and "
             "the package's name";
    case Reason::kWriterActive:
      return "close every writer of the file, then open it again";
    case Reason::kIoError:
      return "see whether the file can be read where it lies, below the mount";
    default:
      return {};
  }
}

json ExplanationJson(const Appraiser::Explanation& explanation) {
  const Decision& decision = explanation.answer.decision;
  json lists = json::array();
  for (const auto& list : explanation.lists) lists.push_back(ListJson(list));
  json expected = json::array();
  for (const auto& one : explanation.expected) {
    expected.push_back({{"list", one.list},
                        {"package", one.package},
                        {"digest", one.digest.ToString()}});
  }
  json rule;
  if (!explanation.rule_text.empty()) {
    rule = {{"file", explanation.rule_file},
            {"line", explanation.rule_line},
            {"text", explanation.rule_text}};
  }
  json digest;
  if (explanation.digest) {
    digest = {{"algorithm", AlgorithmName(explanation.digest->algorithm())},
              {"value", explanation.digest->Hex()}};
  }
  return {{"path", explanation.path},
          {"asked", AskedJson(explanation.use, explanation.needs)},
          {"verdict", VerdictName(decision.verdict)},
          {"reason", ReasonName(decision.reason)},
          {"permitted", explanation.answer.permitted},
          {"rule", rule},
          {"digest", digest},
          {"lists", lists},
          {"expected", expected},
          {"cached", explanation.cached},
          {"epoch", explanation.epoch},
          {"detail", explanation.detail},
          {"fix", FixFor(explanation)}};
}

std::string ExplanationText(const json& explanation) {
  std::string out;
  AddLine(out, "path", TextOf(explanation, "path"));
  if (const json& asked = MemberOf(explanation, "asked"); asked.is_object()) {
    AddLine(out, "asked", AskedText(asked));
  }
  const std::string verdict = TextOf(explanation, "verdict");
  const bool let_pass = TextOf(explanation, "permitted") == "true" &&
                        (verdict == "deny" || verdict == "error");
  AddLine(out, "verdict",
          verdict + (let_pass ? " (the mode lets it pass)" : ""));
  AddLine(out, "reason", TextOf(explanation, "reason"));
  AddLine(out, "detail", TextOf(explanation, "detail"));
  const json& rule = MemberOf(explanation, "rule");
  if (rule.is_object()) {
    AddLine(out, "rule",
            TextOf(rule, "file") + ":" + TextOf(rule, "line") + ": " +
                TextOf(rule, "text"));
  }
  const json& digest = MemberOf(explanation, "digest");
  if (digest.is_object()) {
    AddLine(out, "digest",
            TextOf(digest, "algorithm") + ":" + TextOf(digest, "value"));
  }
  for (const json& list : MemberOf(explanation, "lists")) {
    AddLine(out, "list", ListText(list));
  }
  for (const json& expected : MemberOf(explanation, "expected")) {
    const auto package = TextOf(expected, "package");
    AddLine(out, "expected",
            TextOf(expected, "digest") + " in " + TextOf(expected, "list") +
                (package.empty() ? "" : ", package " + package));
  }
  AddLine(out, "fix", TextOf(explanation, "fix"));
  return out;
}

}  // namespace assayfs
