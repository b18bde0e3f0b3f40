// SPDX-License-Identifier: Apache-2.0
// Rules that were published for Linux: published_rules.txt says where, and what
// becomes of them.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "policy/parse_policy.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using testing::Parsed;

struct PublishedRule {
  unsigned line = 0;  // of the file
  std::string outcome;
  std::string rule;
};

std::vector<PublishedRule> ReadRules() {
  std::ifstream in(ASSAYFS_PUBLISHED_RULES);
  std::vector<PublishedRule> rules;
  unsigned number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with('#')) continue;
    const auto tab = line.find('\t');
    rules.push_back({number, line.substr(0, tab),
                     tab == std::string::npos ? "" : line.substr(tab + 1)});
  }
  return rules;
}

bool IsAccepted(const PublishedRule& rule) {
  return rule.outcome == "accept" || rule.outcome.starts_with("warn ");
}

// Takes the part up to "; " off text.
std::string TakePart(std::string& text) {
  const auto end = std::min(text.find("; "), text.size());
  const std::string part = text.substr(0, end);
  text.erase(0, std::min(end + 2, text.size()));
  return part;
}

// Takes the word that a warning is about off its text.
std::string WithoutWord(const std::string& text, const std::string& rule) {
  const auto colon = text.find(": ");
  const bool has_word = colon != std::string::npos &&
                        rule.find(text.substr(0, colon)) < rule.size();
  return has_word ? text.substr(colon + 2) : text;
}

void ExpectWarnings(const Policy& policy, const PublishedRule& rule) {
  std::string wanted = rule.outcome.substr(
      std::min<std::size_t>(rule.outcome.size(), std::string("warn ").size()));
  if (rule.outcome == "accept") wanted.clear();
  for (const PolicyWarning& warning : policy.warnings) {
    const std::string part = TakePart(wanted);
    const std::string text = std::to_string(warning.column) + " " +
                             WithoutWord(warning.text, rule.rule);
    EXPECT_TRUE(!part.empty() && text.starts_with(part)) << text;
  }
  EXPECT_EQ(wanted, "") << "is not warned of";
}

void ExpectRefusal(const Error& error, const PublishedRule& rule) {
  const auto blank = rule.outcome.find(' ');
  const std::string code = error.code() == EOPNOTSUPP ? "EOPNOTSUPP" : "EINVAL";
  EXPECT_EQ(rule.outcome.substr(0, blank), code) << error.message();
  std::string place = rule.outcome.substr(blank + 1);
  place.insert(std::min(place.find(' '), place.size()), ":");
  EXPECT_TRUE(error.message().starts_with("p:1:" + place)) << error.message();
}

TEST(PublishedRulesTest, AreAcceptedOrRefusedAsWritten) {
  const auto rules = ReadRules();
  EXPECT_GT(rules.size(), 300U);
  for (const PublishedRule& rule : rules) {
    SCOPED_TRACE("published_rules.txt:" + std::to_string(rule.line) + ": " +
                 rule.rule);
    const auto policy = ParsePolicy({"p", rule.rule});
    EXPECT_EQ(policy.has_value(), IsAccepted(rule));
    if (policy && IsAccepted(rule)) ExpectWarnings(*policy, rule);
    if (!policy && !IsAccepted(rule)) ExpectRefusal(policy.error(), rule);
  }
}

TEST(PublishedRulesTest, AreOnePolicyIfTheyAreAccepted) {
  std::string text;
  std::size_t accepted = 0;
  for (const PublishedRule& rule : ReadRules()) {
    if (!IsAccepted(rule)) continue;
    text += rule.rule + "\n";
    ++accepted;
  }
  EXPECT_EQ(Parsed(text).rules.size(), accepted);
}

}  // namespace
}  // namespace assayfs
