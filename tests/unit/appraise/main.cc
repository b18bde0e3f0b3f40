// SPDX-License-Identifier: Apache-2.0
// Leases need their signals blocked before any thread starts.
#include <gmock/gmock.h>

#include "appraise/lease_keeper.h"

int main(int argc, char** argv) {
  assayfs::BlockLeaseSignals();
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
