// SPDX-License-Identifier: Apache-2.0
// Records of uses, read from files.
#include "app/uses/use_records.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "app/lists/lists_input.h"
#include "app/report.h"
#include "base/bytes.h"

namespace assayfs {
namespace {

// Takes files one after the other.
class Reader {
 public:
  // Returns how many lines of text tell of a use.
  std::size_t Add(std::string_view text) {
    std::size_t found = 0;
    while (!text.empty()) {
      const auto length = std::min(text.find('\n'), text.size());
      const auto line = text.substr(0, length);
      text.remove_prefix(std::min(length + 1, text.size()));
      if (line.empty()) continue;
      auto use = ReadUse(line);
      if (!use) {
        ++records.left_out;
        continue;
      }
      ++found;
      if (seen_.insert(WriteUse(*use)).second) {
        records.uses.push_back(std::move(*use));
      }
    }
    return found;
  }

  UseRecords records;

 private:
  std::unordered_set<std::string> seen_;
};

}  // namespace

Result<UseRecords> ReadUseRecords(const std::string& verb,
                                  const std::vector<std::string>& files) {
  Reader reader;
  for (const std::string& file : files) {
    const auto bytes = ReadInput(file);
    if (!bytes) return Fail(Error(bytes.error()).WithContext(file));
    if (reader.Add(AsText(*bytes)) > 0) continue;
    return Fail(ENOMSG, "no use of a file in " +
                            (file == "-" ? "the standard input" : file) +
                            "; make one with `assayfs mount --record`");
  }
  if (reader.records.left_out > 0) {
    ReportFailure(verb, Counted(reader.records.left_out, "line") +
                            " left out: no use of a file");
  }
  return std::move(reader.records);
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
