// SPDX-License-Identifier: Apache-2.0
#include "policy/parse_policy.h"

#include <map>

#include "support/policies.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::Parsed;
using Ranges = std::vector<NumberSet::Range>;
using Strings = std::vector<std::string>;

Result<Policy> Parse(std::string text) {
  return ParsePolicy({"p", std::move(text)});
}

using Files = std::map<std::string, std::string>;

// Serves files from memory, and keeps what was asked for.
class Library {
 public:
  explicit Library(Files files) : files_(std::move(files)) {}

  PolicyIncluder includer() {
    return [this](const auto& from, const auto& what) {
      return Serve(from, what);
    };
  }
  Result<Policy> Parse(std::string text) {
    return ParsePolicy({"p", std::move(text)}, includer());
  }

  std::vector<std::pair<std::string, std::string>> asked;

 private:
  Result<PolicySource> Serve(const std::string& from, const std::string& what) {
    asked.emplace_back(from, what);
    const auto file = files_.find(what);
    if (file == files_.end()) return Fail(ENOENT, "no file " + what);
    return PolicySource{what, file->second};
  }

  Files files_;
};

std::string Repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(ParsePolicyTest, ReadsEveryAction) {
  const auto policy = Parsed(
      "measure\ndont_measure\nappraise\ndont_appraise\naudit\ndont_audit\n"
      "hash\ndont_hash\n");
  ASSERT_EQ(policy.rules.size(), kActionCount);
  for (std::size_t i = 0; i < kActionCount; ++i) {
    EXPECT_EQ(policy.rules[i].action, static_cast<Action>(i));
  }
}

TEST(ParsePolicyTest, ReadsAllWordsOfARule) {
  const auto policy = Parsed(
      "appraise func=FILE_CHECK mask=^MAY_READ uid=1000 path!=/tmp/** "
      "bind=path digest_type=verity\n");
  ASSERT_EQ(policy.rules.size(), 1U);
  const Rule& rule = policy.rules[0];
  EXPECT_EQ(rule.func, Func::kFileCheck);
  EXPECT_EQ(rule.mask_has, kMayRead);
  EXPECT_EQ(rule.number(NumberFact::kUid)->ranges(), (Ranges{{1000, 1000}}));
  EXPECT_EQ(rule.text_of(TextFact::kPath),
            (TextSet{.excludes = true, .globs = {"/tmp/**"}}));
  EXPECT_EQ(rule.terms.bind, Binding{.path = true});
  EXPECT_TRUE(rule.terms.verity_only);
}

TEST(ParsePolicyTest, TakesWordsInAnyOrder) {
  const auto policy =
      Parsed("appraise bind=path uid=5 mask=MAY_READ func=FILE_CHECK\n");
  EXPECT_EQ(policy.rules[0].func, Func::kFileCheck);
  EXPECT_EQ(policy.rules[0].mask_is, kMayRead);
}

TEST(ParsePolicyTest, RulesKnowWhereTheyAre) {
  const auto policy = Parsed("appraise\n\n  measure uid=0 # root\n");
  ASSERT_EQ(policy.rules.size(), 2U);
  EXPECT_EQ(PlaceOf(policy.rules[0]), "p:1");
  EXPECT_EQ(PlaceOf(policy.rules[1]), "p:3");
  EXPECT_EQ(policy.rules[1].text, "  measure uid=0 # root");
}

TEST(ParsePolicyTest, SkipsCommentsAndBlankLinesButCountsThem) {
  const auto policy = Parsed(
      "# everything\n\n  \t\r\n\tappraise\tuid=0 # but why\r\n#appraise");
  ASSERT_EQ(policy.rules.size(), 1U);
  EXPECT_EQ(policy.rules[0].line, 4U);
  EXPECT_TRUE(policy.rules[0].number(NumberFact::kUid)->Has(0));
}

TEST(ParsePolicyTest, ACommentBeginsAWord) {
  EXPECT_EQ(Parsed("appraise path=/a#b #c=d\n")
                .rules[0]
                .text_of(TextFact::kPath)
                ->globs,
            Strings{"/a#b"});
}

