// SPDX-License-Identifier: Apache-2.0
// The calls that sequences are made of, by what they are about.
#pragma once

#include <span>

#include "lane.h"

namespace assayfs::differential {

// Draws arguments, makes one call and writes down what came of it.
struct Call {
  unsigned weight;
  void (*make)(Lane& lane);
};

std::span<const Call> OpenCalls();
std::span<const Call> NameCalls();
std::span<const Call> DataCalls();
std::span<const Call> SpaceCalls();
std::span<const Call> AttributeCalls();
std::span<const Call> XattrCalls();
std::span<const Call> FolderCalls();
std::span<const Call> LockCalls();

// Makes one call out of all, by weight.
void MakeAnyCall(Lane& lane);
// Makes the call that brings something into being at the begin of a sequence.
// number: how many were made before.
void MakeFirstCall(Lane& lane, std::size_t number);

}  // namespace assayfs::differential
