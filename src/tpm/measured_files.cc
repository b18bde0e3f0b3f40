// SPDX-License-Identifier: Apache-2.0
// The files that a measurement log tells of: reading both of its forms.
#include "tpm/measured_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/numbers.h"

namespace assayfs {
namespace {

constexpr std::uint32_t kMaxPcr = 31;
constexpr std::size_t kMaxPathBytes = 4096;

struct Template {
  std::string_view name;
  bool has_type;  // of its digest: ima or verity
  bool has_signature;
};
constexpr std::array<Template, 4> kTemplates = {{
    {"ima-ng", false, false},
    {"ima-sig", false, true},
    {"ima-ngv2", true, false},
    {"ima-sigv2", true, true},
}};

tl::unexpected<Error> Bad(std::string_view what) {
  return Fail(EBADMSG, "bad " + std::string(what));
}

// Takes the text up to the next end off the front of rest, and the end too.
std::optional<std::string_view> TakeUpTo(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto part = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return part;
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
  });
}

bool AllZeros(std::string_view hex) {
  return hex.find_first_not_of('0') == std::string_view::npos;
}

Result<void> CheckPcr(std::string_view text) {
  const auto pcr = ParseNumber<std::uint32_t>(text);
  if (!pcr || *pcr > kMaxPcr) return Bad("PCR");
  return {};
}

// Nothing for a digest of zeros.
Result<std::optional<Digest>> ReadDigest(std::string_view column) {
  const auto name = TakeUpTo(column, ':');
  if (!name) return Bad("digest");
  const auto algorithm = AlgorithmFromName(*name);
  // A digest of fs-verity is marked by its type, in a column of its own.
  if (!algorithm || IsVerity(*algorithm)) {
    return Fail(EOPNOTSUPP, "digest algorithm is not known");
  }
  const auto digest = Digest::FromHex(*algorithm, column);
  if (!digest) return Bad("digest");
  if (AllZeros(column)) return std::nullopt;
  return *digest;
}

// Takes the path and, where there is one, checks the signature after it.
Result<std::string> ReadPath(std::string_view rest, bool has_signature) {
  std::string_view path = rest;
  if (has_signature && rest.find(' ') != std::string_view::npos) {
    path = *TakeUpTo(rest, ' ');
    if (!IsHex(rest)) return Bad("signature");
  }
  if (path.empty() || path.size() > kMaxPathBytes ||
      path.find_first_of(std::string_view(" \0", 2)) !=
          std::string_view::npos) {
    return Bad("path");
  }
  return std::string(path);
}

// Nothing for a record that is left out.
Result<std::optional<ImaNgFields>> ReadLine(std::string_view line) {
  if (line.starts_with(' ')) line.remove_prefix(1);
  const auto pcr = TakeUpTo(line, ' ');
  if (!pcr) return Bad("PCR");
  const auto checked = CheckPcr(*pcr);
  if (!checked) return Fail(checked.error());
  const auto template_digest = TakeUpTo(line, ' ');
  if (!template_digest || template_digest->empty() ||
      !IsHex(*template_digest)) {
    return Bad("template digest");
  }
  const auto name = TakeUpTo(line, ' ');
  if (!name || name->empty()) return Bad("template name");
  const auto form = std::ranges::find(kTemplates, *name, &Template::name);
  if (form == kTemplates.end() || AllZeros(*template_digest)) {
    return std::nullopt;
  }
  auto column = TakeUpTo(line, ' ');
  if (!column) return Bad("digest");
  bool of_content = true;
  if (form->has_type) {
    const auto type = TakeUpTo(*column, ':');
    if (!type || (*type != "ima" && *type != "verity")) return Bad("digest");
    of_content = *type == "ima";
  }
  const auto digest = ReadDigest(*column);
  if (!digest) return Fail(digest.error());
  auto path = ReadPath(line, form->has_signature);
  if (!path) return Fail(path.error());
  if (!*digest || !of_content || !path->starts_with('/')) return std::nullopt;
  return ImaNgFields{**digest, std::move(*path)};
}

Result<std::vector<ImaNgFields>> ParseText(std::string_view text) {
  std::vector<ImaNgFields> files;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto whole = TakeUpTo(text, '\n');
    auto file = ReadLine(whole ? *whole : std::exchange(text, {}));
    if (!file) {
      return Fail(std::move(file).error().WithContext("line " +
                                                      std::to_string(number)));
    }
    if (*file) files.push_back(std::move(**file));
  }
  return files;
}

Result<std::vector<ImaNgFields>> ParseBinary(Bytes bytes) {
  const auto records = ParseImaLog(bytes);
  if (!records) return Fail(records.error());
  std::vector<ImaNgFields> files;
  for (std::size_t i = 0; i < records->size(); ++i) {
    const ImaRecord& record = (*records)[i];
    if (record.template_name != kTemplates[0].name) continue;
    if (IsViolation(record)) continue;
    auto fields = ParseImaNg(record);
    if (!fields) {
      return Fail(std::move(fields).error().WithContext("record " +
                                                        std::to_string(i + 1)));
    }
    if (!fields->path.starts_with('/')) continue;
    if (AllZeros(fields->digest.Hex())) continue;
    files.push_back(std::move(*fields));
  }
  return files;
}

}  // namespace

Result<std::vector<ImaNgFields>> ParseMeasuredFiles(Bytes bytes) {
  // A binary log begins with the number of a PCR, which is below any character
  // that a line of text may begin with.
  const std::string_view text = AsText(bytes);
  if (!text.empty() && static_cast<unsigned char>(text.front()) > kMaxPcr) {
    return ParseText(text);
  }
  return ParseBinary(bytes);
}

}  // namespace assayfs
