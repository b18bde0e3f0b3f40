// SPDX-License-Identifier: Apache-2.0
// Contents: how they are made and recognized.
#include "adversary/contents.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace adversary {
namespace {

constexpr std::size_t kBlockBytes = 4096;

// Less than a block and a bit, some blocks, and more than one read request.
constexpr std::array<std::size_t, 3> kSizes = {5000, 20480, 300001};

std::string DataBytes(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>('a' + random.Below(26));
  return bytes;
}

std::string ScriptBytes(const std::string& name, int status) {
  return "#!/bin/sh\n# " + name + "\nexit " + std::to_string(status) + "\n";
}

// A block may be cut off where the file ends for its reader.
bool StandsAt(std::string_view block, const Content& content, std::size_t at) {
  return at < content.bytes.size() &&
         std::string_view(content.bytes).substr(at).starts_with(block);
}

// Returns how much of a block is of content at that place: all of it, or up to
// the end of content.
std::size_t LengthAt(std::string_view block, const Content& content,
                     std::size_t at) {
  const auto bytes = std::string_view(content.bytes);
  const std::string_view rest = bytes.substr(std::min(at, bytes.size()));
  const std::size_t length = std::min(rest.size(), block.size());
  return block.substr(0, length) == rest.substr(0, length) ? length : 0;
}

Known KnownOf(int version) {
  if (version < 2) return Known::kAlways;
  return version == 2 ? Known::kWhileListed : Known::kNever;
}

}  // namespace

Contents::Contents() {
  for (int version = 0; version < 4; ++version) {
    const Known known = KnownOf(version);
    const std::string suffix = "-" + std::to_string(version);
    for (const std::size_t size : kSizes) {
      all_.push_back({"data-" + std::to_string(size) + suffix, Kind::kData,
                      known, DataBytes(size, size * 4 + std::size_t(version))});
    }
    const int status = known == Known::kNever ? kAlienStatus : kKnownStatus;
    const std::string name = "script" + suffix;
    all_.push_back({name, Kind::kScript, known, ScriptBytes(name, status)});
  }
}

const Content* Contents::FindKnown(const std::string& bytes) const {
  const auto it = std::ranges::find_if(all_, [&](const Content& content) {
    return content.known != Known::kNever && content.bytes == bytes;
  });
  return it == all_.end() ? nullptr : &*it;
}

const Content& Contents::PickKnown(Kind kind, Random& random) const {
  while (true) {
    const Content& content = PickAny(kind, random);
    if (content.known == Known::kAlways) return content;
  }
}

const Content& Contents::PickAny(Kind kind, Random& random) const {
  while (true) {
    const Content& content = all_[random.Below(all_.size())];
    if (content.kind == kind) return content;
  }
}

bool Contents::IsMixed(const std::string& bytes) const {
  const auto known = [](const Content& content) {
    return content.known != Known::kNever;
  };
  const bool ends_well = std::ranges::any_of(all_, [&](const Content& content) {
    return known(content) && content.bytes.size() == bytes.size();
  });
  if (!ends_well && bytes.size() % kBlockBytes != 0) return false;
  for (std::size_t at = 0; at < bytes.size(); at += kBlockBytes) {
    const auto block = std::string_view(bytes).substr(at, kBlockBytes);
    if (std::ranges::none_of(all_, [&](const Content& content) {
          return known(content) && StandsAt(block, content, at);
        })) {
      return false;
    }
  }
  return true;
}

bool Contents::IsPiece(std::string_view block, std::size_t at) const {
  if (block.find_first_not_of('\0') == std::string_view::npos) return true;
  return std::ranges::any_of(all_, [&](const Content& content) {
    if (content.known == Known::kNever) return false;
    const std::size_t length = LengthAt(block, content, at);
    return length > 0 && IsPiece(block.substr(length), at + length);
  });
}

bool Contents::IsOfPieces(const std::string& bytes) const {
  for (std::size_t at = 0; at < bytes.size(); at += kBlockBytes) {
    const auto block = std::string_view(bytes).substr(at, kBlockBytes);
    if (!IsPiece(block, at)) {
      return false;
    }
  }
  return true;
}

std::string Contents::NameOf(std::string_view& block, std::size_t at) const {
  std::size_t longest = 0;
  std::string name;
  for (const Content& content : all_) {
    const std::size_t length = LengthAt(block, content, at);
    if (length > longest) {
      longest = length;
      name = content.name;
    }
  }
  if (longest == 0) {
    longest = std::min(block.find_first_not_of('\0'), block.size());
    name = "zeros";
  }
  if (longest == 0) {
    longest = block.size();
    name = "unknown";
  }
  block.remove_prefix(longest);
  return name;
}

std::string Contents::Describe(const std::string& bytes) const {
  std::string text = std::to_string(bytes.size()) + " bytes:";
  std::string last;
  for (std::size_t at = 0; at < bytes.size(); at += kBlockBytes) {
    auto block = std::string_view(bytes).substr(at, kBlockBytes);
    const std::size_t end = at + block.size();
    while (!block.empty()) {
      const std::size_t from = end - block.size();
      const std::string name = NameOf(block, from);
      if (name == last) continue;
      text += " from byte " + std::to_string(from) + " " + name;
      last = name;
    }
  }
  return text;
}

}  // namespace adversary
