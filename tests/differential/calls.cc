// SPDX-License-Identifier: Apache-2.0
// One call out of all.
#include "calls.h"

#include <array>

namespace assayfs::differential {

void MakeAnyCall(Lane& lane) {
  const std::array<std::span<const Call>, 8> groups = {
      OpenCalls(),      NameCalls(),  DataCalls(),   SpaceCalls(),
      AttributeCalls(), XattrCalls(), FolderCalls(), LockCalls()};
  std::uint64_t all = 0;
  for (const auto& group : groups) {
    for (const Call& call : group) all += call.weight;
  }
  std::uint64_t drawn = lane.random().Below(all);
  for (const auto& group : groups) {
    for (const Call& call : group) {
      if (drawn < call.weight) return call.make(lane);
      drawn -= call.weight;
    }
  }
}

}  // namespace assayfs::differential
