// SPDX-License-Identifier: Apache-2.0
#include "app/settings/load_policy.h"

#include <filesystem>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the matchers of this project

constexpr unsigned kPcr = 11;

TEST(LoadPolicyTest, IsABuiltInOrAFile) {
  const TempDir dir;
  EXPECT_EQ(Must(LoadPolicy("exec", kPcr, nullptr)).policy.name, "exec");
  EXPECT_EQ(PcrsOf(Must(LoadPolicy("measure", kPcr, nullptr)).policy),
            std::vector<std::uint32_t>{kPcr});
  const auto path = dir.Write("p", "appraise uid=5\n");
  EXPECT_EQ(Must(LoadPolicy(path, kPcr, nullptr)).policy.rules.size(), 1U);
  EXPECT_THAT(LoadPolicy(dir / "none", kPcr, nullptr),
              FailsSaying(ENOENT,
                          "(files, exec, measure, tcb, appraise_tcb, "
                          "secure_boot), and no such file"));
  EXPECT_THAT(LoadPolicy(dir.Write("q", "nonsense\n"), kPcr, nullptr),
              FailsSaying(EINVAL, "q:1:1: "));
}

TEST(LoadPolicyTest, IncludesFromTheFolderOfTheFileAndBuiltIns) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "more");
  dir.Write("more/a", "include b\ninclude exec\n");
  dir.Write("more/b", "dont_appraise fowner=7\n");
  const auto policy =
      Must(LoadPolicy(dir.Write("p", "include more/a\nmeasure\n"), kPcr,
                      nullptr))
          .policy;
  ASSERT_EQ(policy.rules.size(), 6U);
  EXPECT_EQ(policy.rules[0].file, dir / "more/b");
  EXPECT_EQ(policy.rules[1].file, "exec");
  EXPECT_EQ(policy.rules[5].file, dir / "p");
}

TEST(LoadPolicyTest, WhatCannotBeIncludedIsNamedWithItsPlace) {
  const TempDir dir;
  EXPECT_THAT(LoadPolicy(dir.Write("p", "\ninclude none\n"), kPcr, nullptr),
              FailsSaying(ENOENT, "p:2:9: "));
  EXPECT_THAT(
      LoadPolicy(dir.Write("loop", "include loop\n"), kPcr, nullptr),
      FailsSaying(EINVAL, "loop:1:9: " + (dir / "loop") + " includes itself"));
  EXPECT_THAT(LoadPolicy(dir.path(), kPcr, nullptr),
              FailsSaying(EINVAL, "policy: " + dir.path().string() +
                                      ": not a regular file"));
}

TEST(LoadPolicyTest, AllMistakesAreToldIfTheyAreAskedFor) {
  const TempDir dir;
  dir.Write("more", "nonsense\nmeasure\n");
  std::vector<PolicyMistake> mistakes;
  const auto loaded = Must(
      LoadPolicy(dir.Write("p", "appraise uid=x\ninclude more\ninclude none\n"),
                 kPcr, nullptr, &mistakes));
  EXPECT_EQ(loaded.policy.rules.size(), 1U);
  ASSERT_EQ(mistakes.size(), 3U);
  EXPECT_EQ(mistakes[1].what.file, dir / "more");
  EXPECT_EQ(mistakes[2].code, ENOENT);
  const auto text = Must(LoadPolicyText({"-", "measure\ninclude exec\n"}, kPcr,
                                        nullptr, &mistakes));
  EXPECT_TRUE(mistakes.empty());
  EXPECT_EQ(text.policy.rules.size(), 5U);
}

}  // namespace
}  // namespace assayfs
