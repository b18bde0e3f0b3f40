// SPDX-License-Identifier: Apache-2.0
#include "policy/glob.h"

#include <array>

#include "reference.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::Chooser;
using testing::FailsSaying;
using testing::PlainGlob;

TEST(CheckGlobTest, TakesWhatTheGrammarHas) {
  for (const char* glob :
       {"a",     "/usr/bin/*", "**",   "***",  "?",    "[a]",
        "[!a]",  "[a-z]",      "[]]",  "[!]]", "[a-]", "[-a]",
        "[--a]", "[\\]",       "[!!]", "\\[",  "\\\\", "]",
        "a]",    "[a/]",       "!",    "-",    "\xff", "[\x01-\xff]"}) {
    EXPECT_TRUE(CheckGlob(glob)) << glob;
  }
}

TEST(CheckGlobTest, RefusesNothingAtAll) {
  EXPECT_THAT(CheckGlob(""), FailsSaying(EINVAL, "an empty pattern"));
}

TEST(CheckGlobTest, RefusesASetWithoutAnEnd) {
  for (const char* glob : {"[", "[a", "[!", "[]", "[!]", "a[b", "[a][", "[]a"})
    EXPECT_THAT(CheckGlob(glob), FailsSaying(EINVAL, "without its \"]\""))
        << glob;
}

TEST(CheckGlobTest, RefusesARangeThatEndsBeforeItBegins) {
  for (const char* glob : {"[b-a]", "[!b-a]", "[ac-b]", "[a][b-a]", "[a--]"})
    EXPECT_THAT(CheckGlob(glob),
                FailsSaying(EINVAL, "a range that ends before it begins"))
        << glob;
}

TEST(CheckGlobTest, RefusesABackslashAtTheEnd) {
  for (const char* glob : {"\\", "a\\", "\\\\\\"})
    EXPECT_THAT(CheckGlob(glob), FailsSaying(EINVAL, "ends with \"\\\""))
        << glob;
}

TEST(GlobMatchesTest, BytesStandForThemselves) {
  EXPECT_TRUE(GlobMatches("/bin/sh", "/bin/sh"));
  EXPECT_FALSE(GlobMatches("/bin/sh", "/bin/sh2"));
  EXPECT_FALSE(GlobMatches("/bin/sh", "/bin/s"));
  EXPECT_FALSE(GlobMatches("/bin/sh", "/BIN/sh"));
  EXPECT_FALSE(GlobMatches("a", ""));
}

TEST(GlobMatchesTest, AStarStandsForAnyBytesButSlashes) {
  EXPECT_TRUE(GlobMatches("/bin/*", "/bin/sh"));
  EXPECT_TRUE(GlobMatches("/bin/*", "/bin/"));
  EXPECT_FALSE(GlobMatches("/bin/*", "/bin/a/b"));
  EXPECT_TRUE(GlobMatches("/*/*.so*", "/lib/libc.so.6"));
  EXPECT_TRUE(GlobMatches("*a*b*", "xaxaxbx"));
  EXPECT_FALSE(GlobMatches("*a*b", "xaxbx"));
}

TEST(GlobMatchesTest, TwoStarsStandForAnyBytes) {
  EXPECT_TRUE(GlobMatches("/usr/**", "/usr/"));
  EXPECT_TRUE(GlobMatches("/usr/**", "/usr/a/b/c"));
  EXPECT_FALSE(GlobMatches("/usr/**", "/usr"));
  EXPECT_TRUE(GlobMatches("**", ""));
  EXPECT_TRUE(GlobMatches("**.ko", "/lib/modules/6/a.ko"));
  EXPECT_FALSE(GlobMatches("**.ko", "/lib/modules/6/a.ko.xz"));
  EXPECT_TRUE(GlobMatches("/**/b/*", "/a/b/b/c"));
}

TEST(GlobMatchesTest, AStarIsTriedAgainFurtherBehindTwo) {
  EXPECT_TRUE(GlobMatches("**/*x", "/a/b/cx"));
  EXPECT_TRUE(GlobMatches("**a*b", "a/ab"));
  EXPECT_FALSE(GlobMatches("**a*b", "a/b"));
  EXPECT_TRUE(GlobMatches("***a", "/b/a"));
}

TEST(GlobMatchesTest, AQuestionMarkStandsForOneByteButASlash) {
  EXPECT_TRUE(GlobMatches("/a?c", "/abc"));
  EXPECT_FALSE(GlobMatches("/a?c", "/a/c"));
  EXPECT_FALSE(GlobMatches("/a?c", "/ac"));
  EXPECT_TRUE(GlobMatches("?", "\xff"));
}

TEST(GlobMatchesTest, ASetStandsForOneOfItsMembers) {
  for (const char* text : {"a", "c", "d", "f"})
    EXPECT_TRUE(GlobMatches("[acd-f]", text)) << text;
  for (const char* text : {"b", "g", "", "aa", "-"})
    EXPECT_FALSE(GlobMatches("[acd-f]", text)) << text;
  EXPECT_TRUE(GlobMatches("[]a]", "]"));
  EXPECT_TRUE(GlobMatches("[a-]", "-"));
  EXPECT_TRUE(GlobMatches("[\\]", "\\"));
}

