// SPDX-License-Identifier: Apache-2.0
// Lane: draws arguments and writes results down.
#include "lane.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace assayfs::differential {
namespace {

// Steps are drawn each on its own, so few names must do for calls to meet.
// None has more than one ".." in it, and links have none: nothing leaves the
// folders of the sequence.
const std::string& OddName(Random& random) {
  static const std::vector<std::string> kNames = {"new\nline",
                                                  "sp ace",
                                                  "\xff\xfe\x80",
                                                  "back\\slash\"",
                                                  std::string(255, 'L'),
                                                  std::string(256, 'M'),
                                                  ".",
                                                  "..",
                                                  "a/",
                                                  "d/",
                                                  "l/",
                                                  "d/.",
                                                  "d/..",
                                                  "d/../a",
                                                  "./a",
                                                  "d//a",
                                                  "a/b",
                                                  "",
                                                  "../x",
                                                  "d/" + std::string(255, 'L'),
                                                  std::string(4096, '/'),
                                                  "nothing/here"};
  return kNames[random.Below(kNames.size())];
}

}  // namespace

Lane::Lane(UniqueFd work, UniqueFd memory)
    : work_(std::move(work)), memory_(std::move(memory)) {}

void Lane::Begin(Random random, Step& step) {
  random_ = random;
  step_ = &step;
}

std::string Lane::DrawName() {
  if (random_.OneIn(7)) return OddName(random_);
  return random_.From<const char*>({"a", "a", "a", "a", "b", "b", "c", "d", "d",
                                    "d/a", "d/b", "e", "e/a", "l", "l", "a",
                                    "b", "d/e"});
}

Place Lane::DrawPlace() {
  if (random_.OneIn(12)) {
    const std::size_t slot = DrawSlot();
    const char* name = random_.From<const char*>({"a", "b", "e", "."});
    return {fd(slot), name, SlotName(slot) + ", " + Quoted(name)};
  }
  std::string name = DrawName();
  std::string text = Quoted(name);
  return {work_fd(), std::move(name), std::move(text)};
}

std::size_t Lane::DrawSlot() {
  return random_.From<std::size_t>({0, 0, 0, 1, 1, 2});
}

mode_t Lane::DrawMode() {
  return random_.From<mode_t>({0644, 0666, 0755, 0777, 0600, 0700, 04755, 02755,
                               02711, 06777, 01777, 0444, 0111, 0, 07777,
                               0640});
}

std::int64_t Lane::DrawOffset() {
  if (random_.OneIn(24)) return random_.From<std::int64_t>({-1, -4096});
  if (random_.OneIn(3)) return static_cast<std::int64_t>(random_.Below(9000));
  return random_.From<std::int64_t>(
      {0, 0, 0, 1, 100, 4095, 4096, 8192, 12288, 65536, 1 << 20, 3 << 20});
}

std::int64_t Lane::DrawLength() {
  if (random_.OneIn(30)) return random_.From<std::int64_t>({-1, 0});
  if (random_.OneIn(2)) return static_cast<std::int64_t>(random_.Below(5000));
  return random_.From<std::int64_t>({1, 10, 4096, 4096, 8192, 65536, 200'000});
}

std::string Lane::DrawBytes() {
  const std::size_t length =
      random_.OneIn(3)
          ? random_.From<std::size_t>({0, 1, 4096, 20'000, 140'000})
          : random_.Below(6000);
  const auto first = static_cast<unsigned char>(random_.Below(256));
  std::string bytes(length, '\0');
  for (std::size_t i = 0; i < length; ++i) {
    bytes[i] = static_cast<char>(first + i / 7 + i);
  }
  return bytes;
}

void Lane::Say(std::string_view call,
               std::initializer_list<std::string> arguments) {
  step_->call += call;
  step_->call += "(";
  const char* between = "";
  for (const std::string& argument : arguments) {
    step_->call += between + argument;
    between = ", ";
  }
  step_->call += ")";
}

std::int64_t Lane::Result(std::int64_t returned) {
  const int code = errno;
  Add(returned < 0 ? ErrnoName(code) : std::to_string(returned));
  return returned;
}

int Lane::Opened(int fd) {
  const int code = errno;
  Add(fd < 0 ? ErrnoName(code) : "fd");
  return fd;
}

void Lane::Add(std::string_view text) {
  if (!step_->outcome.empty()) step_->outcome += "; ";
  step_->outcome += text;
}

void Lane::Look(const Place& place) {
  struct stat info {};
  const int returned = ::fstatat(place.folder_fd, place.name.c_str(), &info,
                                 AT_SYMLINK_NOFOLLOW);
  Add(returned == 0 ? Attributes(info, blocks_)
                    : "no stat: " + ErrnoName(errno));
}

void Lane::Look(std::size_t slot) {
  struct stat info {};
  const int returned = ::fstat(fd(slot), &info);
  Add(returned == 0 ? Attributes(info, blocks_)
                    : "no stat: " + ErrnoName(errno));
}

std::string SlotName(std::size_t slot) { return "fd" + std::to_string(slot); }

}  // namespace assayfs::differential