TEST(ParsePolicyTest, ABackslashTakesBlanksAndCommas) {
  EXPECT_EQ(Parsed("appraise path=/my\\ dir/a\\,b,/c uid=0\n")
                .rules[0]
                .text_of(TextFact::kPath)
                ->globs,
            (Strings{"/my\\ dir/a\\,b", "/c"}));
}

TEST(ParsePolicyTest, KeepsNameAndTextAsGiven) {
  const std::string text = "# c\nappraise\n";
  EXPECT_EQ(Parsed(text).text, text);
  EXPECT_EQ(Parsed(text).name, "p");
}

TEST(ParsePolicyTest, EmptyTextHasNoRules) {
  EXPECT_TRUE(Parsed("").rules.empty());
  EXPECT_TRUE(Parsed("\n").rules.empty());
  EXPECT_TRUE(Parsed("# nothing").rules.empty());
}

TEST(ParsePolicyTest, TheLastLineNeedsNoNewline) {
  EXPECT_EQ(Parsed("measure\nappraise").rules.size(), 2U);
}

TEST(ParsePolicyTest, PreparesThePolicyToBeMatched) {
  const auto policy = Parsed("appraise path=/a\n");
  ASSERT_NE(policy.index, nullptr);
  EXPECT_TRUE(policy.needs.path);
}

TEST(ParsePolicyTest, RefusesOtherActions) {
  EXPECT_THAT(Parse("appraise\n\n  Appraise\n"),
              FailsSaying(EINVAL, "p:3:3: action \"Appraise\" is not known"));
  for (const char* text : {"dont_", "func=FILE_CHECK", "appraise,measure",
                           "dont_include x", "@x"}) {
    EXPECT_THAT(Parse(text), FailsSaying(EINVAL, "p:1:1: action \"")) << text;
  }
}

TEST(ParsePolicyTest, TellsWhichWordIsWrong) {
  EXPECT_THAT(Parse("measure\nappraise func=FILE_CHECK uid=root\n"),
              FailsSaying(EINVAL, "p:2:26: uid=: \"root\" is not a number"));
  EXPECT_THAT(
      Parse("\t appraise \t x"),
      FailsSaying(EINVAL, "p:1:14: \"x\" is not a condition (name=value)"));
}

TEST(ParsePolicyTest, KeepsTheCodeOfWhatIsNotPossible) {
  EXPECT_THAT(Parse("measure func=KEY_CHECK\n"),
              FailsSaying(EOPNOTSUPP, "p:1:9: func=: KEY_CHECK is of"));
  EXPECT_THAT(Parse("measure obj_type=a\n"),
              FailsSaying(EOPNOTSUPP, "p:1:9: obj_type= is not possible"));
}

TEST(ParsePolicyTest, RefusesASecondAction) {
  EXPECT_THAT(Parse("measure appraise\n"),
              FailsSaying(EINVAL, "p:1:9: \"appraise\" is not a condition"));
}

TEST(ParsePolicyTest, RefusesAWordThatIsThereTwice) {
  EXPECT_THAT(Parse("appraise uid=1 uid=2\n"),
              FailsSaying(EINVAL, "p:1:16: uid= is there twice"));
  EXPECT_THAT(
      Parse("appraise uid>1 uid<5\n"),
      FailsSaying(EINVAL, "p:1:16: uid= is there twice; write uid=2-4"));
  EXPECT_THAT(Parse("appraise uid<2000 uid>999\n"),
              FailsSaying(EINVAL, "write uid=1000-1999"));
  EXPECT_THAT(Parse("appraise mask=MAY_READ mask=^MAY_EXEC\n"),
              FailsSaying(EINVAL, "p:1:24: mask= is there twice"));
  EXPECT_THAT(Parse("measure permit_directio permit_directio\n"),
              FailsSaying(EINVAL, "p:1:25: permit_directio is there twice"));
}

TEST(ParsePolicyTest, RefusesDigestCacheOfListsThemselves) {
  for (const std::string action : {"appraise", "measure pcr=11"}) {
    EXPECT_THAT(Parse(action + " func=DIGEST_LIST_CHECK digest_cache=data\n"),
                FailsSaying(EINVAL, "p:1:1: digest_cache=data is for files"));
  }
}

