// SPDX-License-Identifier: Apache-2.0
// Glob: patterns of names and paths.
#include "policy/glob.h"

#include <algorithm>
#include <cerrno>
#include <optional>

namespace assayfs {
namespace {

constexpr std::string_view kSpecial = "*?[\\";

// Returns where the set that begins at glob[0] ends, beyond its "]"; nothing if
// it has no end.
std::optional<std::size_t> SetLength(std::string_view glob) {
  std::size_t at = 1;
  if (at < glob.size() && glob[at] == '!') ++at;
  // The first byte is a member, whatever it is.
  const auto end = glob.find(']', at + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return end + 1;
}

// The members of a set: what is between "[" and "]", without "!".
std::string_view MembersOf(std::string_view set) {
  set = set.substr(1, set.size() - 2);
  if (set.starts_with('!')) set.remove_prefix(1);
  return set;
}

// Calls visit with the first and the last byte of each range.
template <typename Visit>
void ForEachRange(std::string_view members, Visit visit) {
  for (std::size_t at = 0; at < members.size(); ++at) {
    const bool is_range = at + 2 < members.size() && members[at + 1] == '-';
    const auto first = static_cast<unsigned char>(members[at]);
    if (is_range) at += 2;
    visit(first, static_cast<unsigned char>(members[at]));
  }
}

bool SetHas(std::string_view set, char byte) {
  const auto wanted = static_cast<unsigned char>(byte);
  bool has = false;
  ForEachRange(MembersOf(set), [&](unsigned char first, unsigned char last) {
    has |= first <= wanted && wanted <= last;
  });
  const bool excludes = set[1] == '!';
  return byte != '/' && has != excludes;
}

// Matches one byte of text at the front of glob, which is not "*". Returns how
// long the piece of glob is; 0 if it does not match.
std::size_t MatchOne(std::string_view glob, char byte) {
  if (glob.empty()) return 0;
  switch (glob.front()) {
    case '?':
      return byte == '/' ? 0 : 1;
    case '[': {
      const std::size_t length = *SetLength(glob);
      return SetHas(glob.substr(0, length), byte) ? length : 0;
    }
    case '\\':
      return glob[1] == byte ? 2 : 0;
    default:
      return glob.front() == byte ? 1 : 0;
  }
}

// Where to go on, with one byte more for a "*" or "**".
struct Retry {
  std::size_t glob = 0;
  std::size_t text = 0;
};

}  // namespace

Result<void> CheckGlob(std::string_view glob) {
  if (glob.empty()) return Fail(EINVAL, "an empty pattern");
  for (std::size_t at = 0; at < glob.size(); ++at) {
    if (glob[at] == '\\') {
      if (++at < glob.size()) continue;
      return Fail(EINVAL, "a pattern that ends with \"\\\"");
    }
    if (glob[at] != '[') continue;
    const auto length = SetLength(glob.substr(at));
    if (!length) return Fail(EINVAL, "a \"[\" without its \"]\"");
    bool falls = false;
    ForEachRange(MembersOf(glob.substr(at, *length)),
                 [&](unsigned char first, unsigned char last) {
                   falls |= last < first;
                 });
    if (falls) return Fail(EINVAL, "a range that ends before it begins");
    at += *length - 1;
  }
  return {};
}

std::size_t GlobPieceLength(std::string_view glob) {
  if (glob.front() == '\\') return 2;
  return glob.front() == '[' ? *SetLength(glob) : 1;
}

bool GlobMatches(std::string_view glob, std::string_view text) {
  std::optional<Retry> star;
  std::optional<Retry> globstar;
  std::size_t g = 0;
  std::size_t t = 0;
  while (g < glob.size() || t < text.size()) {
    if (glob.substr(g).starts_with("**")) {
      g += 2;
      globstar = {g, t};
      star.reset();  // no other bytes of it could help what follows
      continue;
    }
    if (g < glob.size() && glob[g] == '*') {
      star = {++g, t};
      continue;
    }
    if (t < text.size()) {
      const std::size_t length = MatchOne(glob.substr(g), text[t]);
      g += length;
      if (length > 0) ++t;
      if (length > 0) continue;
    }
    if (star && star->text < text.size() && text[star->text] != '/') {
      ++star->text;
    } else if (globstar && globstar->text < text.size()) {
      star.reset();
      ++globstar->text;
    } else {
      return false;
    }
    const Retry& retry = star ? *star : *globstar;
    g = retry.glob;
    t = retry.text;
  }
  return true;
}

std::string LiteralPrefix(std::string_view glob, bool& all) {
  std::string prefix;
  while (!glob.empty()) {
    const auto length = std::min(glob.find_first_of(kSpecial), glob.size());
    prefix += glob.substr(0, length);
    glob.remove_prefix(length);
    if (!glob.starts_with('\\')) break;
    prefix += glob[1];
    glob.remove_prefix(2);
  }
  all = glob.empty();
  return prefix;
}

}  // namespace assayfs