TEST(GlobMatchesTest, ASetMayHaveBytesThatAreNotAscii) {
  EXPECT_TRUE(GlobMatches("[\x80-\xff]", "\xc3"));
  EXPECT_FALSE(GlobMatches("[\x80-\xff]", "a"));
}

TEST(GlobMatchesTest, AnExclamationMarkTurnsASetRound) {
  EXPECT_FALSE(GlobMatches("[!a-c]", "b"));
  EXPECT_TRUE(GlobMatches("[!a-c]", "d"));
  EXPECT_FALSE(GlobMatches("[!]]", "]"));
  EXPECT_TRUE(GlobMatches("[a!]", "!"));
}

TEST(GlobMatchesTest, NoSetHasASlash) {
  EXPECT_FALSE(GlobMatches("[/]", "/"));
  EXPECT_FALSE(GlobMatches("[!a]", "/"));
  EXPECT_FALSE(GlobMatches("[.-0]", "/"));
}

TEST(GlobMatchesTest, ABackslashTakesTheMeaningAway) {
  EXPECT_TRUE(GlobMatches("\\*", "*"));
  EXPECT_FALSE(GlobMatches("\\*", "a"));
  EXPECT_TRUE(GlobMatches("\\[a]", "[a]"));
  EXPECT_TRUE(GlobMatches("\\a", "a"));
}

TEST(GlobMatchesTest, SaysWhatASimpleMatcherSays) {
  constexpr std::array kPieces = {"a",   "b",    "/",     "*",   "**",
                                  "?",   "[ab]", "[!a]",  "\\*", "\\b",
                                  "[*]", "[/a]", "[+-b]", "]",   "**/"};
  constexpr std::array kBytes = {"a", "b", "/", "*", "]"};
  Chooser choose(1);
  unsigned matches = 0;
  for (unsigned round = 0; round < 40'000; ++round) {
    const std::string glob = choose.Some(kPieces, 1, 7);
    const std::string text = choose.Some(kBytes, 0, 8);
    ASSERT_TRUE(CheckGlob(glob)) << glob;
    ASSERT_EQ(GlobMatches(glob, text), PlainGlob(glob, text))
        << glob << " and " << text;
    matches += GlobMatches(glob, text) ? 1U : 0U;
  }
  EXPECT_GT(matches, 1000U);
}

TEST(GlobMatchesTest, SaysSoForWhateverPassesTheCheck) {
  constexpr std::array kBytes = {"a", "b", "c", "/", "*", "?",
                                 "[", "]", "!", "-", "\\"};
  Chooser choose(2);
  unsigned good = 0;
  for (unsigned round = 0; round < 40'000; ++round) {
    const std::string glob = choose.Some(kBytes, 1, 9);
    if (!CheckGlob(glob)) continue;
    ++good;
    const std::string text = choose.Some(kBytes, 0, 6);
    ASSERT_EQ(GlobMatches(glob, text), PlainGlob(glob, text))
        << glob << " and " << text;
    ASSERT_TRUE(GlobMatches(glob + "**", text) || !PlainGlob(glob, text));
  }
  EXPECT_GT(good, 10'000U);
}

TEST(GlobMatchesTest, LongTextsAndManyStarsEndSoon) {
  const std::string text(4096, 'a');
  EXPECT_FALSE(GlobMatches("*a*a*a*a*a*a*a*a*b", text));
  EXPECT_FALSE(GlobMatches("**a**a**a**a**a**b", text));
  EXPECT_FALSE(GlobMatches("**a*a*a*b", text));
}

TEST(LiteralPrefixTest, EndsAtTheFirstByteWithAMeaning) {
  for (const auto& [glob, prefix] : {
           std::pair("/usr/**", "/usr/"),
           std::pair("**.ko", ""),
           std::pair("/a?", "/a"),
           std::pair("/a[b]", "/a"),
           std::pair("/a\\*b*", "/a*b"),
       }) {
    bool all = true;
    EXPECT_EQ(LiteralPrefix(glob, all), prefix) << glob;
    EXPECT_FALSE(all) << glob;
  }
}

TEST(LiteralPrefixTest, IsAllOfAPatternWithoutThose) {
  for (const auto& [glob, prefix] :
       {std::pair("/bin/sh", "/bin/sh"), std::pair("\\[a]", "[a]"),
        std::pair("a\\\\", "a\\")}) {
    bool all = false;
    EXPECT_EQ(LiteralPrefix(glob, all), prefix) << glob;
    EXPECT_TRUE(all) << glob;
  }
}

TEST(LiteralPrefixTest, BeginsWhateverThePatternMatches) {
  constexpr std::array kPieces = {"a", "/", "*", "**", "?", "[ab]", "\\*"};
  constexpr std::array kBytes = {"a", "b", "/", "*"};
  Chooser choose(3);
  for (unsigned round = 0; round < 20'000; ++round) {
    const std::string glob = choose.Some(kPieces, 1, 5);
    const std::string text = choose.Some(kBytes, 0, 5);
    bool all = false;
    const std::string prefix = LiteralPrefix(glob, all);
    if (all) {
      ASSERT_EQ(GlobMatches(glob, text), text == prefix) << glob;
    } else if (GlobMatches(glob, text)) {
      ASSERT_TRUE(text.starts_with(prefix)) << glob << " and " << text;
    }
  }
}

}  // namespace
}  // namespace assayfs
