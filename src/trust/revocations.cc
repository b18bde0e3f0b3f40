// SPDX-License-Identifier: Apache-2.0
// Revocations: reading and matching.
#include "trust/revocations.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/files.h"

namespace assayfs {
namespace {

constexpr std::array<std::pair<std::string_view, VersionRelation>, 5>
    kRelations = {{
        {"<", VersionRelation::kLess},
        {"<=", VersionRelation::kLessOrEqual},
        {"=", VersionRelation::kEqual},
        {">=", VersionRelation::kGreaterOrEqual},
        {">", VersionRelation::kGreater},
    }};

// A fingerprint has as many digits as a SHA-1 (OpenPGP version 4) or a SHA-256.
constexpr std::size_t kShortFingerprint = 40;
constexpr std::size_t kLongFingerprint = 64;

std::vector<std::string> Words(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty()) return words;
    words.emplace_back(line.substr(0, line.find_first_of(kBlanks)));
    line.remove_prefix(words.back().size());
  }
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string LowerCase(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

std::optional<Digest> ParseDigest(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto algorithm = AlgorithmFromName(text.substr(0, colon));
  if (!algorithm) return std::nullopt;
  auto digest = Digest::FromHex(*algorithm, text.substr(colon + 1));
  if (!digest) return std::nullopt;
  return *digest;
}

}  // namespace

std::string Revocations::AddPackage(const std::vector<std::string>& words) {
  if (words.size() % 2 != 0) {
    return "a package is NAME [RELATION VERSION]...";
  }
  Package package{.bounds = {}, .text = Joined(words)};
  for (std::size_t i = 2; i < words.size(); i += 2) {
    const auto* const row =
        std::ranges::find(kRelations, words[i],
                          &std::pair<std::string_view, VersionRelation>::first);
    if (row == kRelations.end()) {
      return "\"" + words[i] + "\" is not one of < <= = >= >";
    }
    package.bounds.push_back({row->second, words[i + 1]});
  }
  packages_.emplace(words[1], std::move(package));
  return {};
}

std::string Revocations::AddEntry(std::string_view line) {
  const auto words = Words(line.substr(0, line.find('#')));
  if (words.empty()) return {};
  if (words[0] == "package" && words.size() > 1) return AddPackage(words);
  if (words.size() != 2) {
    return "an entry is key FINGERPRINT, package NAME [RELATION VERSION]..., "
           "or digest ALGORITHM:HEX";
  }
  if (words[0] == "key") {
    const bool right_length = words[1].size() == kShortFingerprint ||
                              words[1].size() == kLongFingerprint;
    if (!right_length || !FromHex(words[1])) {
      return "a fingerprint has 40 or 64 hexadecimal digits";
    }
    keys_.insert(LowerCase(words[1]));
    return {};
  }
  if (words[0] == "digest") {
    const auto digest = ParseDigest(words[1]);
    if (!digest) return "\"" + words[1] + "\" is not ALGORITHM:HEX";
    digests_.insert(*digest);
    return {};
  }
  return "\"" + words[0] + "\" is not key, package or digest";
}

void Revocations::Add(const std::string& file, std::string_view text) {
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string wrong = AddEntry(line);
    if (!wrong.empty()) {
      AddProblem(file + ":" + std::to_string(number) + ": " + wrong);
    }
  }
}

void Revocations::AddProblem(const std::string& line) {
  problems_.push_back(Printable(line));
}

std::string Revocations::WhyKey(const std::string& fingerprint) const {
  return keys_.contains(fingerprint) ? "key " + fingerprint : "";
}

std::string Revocations::WhyPackage(const std::string& name,
                                    const std::string& version) const {
  const auto [first, last] = packages_.equal_range(name);
  for (auto it = first; it != last; ++it) {
    const bool all =
        std::ranges::all_of(it->second.bounds, [&](const Bound& bound) {
          return Satisfies(version, bound.relation, bound.version);
        });
    if (all) return it->second.text;
  }
  return {};
}

std::size_t Revocations::size() const {
  return keys_.size() + packages_.size() + digests_.size();
}

Result<void> Revocations::AddFile(const std::string& path) {
  const auto fd = OpenForReading(AT_FDCWD, path);
  if (!fd) return Fail(fd.error());
  auto bytes = ReadWholeFile(fd->get(), kMaxRevocationBytes);
  if (!bytes) return Fail(std::move(bytes).error().WithContext(path));
  Add(path, AsText(*bytes));
  return {};
}

Result<void> Revocations::AddPath(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return {};
  if (error) return Fail(error.value(), path + ": " + error.message());
  if (!fs::is_directory(status)) return AddFile(path);
  const auto names = NamesIn(path);
  if (!names) return Fail(names.error());
  Result<void> outcome;
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;
    auto added = AddFile(fs::path(path) / name);
    if (!added && outcome) outcome = std::move(added);
  }
  return outcome;
}

void Revocations::Merge(const Revocations& other) {
  keys_.insert(other.keys_.begin(), other.keys_.end());
  packages_.insert(other.packages_.begin(), other.packages_.end());
  digests_.insert(other.digests_.begin(), other.digests_.end());
}

}  // namespace assayfs
