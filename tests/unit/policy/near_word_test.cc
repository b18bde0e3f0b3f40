// SPDX-License-Identifier: Apache-2.0
#include "policy/near_word.h"

#include <gtest/gtest.h>

#include <array>

namespace assayfs {
namespace {

constexpr std::array<std::string_view, 4> kKnown = {"MAY_READ", "MAY_EXEC",
                                                    "sha256", "sha512"};

TEST(NearWordTest, DiffersInCaseSeparatorsOrTwoLetters) {
  for (const auto& [word, near] :
       {std::pair("may_read", "MAY_READ"), std::pair("MAYREAD", "MAY_READ"),
        std::pair("MAY_EXECUTE", ""), std::pair("MAY_EXEX", "MAY_EXEC"),
        std::pair("sha-256", "sha256"), std::pair("SHA512", "sha512"),
        std::pair("sah256", "sha256"), std::pair("READ", ""),
        std::pair("x", ""), std::pair("", "")}) {
    EXPECT_EQ(NearWord(word, kKnown), near) << word;
  }
  EXPECT_EQ(NearWord(std::string(1000, 'x'), kKnown), "");
}

TEST(WriteInsteadTest, NamesTheNearOneOrAll) {
  EXPECT_EQ(WriteInstead("MAYREAD", kKnown), "; write MAY_READ");
  EXPECT_EQ(WriteInstead("foo", kKnown),
            "; write MAY_READ, MAY_EXEC, sha256 or sha512");
}

}  // namespace
}  // namespace assayfs
