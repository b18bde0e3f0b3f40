// SPDX-License-Identifier: Apache-2.0
// A second, simple reader of RPM headers, to compare the real one with: no
// limits, no checks but those that keep it inside the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace assayfs::fuzz {

class PlainRpm {
 public:
  // header: magic, index and data, as the real reader took it.
  explicit PlainRpm(Bytes header) : header_(header) {}

  struct File {
    std::string path;
    std::string hex;
    int mode = -1;  // -1: the header has none
  };
  // Nothing if the header cannot be understood.
  std::optional<std::vector<File>> Files() const {
    std::vector<File> files;
    if (!Find(1035)) return files;
    const auto digests = Strings(1035);
    const bool old = !Find(1117);
    const auto names = Strings(old ? 1027 : 1117);
    const auto folders = old ? std::vector<std::string>{""} : Strings(1118);
    if (names.size() != digests.size()) return std::nullopt;
    const auto modes = Find(1030);
    const auto indexes = Find(1116);
    for (std::size_t i = 0; i < digests.size(); ++i) {
      if (digests[i].find_first_not_of('0') == std::string::npos) continue;
      std::size_t folder = 0;
      if (!old) {
        if (!indexes) return std::nullopt;
        folder = Number(indexes->offset + 4 * i, 4);
      }
      if (folder >= folders.size()) return std::nullopt;
      File file{folders[folder] + names[i], digests[i], -1};
      if (modes) file.mode = static_cast<int>(Number(modes->offset + 2 * i, 2));
      files.push_back(file);
    }
    return files;
  }

 private:
  struct Place {
    std::size_t offset;  // from the start of the header
    std::size_t count;
  };

  // A big-endian number; 0 outside the header.
  std::size_t Number(std::size_t at, std::size_t bytes) const {
    std::size_t number = 0;
    for (std::size_t i = at; i < at + bytes; ++i) {
      const int byte =
          i < header_.size() ? std::to_integer<int>(header_[i]) : 0;
      number = number * 256 + static_cast<std::size_t>(byte);
    }
    return number;
  }

  std::optional<Place> Find(std::size_t tag) const {
    const std::size_t entries = Number(8, 4);
    for (std::size_t at = 16; at < 16 + 16 * entries && at < header_.size();
         at += 16) {
      if (Number(at, 4) != tag) continue;
      return Place{16 + 16 * entries + Number(at + 8, 4), Number(at + 12, 4)};
    }
    return std::nullopt;
  }

  std::vector<std::string> Strings(std::size_t tag) const {
    std::vector<std::string> strings;
    const auto place = Find(tag);
    std::size_t at = place ? place->offset : header_.size();
    while (place && strings.size() < place->count && at < header_.size()) {
      std::string text;
      while (Number(at, 1) != 0) text += static_cast<char>(header_[at++]);
      ++at;
      strings.push_back(text);
    }
    return strings;
  }

  Bytes header_;
};

}  // namespace assayfs::fuzz