TEST(ParsePolicyTest, WarnsThatNoListStandsForAPolicy) {
  const auto policy =
      Parsed("measure func=POLICY_CHECK digest_cache=data pcr=11\n");
  ASSERT_EQ(policy.warnings.size(), 1U);
  EXPECT_EQ(policy.warnings[0].column, 1U);
  EXPECT_EQ(policy.warnings[0].text,
            "digest_cache=data changes nothing: no list stands for a policy");
}

TEST(ParsePolicyTest, RefusesToBindListsAndPolicies) {
  for (const std::string func : {"DIGEST_LIST_CHECK", "POLICY_CHECK"}) {
    EXPECT_THAT(Parse("appraise func=" + func + " bind=path\n"),
                FailsSaying(EINVAL, "p:1:1: bind= is for files"));
  }
}

TEST(ParsePolicyTest, RefusesKindsOfDigestsOfListsAndPolicies) {
  for (const std::string func : {"DIGEST_LIST_CHECK", "POLICY_CHECK"}) {
    for (const std::string more :
         {"digest_type=verity", "appraise_algos=sha256"}) {
      EXPECT_THAT(Parse("appraise " + more + " func=" + func + "\n"),
                  FailsSaying(EINVAL,
                              "p:1:1: digest_type= and appraise_algos= are for "
                              "files"));
    }
  }
}

TEST(ParsePolicyTest, RefusesListsOfPolicies) {
  for (const std::string more : {"list=a", "package=a"}) {
    for (const std::string action : {"appraise", "measure"}) {
      EXPECT_THAT(Parse(action + " func=POLICY_CHECK " + more + "\n"),
                  FailsSaying(EINVAL, "p:1:1: list= and package= are for"));
    }
  }
  EXPECT_TRUE(Parse("appraise func=POLICY_CHECK signer=ab\n"));
}

TEST(ParsePolicyTest, RefusesToMeasureByListsIntoThePcrOfAll) {
  EXPECT_THAT(Parse(" measure func=FILE_CHECK digest_cache=data\n"),
              FailsSaying(EINVAL, "p:1:2: digest_cache=data needs pcr="));
  EXPECT_TRUE(Parse("measure digest_cache=data pcr=11\n"));
  EXPECT_TRUE(Parse("appraise digest_cache=data\n"));
}

TEST(ParsePolicyTest, RefusesToMeasureByListsThatAreNotAsked) {
  for (const std::string more : {"list=a", "package!=a", "signer=a"}) {
    EXPECT_THAT(Parse("measure " + more + "\n"),
                FailsSaying(EINVAL,
                            "p:1:1: list=, package= and signer= need "
                            "digest_cache=data"));
    EXPECT_TRUE(Parse("measure digest_cache=data pcr=11 " + more + "\n"));
    EXPECT_TRUE(Parse("appraise " + more + "\n"));
  }
}

TEST(ParsePolicyTest, WarnsWithThePlaceAndTheWord) {
  const auto policy =
      Parsed("# c\n  appraise func=MMAP_CHECK appraise_type=imasig\nmeasure\n");
  ASSERT_EQ(policy.warnings.size(), 2U);
  EXPECT_EQ(policy.warnings[0].file, "p");
  EXPECT_EQ(policy.warnings[0].line, 2U);
  EXPECT_EQ(policy.warnings[0].column, 12U);
  EXPECT_TRUE(
      policy.warnings[0].text.starts_with("func=MMAP_CHECK: mappings are not"))
      << policy.warnings[0].text;
  EXPECT_EQ(policy.warnings[1].line, 2U);
  EXPECT_EQ(policy.warnings[1].column, 28U);
  EXPECT_TRUE(policy.warnings[1].text.starts_with(
      "appraise_type=imasig: the signature is that of the list"))
      << policy.warnings[1].text;
}

TEST(ParsePolicyTest, WarnsThatHashesAreNotWritten) {
  const auto policy = Parsed("audit\n hash\ndont_hash\n");
  ASSERT_EQ(policy.warnings.size(), 2U);
  EXPECT_EQ(policy.warnings[0].line, 2U);
  EXPECT_EQ(policy.warnings[0].column, 2U);
  EXPECT_EQ(policy.warnings[0].text,
            "content is hashed and remembered; security.ima is not written");
  EXPECT_EQ(policy.warnings[1].line, 3U);
}

