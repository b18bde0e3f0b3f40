// SPDX-License-Identifier: Apache-2.0
// Arena: what the threads share, and what the oracle has to know of time.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adversary/contents.h"

namespace adversary {

// From where a file is reached: through the mount, or in the lower folder.
enum class Side { kThrough, kBelow };

// Tells which inode a writer through the mount holds open. Each turn makes the
// word another one.
class HeldInode {
 public:
  void Hold(ino_t inode);
  void LetGo() { Hold(0); }

  // Returns the word, from which InodeOf makes the inode, 0 for none.
  std::uint64_t word() const { return word_; }
  static ino_t InodeOf(std::uint64_t word);

 private:
  std::atomic<std::uint64_t> word_ = 0;
};

// Counts changes, so that one can tell whether any went on for some time.
class Changes {
 public:
  void Begin() { ++begun_; }
  void End() { ++ended_; }
  std::uint64_t begun() const { return begun_; }
  std::uint64_t ended() const { return ended_; }

 private:
  std::atomic<std::uint64_t> begun_ = 0;
  std::atomic<std::uint64_t> ended_ = 0;
};

// A folder of files that are attacked together. Names and inodes move within
// one group only, so what excuses a reader is counted for each group.
class Group {
 public:
  Group(std::string name, std::vector<Side> sides)
      : name_(std::move(name)), sides_(std::move(sides)) {}

  const std::string& name() const { return name_; }
  // One attacking thread for each.
  const std::vector<Side>& sides() const { return sides_; }

  Changes& changes(Side side) {
    return side == Side::kThrough ? through_ : below_;
  }

  HeldInode& held(std::size_t attacker) { return held_.at(attacker); }
  static constexpr std::size_t kMaxAttackers = 4;

  // Keeps the last operations for the description of a violation.
  void Remember(std::string operation);
  std::string Recent() const;

 private:
  std::string name_;
  std::vector<Side> sides_;
  Changes through_;
  Changes below_;
  std::array<HeldInode, kMaxAttackers> held_;
  mutable std::mutex mutex_;
  std::deque<std::string> recent_;
};

// The list that comes and goes.
class ListPhase {
 public:
  // To be called when the list is surely gone, and before it comes back.
  void Gone() { ++phase_; }
  void Comes() { ++phase_; }

  std::uint64_t now() const { return phase_; }
  static bool IsGone(std::uint64_t phase) { return phase % 2 == 1; }

 private:
  std::atomic<std::uint64_t> phase_ = 0;
};

struct Counters {
  std::atomic<std::uint64_t> attacks = 0;
  std::atomic<std::uint64_t> attacks_failed = 0;
  std::atomic<std::uint64_t> allowed = 0;
  std::atomic<std::uint64_t> denied = 0;
  std::atomic<std::uint64_t> other_errors = 0;
  std::atomic<std::uint64_t> read_errors = 0;
  std::atomic<std::uint64_t> excused = 0;
  std::atomic<std::uint64_t> mixed = 0;
  std::atomic<std::uint64_t> list_moves = 0;
  std::atomic<std::uint64_t> restored = 0;
  std::atomic<std::uint64_t> false_allows = 0;
  std::atomic<std::uint64_t> false_denials = 0;
  std::atomic<std::int64_t> longest_ms = 0;
};

struct Options {
  std::string tree;
  std::string mount;
  std::string list;  // of the contents that are known for a while
  std::string away;  // where that list goes
  // Nobody can write through the mount. Files are judged when they are read;
  // when a list goes, what the kernel has read goes a moment later.
  bool read_only = false;
  // The tree is that of a mount for updates: who writes there denies the file.
  bool update = false;
  int seconds = 10;
  std::uint64_t seed = 0;
};

class Arena {
 public:
  explicit Arena(Options given);

  // The names of the files in each group.
  static const std::vector<std::string>& Names();
  static Kind KindOf(const std::string& name);

  std::string Folder(const Group& group, Side side) const;
  std::string QuietFolder(Side side) const;

  // Notes how long an operation took, in milliseconds.
  void Took(std::chrono::steady_clock::duration time);

  void FalseAllow(const std::string& what, const Group* group);
  void FalseDenial(const std::string& what, const Group* group);

  const Options options;
  const Contents contents;
  std::vector<std::unique_ptr<Group>> groups;
  ListPhase list_phase;
  Counters counters;
  std::atomic<bool> round_ends = false;

 private:
  void Explain(const char* kind, const std::string& what, const Group* group);

  std::mutex print_mutex_;
  int printed_ = 0;
};

}  // namespace adversary
