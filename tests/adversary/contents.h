// SPDX-License-Identifier: Apache-2.0
// Contents that lists know, and others that look like them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adversary/random.h"

namespace adversary {

enum class Kind { kData, kScript };

// Which list knows a content.
enum class Known { kAlways, kWhileListed, kNever };

struct Content {
  std::string name;  // a file name, the same in each run
  Kind kind = Kind::kData;
  Known known = Known::kNever;
  std::string bytes;
};

// A known script ends with this status, an alien one with the other.
constexpr int kKnownStatus = 7;
constexpr int kAlienStatus = 9;

// All contents of the test. Threads: immutable.
class Contents {
 public:
  Contents();

  const std::vector<Content>& all() const { return all_; }

  // Returns the known content that has these bytes, or null.
  const Content* FindKnown(const std::string& bytes) const;

  // Returns a content of a kind: one that is always known, or any.
  const Content& PickKnown(Kind kind, Random& random) const;
  const Content& PickAny(Kind kind, Random& random) const;

  // Says whether each block is that of a known content at its place, and the
  // length that of a known content, or, as for one who was reading when another
  // opened shorter known content, some blocks.
  bool IsMixed(const std::string& bytes) const;

  // Says whether each block is that of a known content at its place, whatever
  // the length is. After the end of that, the block may again be of a known
  // content, as for one who reads on when the file has grown, or zero.
  bool IsOfPieces(const std::string& bytes) const;

  // Says which content each part of bytes comes from.
  std::string Describe(const std::string& bytes) const;

 private:
  bool IsPiece(std::string_view block, std::size_t at) const;
  // Names what a block begins with, and takes that away from it.
  std::string NameOf(std::string_view& block, std::size_t at) const;

  std::vector<Content> all_;
};

}  // namespace adversary
