// SPDX-License-Identifier: Apache-2.0
#include "policy/parse_values.h"

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using Range = NumberSet::Range;
using Ranges = std::vector<Range>;
using Strings = std::vector<std::string>;

Result<Strings> Values(std::string_view values, const NamedSets& sets = {}) {
  Strings visited;
  auto read =
      ForEachValue(values, sets, [&](std::string_view value) -> Result<void> {
        visited.emplace_back(value);
        return {};
      });
  if (!read) return Fail(read.error());
  return visited;
}

TEST(ForEachValueTest, VisitsWhatIsBetweenCommas) {
  EXPECT_EQ(Must(Values("a")), Strings{"a"});
  EXPECT_EQ(Must(Values("a,b,a")), (Strings{"a", "b", "a"}));
  EXPECT_EQ(Must(Values("a@b, ")), (Strings{"a@b", " "}));
}

TEST(ForEachValueTest, VisitsTheValuesOfSetsInTheirPlace) {
  const NamedSets sets = {{"x", {"1", "2"}}, {"y-Z_0", {"3"}}};
  EXPECT_EQ(Must(Values("@x", sets)), (Strings{"1", "2"}));
  EXPECT_EQ(Must(Values("a,@x,b,@y-Z_0,@x", sets)),
            (Strings{"a", "1", "2", "b", "3", "1", "2"}));
}

TEST(ForEachValueTest, TakesTheMembersOfASetAsTheyAre) {
  const NamedSets sets = {{"x", {"@x"}}};
  EXPECT_EQ(Must(Values("@x", sets)), Strings{"@x"});
}

TEST(ForEachValueTest, RefusesAnEmptyValue) {
  for (const char* values : {"", ",", "a,", ",a", "a,,b"})
    EXPECT_THAT(Values(values), FailsSaying(EINVAL, "an empty value"))
        << values;
}

TEST(ForEachValueTest, RefusesASetThatIsNotThere) {
  for (const char* values : {"@x", "a,@x", "@", "@A"})
    EXPECT_THAT(Values(values, {{"a", {"1"}}}),
                FailsSaying(EINVAL, "there is no set \""))
        << values;
}

TEST(ForEachValueTest, RefusesMoreValuesThanAPolicyMayHave) {
  const NamedSets sets = {{"x", Strings(kMaxPolicyValues / 2, "1")}};
  EXPECT_EQ(Must(Values("@x,@x", sets)).size(), kMaxPolicyValues);
  EXPECT_THAT(Values("@x,@x,1", sets),
              FailsSaying(EFBIG, "more than 10000 values"));
}

TEST(ForEachValueTest, EndsWithTheErrorOfTheVisit) {
  unsigned visits = 0;
  const auto read = ForEachValue("a,b", {}, [&](auto) -> Result<void> {
    ++visits;
    return Fail(EDOM, "no");
  });
  EXPECT_THAT(read, FailsWith(EDOM));
  EXPECT_EQ(visits, 1U);
}

TEST(ForEachValueTest, EndsWithTheErrorOfTheVisitOfAMember) {
  const auto read = ForEachValue(
      "@x", {{"x", {"1"}}},
      [](std::string_view) -> Result<void> { return Fail(EDOM, "no"); });
  EXPECT_THAT(read, FailsWith(EDOM));
}

TEST(ParseNumbersTest, ReadsNumbersAndRanges) {
  EXPECT_EQ(Must(ParseNumbers("0", {}, 10)).ranges(), (Ranges{{0, 0}}));
  EXPECT_EQ(Must(ParseNumbers("4294967295", {}, 10)).ranges(),
            (Ranges{{4294967295, 4294967295}}));
  EXPECT_EQ(Must(ParseNumbers("1000-1999,5,7-7", {}, 10)).ranges(),
            (Ranges{{1000, 1999}, {5, 5}, {7, 7}}));
  EXPECT_EQ(Must(ParseNumbers("007", {}, 10)).ranges(), (Ranges{{7, 7}}));
}

TEST(ParseNumbersTest, ReadsHexadecimalDigitsWithAndWithoutTheirSign) {
  EXPECT_EQ(Must(ParseNumbers("0x9fa0,EF53,0xa-0xB", {}, 16)).ranges(),
            (Ranges{{0x9fa0, 0x9fa0}, {0xef53, 0xef53}, {10, 11}}));
}