TEST(ParsePolicyTest, WarnsOfNothingThatMeansWhatItSays) {
  EXPECT_TRUE(Parsed("appraise func=FILE_CHECK mask=MAY_READ uid=0 "
                     "permit_directio appraise_flag=check_blacklist\n"
                     "measure template=ima-ng pcr=10\n"
                     "dont_audit fsname=tmpfs\n")
                  .warnings.empty());
}

TEST(ParsePolicyTest, TellsOfWarningsInIncludedFiles) {
  Library library(Files{{"more", "\nappraise appraise_type=imasig\n"}});
  const auto policy = Must(library.Parse("include more\n"));
  ASSERT_EQ(policy.warnings.size(), 1U);
  EXPECT_EQ(policy.warnings[0].file, "more");
  EXPECT_EQ(policy.warnings[0].line, 2U);
}

TEST(PolicySetTest, StandsForItsValues) {
  const auto policy = Parsed(
      "set people 1000-1999,2500\n"
      "set bin /bin/*,/usr/bin/*\n"
      "appraise uid=@people,0 path=@bin\n");
  EXPECT_EQ(policy.rules[0].number(NumberFact::kUid)->ranges(),
            (Ranges{{1000, 1999}, {2500, 2500}, {0, 0}}));
  EXPECT_EQ(policy.rules[0].text_of(TextFact::kPath)->globs,
            (Strings{"/bin/*", "/usr/bin/*"}));
}

TEST(PolicySetTest, MayHaveOtherSetsAmongItsValues) {
  const auto policy =
      Parsed("set a 1,2\nset b @a,3\nset c-D_9 @b,@a\nappraise uid=@c-D_9\n");
  EXPECT_EQ(policy.rules[0].number(NumberFact::kUid)->ranges(),
            (Ranges{{1, 1}, {2, 2}, {3, 3}, {1, 1}, {2, 2}}));
}

TEST(PolicySetTest, IsKnownOnlyBelow) {
  EXPECT_THAT(
      Parse("appraise uid=@a\nset a 1\n"),
      FailsSaying(EINVAL,
                  "p:1:10: uid=: there is no set \"a\" above this line"));
  EXPECT_THAT(
      Parse("set a 1,@a\n"),
      FailsSaying(EINVAL, "p:1:7: there is no set \"a\" above this line"));
}

TEST(PolicySetTest, IsGoodForWhatItsValuesAreGoodFor) {
  EXPECT_THAT(Parse("set a /x\nappraise path=@a\nappraise uid=@a\n"),
              FailsSaying(EINVAL, "p:3:10: uid=: \"/x\" is not a number"));
  EXPECT_TRUE(Parse("set a [\n"));
}

TEST(PolicySetTest, IsNotThereTwice) {
  EXPECT_THAT(Parse("set a 1\n  set a 2\n"),
              FailsSaying(EINVAL, "p:2:7: there is a set \"a\" already"));
}

TEST(PolicySetTest, HasANameOfLettersAndDigits) {
  for (const std::string name : {"a.b", "@a", "a,b", "\xc3\xa9", "a="}) {
    EXPECT_THAT(Parse("set " + name + " 1\n"),
                FailsSaying(EINVAL, "p:1:5: the name of a set has letters"));
  }
}

TEST(PolicySetTest, IsANameAndValues) {
  for (const char* text : {"set", "set a", "set a 1 2", "set a # 1"}) {
    EXPECT_THAT(
        Parse(text),
        FailsSaying(EINVAL, "p:1:1: a set is \"set NAME VALUE,VALUE...\""))
        << text;
  }
  EXPECT_THAT(Parse("set a 1,,2\n"),
              FailsSaying(EINVAL, "p:1:7: an empty value"));
}

