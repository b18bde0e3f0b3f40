// SPDX-License-Identifier: Apache-2.0
// Arena: groups, names, and how violations are told.
#include "adversary/arena.h"

#include <iostream>

namespace adversary {
namespace {

constexpr int kMaxExplained = 20;
constexpr std::size_t kMaxRecent = 12;

// Inodes take the low bits, turns the rest.
constexpr int kInodeBits = 40;
constexpr std::uint64_t kInodeMask = (std::uint64_t{1} << kInodeBits) - 1;

}  // namespace

void HeldInode::Hold(ino_t inode) {
  const std::uint64_t turn = (word_ >> kInodeBits) + 1;
  word_ = (turn << kInodeBits) | (inode & kInodeMask);
}

ino_t HeldInode::InodeOf(std::uint64_t word) { return word & kInodeMask; }

void Group::Remember(std::string operation) {
  const std::lock_guard lock(mutex_);
  recent_.push_back(std::move(operation));
  if (recent_.size() > kMaxRecent) recent_.pop_front();
}

std::string Group::Recent() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& operation : recent_) {
    text += (text.empty() ? "" : ", ") + operation;
  }
  return text;
}

Arena::Arena(Options given) : options(std::move(given)) {
  const auto add = [this](const char* name, std::vector<Side> sides) {
    groups.push_back(std::make_unique<Group>(name, std::move(sides)));
  };
  add("below-1", {Side::kBelow});
  add("below-2", {Side::kBelow, Side::kBelow});
  if (options.read_only) return;
  add("through-1", {Side::kThrough});
  add("through-2", {Side::kThrough, Side::kThrough});
  add("mixed", {Side::kThrough, Side::kBelow});
}

const std::vector<std::string>& Arena::Names() {
  static const std::vector<std::string> kNames = {"one", "two", "three",
                                                  "run-one", "run-two"};
  return kNames;
}

Kind Arena::KindOf(const std::string& name) {
  return name.starts_with("run-") ? Kind::kScript : Kind::kData;
}

std::string Arena::Folder(const Group& group, Side side) const {
  return (side == Side::kBelow ? options.tree : options.mount) + "/attacked/" +
         group.name() + "/";
}

std::string Arena::QuietFolder(Side side) const {
  return (side == Side::kBelow ? options.tree : options.mount) + "/quiet/";
}

void Arena::Took(std::chrono::steady_clock::duration time) {
  const std::int64_t taken_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  std::int64_t longest = counters.longest_ms;
  while (taken_ms > longest &&
         !counters.longest_ms.compare_exchange_weak(longest, taken_ms)) {
  }
}

void Arena::FalseAllow(const std::string& what, const Group* group) {
  ++counters.false_allows;
  Explain("false allow", what, group);
}

void Arena::FalseDenial(const std::string& what, const Group* group) {
  ++counters.false_denials;
  Explain("false denial", what, group);
}

void Arena::Explain(const char* kind, const std::string& what,
                    const Group* group) {
  const std::lock_guard lock(print_mutex_);
  if (++printed_ > kMaxExplained) return;
  std::cout << kind << ": " << what;
  if (group != nullptr) {
    std::cout << "; group " << group->name() << ", last: " << group->Recent();
  }
  std::cout << std::endl;
}

}  // namespace adversary
