// SPDX-License-Identifier: Apache-2.0
// Records of uses, read from files.
#include "app/uses/use_records.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "app/lists/lists_input.h"
#include "base/bytes.h"

namespace assayfs {

Result<UseRecords> ReadUseRecords(const std::vector<std::string>& files) {
  UseRecords records;
  std::unordered_set<std::string> seen;
  for (const std::string& file : files) {
    const auto bytes = ReadInput(file);
    if (!bytes) return Fail(Error(bytes.error()).WithContext(file));
    std::string_view rest = AsText(*bytes);
    while (!rest.empty()) {
      const auto length = std::min(rest.find('\n'), rest.size());
      const auto line = rest.substr(0, length);
      rest.remove_prefix(std::min(length + 1, rest.size()));
      if (line.empty()) continue;
      auto use = ReadUse(line);
      if (!use) {
        ++records.left_out;
      } else if (seen.insert(WriteUse(*use)).second) {
        records.uses.push_back(std::move(*use));
      }
    }
  }
  return records;
}

std::string ProgramOf(const LoggedUse& use) {
  const auto& texts = use.use.texts[static_cast<std::size_t>(TextFact::kExe)];
  return texts.empty() ? "an unknown program" : texts.front();
}

std::string FolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return "/";
  return path.substr(0, slash);
}

}  // namespace assayfs