TEST(PolicyVersionTest, IsANumberFromOne) {
  EXPECT_EQ(Parsed("appraise\n").version(), 0U);
  EXPECT_EQ(Parsed("# c\nversion 1\n").version(), 1U);
  EXPECT_EQ(Parsed("appraise\nversion 4294967295 # latest\n").version(),
            4294967295U);
  for (const char* text :
       {"version", "version 0", "version -1", "version 4294967296",
        "version 1.2", "version 1 2", "version @a"}) {
    EXPECT_THAT(Parse(text),
                FailsSaying(EINVAL, "p:1:1: a version is \"version N\""))
        << text;
  }
}

TEST(PolicyVersionTest, IsThereOnce) {
  EXPECT_THAT(Parse("version 1\n version 1\n"),
              FailsSaying(EINVAL, "p:2:2: there is a version already"));
}

TEST(PolicyVersionTest, IsOfEachFileByItself) {
  Library library(
      Files{{"a", "appraise\nversion 2\n"}, {"b", "version 1\nversion 2\n"}});
  const auto policy = Must(library.Parse("include a\ninclude a\nversion 7\n"));
  EXPECT_EQ(policy.version(), 7U);
  EXPECT_EQ(policy.VersionOf("a"), 2U);
  EXPECT_EQ(policy.VersionOf("b"), 0U);
  EXPECT_THAT(library.Parse("include b\n"),
              FailsSaying(EINVAL, "b:2:1: there is a version already"));
}

TEST(PolicyIncludeTest, PutsTheRulesInItsPlace) {
  Library library(Files{{"a", "measure\nappraise uid=1\n"}, {"b", "audit"}});
  const auto policy = Must(
      library.Parse("appraise uid=0\ninclude a\ninclude b\nappraise uid=2\n"));
  std::string places;
  for (const Rule& rule : policy.rules) places += PlaceOf(rule) + " ";
  EXPECT_EQ(places, "p:1 a:1 a:2 b:1 p:4 ");
  EXPECT_EQ(policy.name, "p");
}

TEST(PolicyIncludeTest, AsksForWhatTheLineSaysAndSaysWhereItIs) {
  Library library(
      Files{{"a", "include b/c.policy # more\n"}, {"b/c.policy", ""}});
  EXPECT_TRUE(library.Parse("include a\n"));
  EXPECT_EQ(library.asked, (std::vector<std::pair<std::string, std::string>>{
                               {"p", "a"}, {"a", "b/c.policy"}}));
}

TEST(PolicyIncludeTest, AddsItsNameAndTextToWhatIdentifiesThePolicy) {
  Library library(Files{{"a", "measure\n"}, {"b", "measure uid=1\n"}});
  const std::string text = "include a\nappraise\n";
  EXPECT_EQ(Must(library.Parse(text)).text, text + "# include 8 a\nmeasure\n");
}

TEST(PolicyIncludeTest, OfNothingIsAnotherTextThanNone) {
  Library one(Files{{"a", ""}, {"b", "audit\n"}});
  Library other(Files{{"a", "audit\n"}, {"b", ""}});
  const std::string text = "include a\ninclude b\n";
  EXPECT_NE(Must(one.Parse(text)).text, Must(other.Parse(text)).text);
}

TEST(PolicyIncludeTest, SharesSets) {
  Library library(Files{{"a", "set x 1\nappraise uid=@y\n"}});
  const auto policy =
      Must(library.Parse("set y 2\ninclude a\nappraise uid=@x\n"));
  EXPECT_TRUE(policy.rules[0].number(NumberFact::kUid)->Has(2));
  EXPECT_TRUE(policy.rules[1].number(NumberFact::kUid)->Has(1));
}

TEST(PolicyIncludeTest, MayComeTwiceUnlessItHasSets) {
  Library library(Files{{"a", "appraise\n"}, {"b", "set x 1\n"}});
  EXPECT_EQ(Must(library.Parse("include a\ninclude a\n")).rules.size(), 2U);
  EXPECT_THAT(library.Parse("include b\ninclude b\n"),
              FailsSaying(EINVAL, "b:1:5: there is a set \"x\" already"));
}

TEST(PolicyIncludeTest, ErrorsInItTellWhereTheyAre) {
  Library library(Files{{"a", "\nmeasure uid=x\n"}});
  EXPECT_THAT(library.Parse("appraise\ninclude a\n"),
              FailsSaying(EINVAL, "a:2:9: uid=: \"x\" is not a number"));
}