TEST(ParseNumbersTest, ReadsSets) {
  const NamedSets sets = {{"people", {"1000-1999", "0"}}};
  EXPECT_EQ(Must(ParseNumbers("@people,5", sets, 10)).ranges(),
            (Ranges{{1000, 1999}, {0, 0}, {5, 5}}));
}

TEST(ParseNumbersTest, RefusesWhatIsNoNumber) {
  for (const char* values :
       {"root", "-1", "1-", "-", "1-2-3", "+1", "1x", "0x10", " 1", "1 ",
        "4294967296", "1-4294967296", "99999999999999999999"}) {
    EXPECT_THAT(ParseNumbers(values, {}, 10),
                FailsSaying(EINVAL, "\" is not a number"))
        << values;
  }
}

TEST(ParseNumbersTest, RefusesRangesThatFall) {
  EXPECT_THAT(ParseNumbers("10-5", {}, 10),
              FailsSaying(EINVAL,
                          "\"10-5\" goes from greater to less; write "
                          "5-10"));
}

TEST(ParseGlobsTest, RefusesWhatIsLongerThanAnyPath) {
  EXPECT_TRUE(ParseGlobs(std::string(kMaxGlobBytes, 'a'), {}));
  EXPECT_THAT(ParseGlobs(std::string(kMaxGlobBytes + 1, 'a'), {}),
              FailsSaying(EINVAL, "a pattern of more than 4096 bytes"));
}

TEST(ParseNumbersTest, RefusesWhatHasNoHexadecimalDigits) {
  for (const char* values : {"0x", "g", "0x0x1", "1-0x", "0x100000000", "-1"})
    EXPECT_THAT(ParseNumbers(values, {}, 16),
                FailsSaying(EINVAL, "\" is not a number in hexadecimal digits"))
        << values;
}

TEST(ParseNumbersTest, RefusesAMemberOfASetThatIsNoNumber) {
  EXPECT_THAT(ParseNumbers("@x", {{"x", {"1", "/a"}}}, 10),
              FailsSaying(EINVAL, "\"/a\" is not a number"));
}

TEST(ParseLimitTest, ReadsWhatIsLessOrGreater) {
  EXPECT_EQ(Must(ParseLimit('<', "1000")).ranges(), (Ranges{{0, 999}}));
  EXPECT_EQ(Must(ParseLimit('<', "1")).ranges(), (Ranges{{0, 0}}));
  EXPECT_EQ(Must(ParseLimit('>', "1000")).ranges(),
            (Ranges{{1001, 4294967295}}));
  EXPECT_EQ(Must(ParseLimit('>', "4294967294")).ranges(),
            (Ranges{{4294967295, 4294967295}}));
}

TEST(ParseLimitTest, RefusesWhatNoNumberFulfils) {
  EXPECT_THAT(ParseLimit('<', "0"),
              FailsSaying(EINVAL, "no number is less than 0"));
  EXPECT_THAT(ParseLimit('>', "4294967295"),
              FailsSaying(EINVAL, "no number is greater than 4294967295"));
}

TEST(ParseLimitTest, RefusesWhatIsNoNumber) {
  for (const char* value : {"", "a", "=5", "1-2", "1,2", "@x", "0x5", "-1"})
    EXPECT_THAT(ParseLimit('<', value),
                FailsSaying(EINVAL, "\" is not a number"))
        << value;
}

TEST(ParseGlobsTest, ReadsPatternsAndSets) {
  const NamedSets sets = {{"bin", {"/bin/*", "/sbin/*"}}};
  EXPECT_EQ(Must(ParseGlobs("/a/**,@bin,b[!c]", sets)),
            (Strings{"/a/**", "/bin/*", "/sbin/*", "b[!c]"}));
}

TEST(ParseGlobsTest, RefusesWhatIsNoPattern) {
  EXPECT_THAT(ParseGlobs("/a,[b", {}), FailsSaying(EINVAL, "without its"));
  EXPECT_THAT(ParseGlobs("@x", {{"x", {"a\\"}}}),
              FailsSaying(EINVAL, "ends with"));
  EXPECT_THAT(ParseGlobs("/a,", {}), FailsSaying(EINVAL, "an empty value"));
}

TEST(LowerHexTest, ChangesHexadecimalDigitsOnly) {
  EXPECT_EQ(LowerHex("0F-aB[C-F]*G"), "0f-ab[c-f]*G");
}

}  // namespace
}  // namespace assayfs
