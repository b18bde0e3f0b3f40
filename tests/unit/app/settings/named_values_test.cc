// SPDX-License-Identifier: Apache-2.0
#include "app/settings/named_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using ::testing::IsEmpty;
using testing::Must;
using testing::TempDir;

Result<NamedValues> Parse(const std::string& text) {
  std::istringstream in(text);
  return ParseConfiguration(in);
}

TEST(NamedValuesTest, ReadsTextNumbersAndArrays) {
  const auto values = Must(
      Parse("# where\nlists = [\"/a\", \"/b\"]\npcr = 11\nmode = \"log\"\n"));
  EXPECT_THAT(values.at("lists"), ElementsAre("/a", "/b"));
  EXPECT_THAT(values.at("pcr"), ElementsAre("11"));
  EXPECT_THAT(values.at("mode"), ElementsAre("log"));
}

TEST(NamedValuesTest, UnknownNamesAndTablesAreRefused) {
  EXPECT_THAT(Parse("lsits = \"/a\"\n"), FailsSaying(EINVAL, "lsits"));
  EXPECT_THAT(Parse("[mount]\nmode = \"log\"\n"), FailsSaying(EINVAL, "mount"));
}

TEST(NamedValuesTest, NoFileGivesNoValues) {
  const TempDir dir;
  EXPECT_THAT(Must(ReadConfiguration(dir / "none.toml")), IsEmpty());
}

TEST(NamedValuesTest, AFaultyFileIsNamed) {
  const TempDir dir;
  const auto path = dir.Write("a.toml", "what = 1\n");
  EXPECT_THAT(ReadConfiguration(path), FailsSaying(EINVAL, path));
}

TEST(NamedValuesTest, WhatIsThereStays) {
  NamedValues values = {{"mode", {"log"}}};
  AddMissing(values, {{"mode", {"off"}}, {"pcr", {"3"}}});
  EXPECT_THAT(values.at("mode"), ElementsAre("log"));
  EXPECT_THAT(values.at("pcr"), ElementsAre("3"));
}

}  // namespace
}  // namespace assayfs
