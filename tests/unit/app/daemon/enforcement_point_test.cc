// SPDX-License-Identifier: Apache-2.0
#include "app/daemon/enforcement_point.h"

#include "support/policies.h"

namespace assayfs {
namespace {

using testing::BuiltIn;
using testing::FailsSaying;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::Must;

EnforceAt Chosen(std::optional<EnforceAt> wanted, MountAccess access,
                 const char* policy) {
  return Must(ChooseEnforcementPoint(wanted, access, Recording::kNone,
                                     BuiltIn(policy)))
      .at;
}

TEST(EnforcementPointTest, IsAtReadWherePossible) {
  EXPECT_EQ(Chosen({}, MountAccess::kReadOnly, "files"), EnforceAt::kRead);
  EXPECT_EQ(Chosen({}, MountAccess::kReadOnly, "measure"), EnforceAt::kRead);
  EXPECT_EQ(Chosen({}, MountAccess::kReadOnly, "exec"), EnforceAt::kOpen);
  EXPECT_EQ(Chosen({}, MountAccess::kWritable, "files"), EnforceAt::kOpen);
}

TEST(EnforcementPointTest, IsAtOpenWhereAskedFor) {
  EXPECT_EQ(Chosen(EnforceAt::kOpen, MountAccess::kReadOnly, "files"),
            EnforceAt::kOpen);
}

TEST(EnforcementPointTest, RefusesReadWhereSomebodyCanWrite) {
  const auto chosen =
      ChooseEnforcementPoint(EnforceAt::kRead, MountAccess::kWritable,
                             Recording::kNone, BuiltIn("files"));
  EXPECT_THAT(chosen, FailsWith(EINVAL));
  EXPECT_THAT(chosen.error().message(), HasSubstr("the mount is writable"));
}

TEST(EnforcementPointTest, RefusesReadForAPolicyThatAsksHowAFileIsOpened) {
  const auto chosen =
      ChooseEnforcementPoint(EnforceAt::kRead, MountAccess::kReadOnly,
                             Recording::kNone, BuiltIn("exec"));
  EXPECT_THAT(chosen, FailsWith(EINVAL));
  EXPECT_THAT(chosen.error().message(), HasSubstr("policy exec asks who"));
}

TEST(EnforcementPointTest, RefusesReadForAPolicyThatBindsContentToPaths) {
  const Policy policy = Bind(BuiltIn("files"), {.path = true});
  EXPECT_EQ(Must(ChooseEnforcementPoint({}, MountAccess::kReadOnly,
                                        Recording::kNone, policy))
                .at,
            EnforceAt::kOpen);
  const auto chosen = ChooseEnforcementPoint(
      EnforceAt::kRead, MountAccess::kReadOnly, Recording::kNone, policy);
  EXPECT_THAT(chosen, FailsWith(EINVAL));
  EXPECT_THAT(chosen.error().message(), HasSubstr("binds content to paths"));
}

TEST(EnforcementPointTest, IsAtOpenWhereWhatIsAskedIsRecorded) {
  const auto choose = [](std::optional<EnforceAt> wanted, MountAccess access) {
    return ChooseEnforcementPoint(wanted, access, Recording::kAll,
                                  BuiltIn("files"));
  };
  for (const auto access : {MountAccess::kReadOnly, MountAccess::kWritable}) {
    const auto chosen = Must(choose({}, access));
    EXPECT_EQ(chosen.at, EnforceAt::kOpen);
    EXPECT_EQ(chosen.why, "records what is asked");
    EXPECT_EQ(Must(choose(EnforceAt::kOpen, access)).at, EnforceAt::kOpen);
    EXPECT_THAT(choose(EnforceAt::kRead, access),
                FailsSaying(EINVAL, "--record needs to hear of each open"));
  }
}

}  // namespace
}  // namespace assayfs
