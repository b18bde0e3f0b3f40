// SPDX-License-Identifier: Apache-2.0
#include "app/uses/record_text.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace assayfs {
namespace {

UseRecord Record(const std::string& path) {
  UseRecord record;
  record.path = path;
  record.use = {.mask = kMayRead, .uid = 7};
  record.decision.verdict = Verdict::kDeny;
  record.decision.reason = Reason::kModified;
  return record;
}

TEST(RecordTextTest, SaysWhatWhoAndWhy) {
  auto record = Record("/bin/x");
  record.detail = "another digest in libfoo-1.0";
  EXPECT_EQ(RecordText(record, "/usr"),
            "denied /usr/bin/x for read by uid 7: modified (another digest in "
            "libfoo-1.0)");
  record.use.mask = kMayExec;
  record.permitted = true;
  record.detail.clear();
  EXPECT_EQ(RecordText(record, "/"),
            "would deny /bin/x for exec by uid 7: modified");
}

TEST(RecordTextTest, AnAuditedUseIsNoDenial) {
  auto record = Record("/bin/x");
  record.use.mask = kMayWrite;
  record.decision = {Verdict::kAllow, Reason::kKnown};
  record.permitted = true;
  EXPECT_EQ(RecordText(record, "/"), "used /bin/x for write by uid 7: known");
}

TEST(RecordTextTest, StaysOneLineWhateverThePathHolds) {
  EXPECT_EQ(RecordText(Record("/a\nassayfs: b"), "/"),
            "denied /a\\x0aassayfs:\\x20b for read by uid 7: modified");
}

}  // namespace
}  // namespace assayfs