TEST(PolicyIncludeTest, ErrorsOfFindingItHaveThePlaceOfTheLine) {
  Library library(Files{{"a", " include  b\n"}});
  EXPECT_THAT(library.Parse("include a\n"),
              FailsSaying(ENOENT, "a:1:11: no file b"));
}

TEST(PolicyIncludeTest, NamesOneThing) {
  Library library(Files{{"a", ""}});
  for (const char* text : {"include", "include a a", "include # a"}) {
    EXPECT_THAT(library.Parse(text),
                FailsSaying(EINVAL, "p:1:1: an include is \"include FILE\""))
        << text;
  }
}

TEST(PolicyIncludeTest, IsRefusedWhereNothingMayBeIncluded) {
  EXPECT_THAT(Parse("appraise\ninclude a\n"),
              FailsSaying(EINVAL, "p:2:1: nothing can be included here"));
}

TEST(PolicyIncludeTest, MayBeIncludedInOthersUpToALimit) {
  Files files;
  for (unsigned i = 1; i < kMaxIncludes; ++i) {
    files[std::to_string(i)] = "include " + std::to_string(i + 1) + "\n";
  }
  const std::string last = std::to_string(kMaxIncludes);
  files[last] = "appraise\n";
  EXPECT_EQ(Must(Library(files).Parse("include 1\n")).rules.size(), 1U);
  files[last] = "appraise\ninclude 1\n";
  EXPECT_THAT(
      Library(files).Parse("include 1\n"),
      FailsSaying(EFBIG, last + ":2:9: more than 8 files, one included in "
                                "another"));
}

TEST(PolicyIncludeTest, OfItselfIsTold) {
  Library library(Files{{"a", "include b\n"}, {"b", "\ninclude a\n"}});
  EXPECT_THAT(library.Parse("include a\n"),
              FailsSaying(EINVAL, "b:2:9: a includes itself"));
}

TEST(PolicyMistakesTest, AreAllToldInTheirOrder) {
  Library library(Files{{"a", "audit uid=x\naudit uid=1\n"}});
  std::vector<PolicyMistake> mistakes;
  const auto policy = Must(ParsePolicy(
      {"p", "apraise\nmeasure\ninclude a\nmeasure func=KEY_CHECK uid=x\n"},
      library.includer(), &mistakes));
  EXPECT_EQ(policy.rules.size(), 2U);
  ASSERT_EQ(mistakes.size(), 3U);
  EXPECT_EQ(mistakes[0].what.line, 1U);
  EXPECT_EQ(mistakes[0].what.text,
            "action \"apraise\" is not known; write appraise");
  EXPECT_EQ(mistakes[1].what.file, "a");
  EXPECT_EQ(mistakes[1].what.column, 7U);
  EXPECT_EQ(mistakes[2].what.line, 4U);
  EXPECT_EQ(mistakes[2].code, EOPNOTSUPP);
}

TEST(PolicyMistakesTest, EndAtALimit) {
  std::vector<PolicyMistake> mistakes;
  EXPECT_TRUE(ParsePolicy({"p", Repeated("x\n", 1000)}, {}, &mistakes));
  EXPECT_EQ(mistakes.size(), kMaxMistakes);
  EXPECT_TRUE(
      ParsePolicy({"p", Repeated("audit\n", kMaxRules + 50)}, {}, &mistakes));
  EXPECT_EQ(mistakes.size(), 1U);
  EXPECT_TRUE(ParsePolicy({"p", "audit\n"}, {}, &mistakes));
  EXPECT_TRUE(mistakes.empty());
}

TEST(PolicyLimitTest, HasRules) {
  const std::string most = Repeated("audit\n", kMaxRules);
  EXPECT_EQ(Parsed(most).rules.size(), kMaxRules);
  EXPECT_THAT(Parse(most + "  audit\n"),
              FailsSaying(EFBIG, "p:2049:3: more than 2048 rules"));
}

TEST(PolicyLimitTest, CountsIncludedRules) {
  Library library(Files{{"a", Repeated("audit\n", kMaxRules)}});
  EXPECT_TRUE(library.Parse("include a\n"));
  EXPECT_THAT(library.Parse("include a\naudit\n"),
              FailsSaying(EFBIG, "p:2:1: more than 2048 rules"));
}

