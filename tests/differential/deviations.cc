// SPDX-License-Identifier: Apache-2.0
// The deviations that are known and can come up in a sequence. Those that no
// sequence tries, because what follows could not be compared, are told of where
// the calls are drawn.
#include "deviations.h"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <string>

namespace assayfs::differential {
namespace {

// unseen-read: what the kernel answers from the pages, link targets and
// listings that it keeps does not reach the lower file, whose access time stays
// as it was. Returns expected with the access times of got in these places.
std::string WithUnseenReads(std::string_view expected, std::string_view got) {
  constexpr std::string_view kRead = " read now ";
  constexpr std::string_view kListed = " listed now ";
  constexpr std::string_view kNow = "now";
  std::string text(expected);
  for (std::size_t place = 0;; ++place) {
    const std::size_t read = text.find(kRead, place);
    const std::size_t listed = text.find(kListed, place);
    if (read == listed) return text;  // there is no more of either
    place = read < listed ? read + kRead.size() : listed + kListed.size();
    place -= kNow.size() + 1;
    // Only if all is the same so far do places mean the same in both.
    if (got.substr(0, place) != std::string_view(text).substr(0, place)) {
      return text;
    }
    const std::size_t end = std::min(got.find(' ', place), got.size());
    text.replace(place, kNow.size(), got.substr(place, end - place));
  }
}

// unseen-pipe: the kernel sets no time of a FIFO that is used. Returns text
// without the times of FIFOs; it must begin with a space.
std::string WithoutPipeTimes(const std::string& text) {
  static const std::regex times(
      R"(( 01[0-7]{4} [^;]*?) read [^ ;]+ changed [^ ;]+)");
  return std::regex_replace(text, times, "$1");
}

// Returns text without the times that follow a word, with its spaces.
std::string WithoutTimes(std::string_view word, std::string_view text) {
  std::string without(text);
  for (std::size_t place = without.find(word); place != std::string::npos;
       place = without.find(word, place)) {
    place += word.size();
    without.erase(place, without.find(' ', place) - place);
  }
  return without;
}

enum class GroupBits { kIdle, kAll };

// idle-group-bit: who writes to a file of a group that is not his own takes its
// set-group-ID bit away also where the group may not execute it, so that the
// bit means nothing. The kernel does not do that for FUSE. An access control
// list may let the group execute it later. Returns text without such bits in
// the modes of regular files.
std::string WithoutGroupBits(std::string_view text, GroupBits bits) {
  constexpr std::string_view kRegular = " 010";
  constexpr std::size_t kDigits = 4;
  std::string without = " " + std::string(text);  // so that it may come first
  for (std::size_t place = without.find(kRegular); place != std::string::npos;
       place = without.find(kRegular, place)) {
    place += kRegular.size();
    if (without.size() < place + kDigits) break;
    char& set_ids = without[place];
    const char group = without[place + 2];
    const bool executes = (group - '0') % 2 == 1;
    if (executes && bits == GroupBits::kIdle) continue;
    if (((set_ids - '0') & 2) != 0) {
      set_ids = static_cast<char>(set_ids - 2);
    }
  }
  return without;
}

// own-blocks: a file in many pieces has a block for the list of its pieces,
// which the file system may need earlier or later, and keeps when the file is
// cut. Returns expected with the number of blocks that got has, where there are
// any and they differ by one block of the file system.
std::string WithOwnBlocks(std::string_view expected, std::string_view got) {
  constexpr std::string_view kBlocks = " blocks ";
  constexpr long kFewest = 8, kOne = 8;
  std::string text(expected);
  for (std::size_t place = text.find(kBlocks); place != std::string::npos;
       place = text.find(kBlocks, place)) {
    place += kBlocks.size();
    if (got.substr(0, place) != std::string_view(text).substr(0, place)) break;
    const std::string theirs(got.substr(place, got.find(' ', place) - place));
    const std::size_t length = text.find(' ', place) - place;
    const long left = std::stol(text.substr(place, length));
    const long right = std::stol(theirs);
    if (std::min(left, right) >= kFewest && std::abs(left - right) == kOne) {
      text.replace(place, length, theirs);
    }
  }
  return text;
}

}  // namespace

void Deviations::Made(std::string_view call) {
  const auto has = [call](std::string_view word) {
    return call.find(word) != std::string_view::npos;
  };
  if (has("system.posix_acl_access")) has_set_acl_ = true;
  if (has("O_NOATIME")) has_opened_quietly_ = true;
  if (has("mmap and")) has_mapped_ = true;
}

bool Deviations::Agree(std::string_view expected, std::string_view got) const {
  if (expected == got) return true;
  const GroupBits bits = has_set_acl_ ? GroupBits::kAll : GroupBits::kIdle;
  const auto plain = [&](std::string_view text) {
    std::string rest = WithoutPipeTimes(WithoutGroupBits(text, bits));
    // late-noatime: a folder that is listed without being opened, so that
    // nobody hears of O_NOATIME.
    if (has_opened_quietly_) rest = WithoutTimes(" listed ", rest);
    // late-read: the kernel reads ahead of a mapping when it likes.
    if (has_mapped_) rest = WithoutTimes(" read ", rest);
    return rest;
  };
  const std::string theirs = plain(got);
  return WithOwnBlocks(WithUnseenReads(plain(expected), theirs), theirs) ==
         theirs;
}

}  // namespace assayfs::differential
