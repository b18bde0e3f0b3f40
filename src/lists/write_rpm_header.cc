// SPDX-License-Identifier: Apache-2.0
// Writing RPM headers: tags, one after another, and their index.
#include "lists/write_rpm_header.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/numbers.h"

namespace assayfs {
namespace {

// Types of values, with the bytes that numbers of it have.
enum class Type : std::uint32_t {
  kInt16 = 3,
  kInt32 = 4,
  kString = 6,
  kBinary = 7,
  kStrings = 8,
};
constexpr std::uint32_t kRegionTag = 63;
constexpr std::size_t kEntryBytes = 16;

// Index and data of a header while they grow.
class Tags {
 public:
  void AddText(std::uint32_t tag, std::string_view text) {
    Begin(tag, Type::kString, 1, 1);
    AppendText(text);
  }
  void AddTexts(std::uint32_t tag, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    Begin(tag, Type::kStrings, texts.size(), 1);
    for (const std::string& text : texts) AppendText(text);
  }
  void AddShorts(std::uint32_t tag, const std::vector<std::uint16_t>& numbers) {
    if (numbers.empty()) return;
    Begin(tag, Type::kInt16, numbers.size(), 2);
    for (const std::uint16_t number : numbers) AppendBe16(data_, number);
  }
  void AddNumbers(std::uint32_t tag,
                  const std::vector<std::uint32_t>& numbers) {
    if (numbers.empty()) return;
    Begin(tag, Type::kInt32, numbers.size(), 4);
    for (const std::uint32_t number : numbers) AppendBe32(data_, number);
  }

  // The region's own entry comes first; its trailer is the last of the data and
  // says how long the index is, as a negative offset.
  ByteVector Finish() {
    const auto entries =
        static_cast<std::uint32_t>(index_.size() / kEntryBytes + 1);
    const auto trailer = static_cast<std::uint32_t>(data_.size());
    AppendEntry(data_, kRegionTag, Type::kBinary,
                0U - static_cast<std::uint32_t>(entries * kEntryBytes),
                kEntryBytes);
    ByteVector header = *FromHex("8eade80100000000");
    AppendBe32(header, entries);
    AppendBe32(header, static_cast<std::uint32_t>(data_.size()));
    AppendEntry(header, kRegionTag, Type::kBinary, trailer, kEntryBytes);
    AppendBytes(header, index_);
    AppendBytes(header, data_);
    return header;
  }

 private:
  static void AppendEntry(ByteVector& out, std::uint32_t tag, Type type,
                          std::uint32_t offset, std::size_t count) {
    AppendBe32(out, tag);
    AppendBe32(out, static_cast<std::uint32_t>(type));
    AppendBe32(out, offset);
    AppendBe32(out, static_cast<std::uint32_t>(count));
  }
  void Begin(std::uint32_t tag, Type type, std::size_t count,
             std::size_t align) {
    while (data_.size() % align != 0) data_.push_back(std::byte{0});
    AppendEntry(index_, tag, type, static_cast<std::uint32_t>(data_.size()),
                count);
  }
  void AppendText(std::string_view text) {
    AppendBytes(data_, AsBytes(text));
    data_.push_back(std::byte{0});
  }

  ByteVector index_;
  ByteVector data_;
};

// Returns the values that get gives for each file.
template <typename Get>
auto ForAll(const std::vector<RpmFileMetadata>& files, Get get) {
  std::vector<decltype(get(files.front()))> values;
  for (const RpmFileMetadata& file : files) values.push_back(get(file));
  return values;
}

std::uint32_t AlgorithmNumber(const RpmPackageFiles& package) {
  const auto has = std::ranges::find_if(
      package.files, [](const auto& file) { return file.digest.has_value(); });
  if (has == package.files.end()) return 8;
  switch (has->digest->algorithm()) {
    case HashAlgorithm::kMd5:
      return 1;
    case HashAlgorithm::kSha1:
      return 2;
    case HashAlgorithm::kSha384:
      return 9;
    case HashAlgorithm::kSha512:
      return 10;
    case HashAlgorithm::kSha224:
      return 11;
    case HashAlgorithm::kSha3_256:
      return 12;
    case HashAlgorithm::kSha3_512:
      return 14;
    default:
      return 8;
  }
}

void AddPackage(const RpmPackageFiles& package, Tags& tags) {
  std::string_view version = package.version;
  const auto colon = version.find(':');
  tags.AddText(1000, package.name);
  if (colon != std::string_view::npos) {
    const auto epoch = ParseNumber<std::uint32_t>(version.substr(0, colon));
    tags.AddNumbers(1003, {epoch.value_or(0)});
    version.remove_prefix(colon + 1);
  }
  const auto dash = version.rfind('-');
  const bool has_release = dash != std::string_view::npos;
  tags.AddText(1001, version.substr(0, dash));
  tags.AddText(1002, has_release ? version.substr(dash + 1) : "1");
  tags.AddText(1022, "noarch");
}

// Paths are stored as folders, the number of the folder of each, and names.
void AddPaths(const std::vector<RpmFileMetadata>& files, Tags& tags) {
  std::vector<std::string> folders;
  std::vector<std::uint32_t> numbers;
  std::vector<std::string> names;
  for (const RpmFileMetadata& file : files) {
    const auto name_at = file.path.rfind('/') + 1;
    const std::string folder = file.path.substr(0, name_at);
    const auto known = std::ranges::find(folders, folder);
    numbers.push_back(static_cast<std::uint32_t>(known - folders.begin()));
    if (known == folders.end()) folders.push_back(folder);
    names.push_back(file.path.substr(name_at));
  }
  tags.AddNumbers(1116, numbers);
  tags.AddTexts(1117, names);
  tags.AddTexts(1118, folders);
}

}  // namespace

ByteVector WriteRpmHeader(const RpmPackageFiles& package) {
  const auto& files = package.files;
  Tags tags;
  AddPackage(package, tags);
  using File = const RpmFileMetadata&;
  tags.AddNumbers(1028, ForAll(files, [](File file) {
                    return static_cast<std::uint32_t>(file.size_bytes);
                  }));
  tags.AddShorts(1030, ForAll(files, [](File file) { return file.mode; }));
  tags.AddShorts(1033, ForAll(files, [](File file) { return file.rdev; }));
  tags.AddNumbers(1034, ForAll(files, [](File file) { return file.mtime_s; }));
  tags.AddTexts(1035, ForAll(files, [](File file) {
                  return file.digest ? file.digest->Hex() : std::string();
                }));
  tags.AddTexts(1036,
                ForAll(files, [](File file) { return file.link_target; }));
  tags.AddNumbers(1037, ForAll(files, [](File file) { return file.flags; }));
  tags.AddTexts(1039, ForAll(files, [](File file) { return file.user; }));
  tags.AddTexts(1040, ForAll(files, [](File file) { return file.group; }));
  tags.AddNumbers(1045,
                  ForAll(files, [](File file) { return file.verify_flags; }));
  AddPaths(files, tags);
  tags.AddTexts(5010,
                ForAll(files, [](File file) { return file.capabilities; }));
  tags.AddNumbers(5011, {AlgorithmNumber(package)});
  return tags.Finish();
}

}  // namespace assayfs
