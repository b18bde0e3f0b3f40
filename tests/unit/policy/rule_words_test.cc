// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_words.h"

#include <gtest/gtest.h>

#include <string>

namespace assayfs {
namespace {

std::vector<std::string> Texts(std::string_view line) {
  std::vector<std::string> texts;
  for (const RuleWord& word : WordsOf(line)) texts.emplace_back(word.text);
  return texts;
}
using Strings = std::vector<std::string>;

TEST(WordsOfTest, HaveBlanksBetweenThem) {
  EXPECT_EQ(Texts(" a \t b=c\r"), (Strings{"a", "b=c"}));
  EXPECT_EQ(Texts("a #b c"), Strings{"a"});
  EXPECT_EQ(Texts("a#b"), Strings{"a#b"});
  EXPECT_EQ(WordsOf(" a  b")[1].column, 5U);
}

TEST(WordsOfTest, ABackslashTakesTheNextByte) {
  EXPECT_EQ(Texts("a\\ b c"), (Strings{"a\\ b", "c"}));
  EXPECT_EQ(Texts("a\\\\ b"), (Strings{"a\\\\", "b"}));
  EXPECT_EQ(Texts("a\\"), Strings{"a\\"});
  EXPECT_EQ(Texts("a\\\r"), Strings{"a\\"}) << "the line ends there";
}

}  // namespace
}  // namespace assayfs
