// SPDX-License-Identifier: Apache-2.0
// Sessions: the mounts of one tree that this daemon serves.
#include "app/daemon/sessions.h"

#include <utility>

namespace assayfs {

Sessions::Number Sessions::Reserve() {
  return state_.With([](State& state) { return state.next++; });
}

void Sessions::Add(Number number, std::shared_ptr<FuseSession> session) {
  state_.With(
      [&](State& state) { state.sessions[number] = std::move(session); });
}

void Sessions::Remove(Number number) {
  // Taken out with the lock held, and ended without.
  const auto gone = state_.With(
      [number](State& state) { return state.sessions.extract(number); });
}

Sessions::Map Sessions::Copy() const {
  return state_.With([](const State& state) { return state.sessions; });
}

void Sessions::ForEach(const Work& work) const {
  for (const auto& [number, session] : Copy()) work(*session);
}

void Sessions::ForOthers(Number self, const Work& work) const {
  for (const auto& [number, session] : Copy()) {
    if (number != self) work(*session);
  }
}

}  // namespace assayfs