TEST(PolicyLimitTest, HasBytes) {
  const std::string comment = "#" + std::string(kMaxPolicyBytes - 2, 'x');
  EXPECT_TRUE(Parse(comment + "\n"));
  EXPECT_THAT(Parse(comment + "\n\n"),
              FailsSaying(EFBIG, "p: more than 1048576 bytes of policy"));
}

TEST(PolicyLimitTest, CountsIncludedBytes) {
  Library library(Files{{"a", "#" + std::string(kMaxPolicyBytes / 2, 'x')}});
  EXPECT_TRUE(library.Parse("include a\n"));
  EXPECT_THAT(library.Parse("include a\ninclude a\n"),
              FailsSaying(EFBIG, "a: more than 1048576 bytes of policy"));
}

TEST(PolicyLimitTest, HasValuesOfAllKinds) {
  const std::string thousand = "1" + Repeated(",1", 999);
  const std::string paths = "/a" + Repeated(",/a", 999);
  const std::string algorithms = "sha256" + Repeated(",sha256", 999);
  const std::string words = "appraise uid=" + thousand +
                            " fsmagic=" + thousand + " path=" + paths +
                            " exe=" + paths + " list=" + paths + "\n";
  const std::string more = "appraise package=" + paths + " signer=" + paths +
                           " appraise_algos=" + algorithms +
                           " container!=" + paths + " fsname=" + paths + "\n";
  EXPECT_TRUE(Parse(words + more));
  EXPECT_THAT(Parse(words + more + "audit uid<5\n"),
              FailsSaying(EFBIG,
                          "p:3:1: more than 10000 numbers and patterns "
                          "in all rules"));
}

TEST(PolicyLimitTest, CountsValuesOfSetsEachTime) {
  const std::string set = "set a 1" + Repeated(",1", 999) + "\n";
  EXPECT_TRUE(Parse(set + Repeated("audit uid=@a\n", 10)));
  EXPECT_THAT(Parse(set + Repeated("audit uid=@a\n", 11)),
              FailsSaying(EFBIG, "p:12:"));
}

TEST(PolicyLimitTest, IsForAllSetsTogetherToo) {
  const std::string values = " 1" + Repeated(",1", 4999) + "\n";
  EXPECT_TRUE(Parse("set a" + values + "set b" + values));
  EXPECT_THAT(Parse("set a" + values + "set b" + values + " set c 1\n"),
              FailsSaying(EFBIG, "p:3:2: more than 10000 values in all sets"));
}

TEST(PolicyLimitTest, CountsValuesOfSetsThemselves) {
  EXPECT_THAT(Parse("set a 1" + Repeated(",1", kMaxPolicyValues) + "\n"),
              FailsSaying(EFBIG, "p:1:"));
}

// Else one line would fill the memory.
TEST(PolicyLimitTest, EndsBeforeSetsInSetsGrowLarge) {
  const std::string set = "set a 1" + Repeated(",1", 2999) + "\n";
  const std::string many = "@a" + Repeated(",@a", 330'000);
  EXPECT_THAT(Parse(set + "set b " + many + "\n"), FailsWith(EFBIG));
  EXPECT_THAT(Parse(set + "audit uid=" + many + "\n"), FailsWith(EFBIG));
  EXPECT_THAT(Parse(set + "audit fsname=" + many + "\n"), FailsWith(EFBIG));
  EXPECT_THAT(Parse("set a sha256" + Repeated(",sha256", 2999) +
                    "\nappraise appraise_algos=" + many + "\n"),
              FailsWith(EFBIG));
}

TEST(IncludedNamesTest, AreThoseThatTheParserAsksFor) {
  EXPECT_THAT(IncludedNames("include a # include b\n\taudit\n"
                            "#include c\n  include\td e\ninclude\n"
                            "included f\ninclude a"),
              ::testing::ElementsAre("a", "d", "a"));
  EXPECT_THAT(IncludedNames(""), ::testing::IsEmpty());
}

}  // namespace
}  // namespace assayfs
