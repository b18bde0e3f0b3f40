// SPDX-License-Identifier: Apache-2.0
// The measurement log format of Linux IMA: records, text form, PCR replay.
//
// Source: Linux, security/integrity/ima/ima_fs.c (binary and text form),
// ima_template_lib.c (fields d-ng and n-ng), ima_queue.c and ima_api.c
// (violations).
#include "tpm/ima_log.h"

#include <algorithm>
#include <optional>

#include "base/byte_reader.h"
#include "crypto/hasher.h"

namespace assayfs {
namespace {

constexpr std::string_view kImaNg = "ima-ng";
constexpr std::size_t kTemplateDigestBytes = 20;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxDataBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::uint32_t kMaxPcr = 31;

void AppendField(ByteVector& out, Bytes field) {
  AppendLe32(out, static_cast<std::uint32_t>(field.size()));
  AppendBytes(out, field);
}

std::optional<Bytes> TakeField(ByteReader& in) {
  const auto size = in.TakeLe32();
  if (!size) return std::nullopt;
  return in.Take(*size);
}

// Takes one record. Returns nothing if the bytes end before it does.
// Errors: EBADMSG.
Result<std::optional<ImaRecord>> TakeRecord(ByteReader& in) {
  ImaRecord record;
  const auto pcr = in.TakeLe32();
  if (!pcr) return std::nullopt;
  if (*pcr > kMaxPcr) return Fail(EBADMSG, "PCR number is above 31");
  record.pcr = *pcr;
  const auto template_digest = in.Take(kTemplateDigestBytes);
  if (!template_digest) return std::nullopt;
  record.template_digest = ToVector(*template_digest);
  const auto name_bytes = in.TakeLe32();
  if (!name_bytes) return std::nullopt;
  if (*name_bytes > kMaxNameBytes) {
    return Fail(EBADMSG, "template name is longer than 255 bytes");
  }
  const auto name = in.Take(*name_bytes);
  if (!name) return std::nullopt;
  record.template_name = AsText(*name);
  const auto data_bytes = in.TakeLe32();
  if (!data_bytes) return std::nullopt;
  if (*data_bytes > kMaxDataBytes) {
    return Fail(EBADMSG, "template data is longer than 1 MiB");
  }
  const auto data = in.Take(*data_bytes);
  if (!data) return std::nullopt;
  record.data = ToVector(*data);
  if (IsViolation(record)) return record;
  const auto expected = HashBytes(HashAlgorithm::kSha1, *data);
  if (!expected) return Fail(expected.error());
  if (!std::ranges::equal(expected->value(), *template_digest)) {
    return Fail(EBADMSG, "template digest does not match the data");
  }
  return record;
}

}  // namespace

std::string OneColumn(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out, [](char c) { return c < 0x21 || c > 0x7e; }, '_');
  return out;
}

Result<ImaRecord> MakeImaNgRecord(std::uint32_t pcr, const Digest& digest,
                                  std::string_view path) {
  ByteVector digest_field =
      ToVector(AsBytes(std::string(AlgorithmName(digest.algorithm())) + ":"));
  digest_field.push_back(std::byte{0});
  AppendBytes(digest_field, digest.value());
  ByteVector path_field =
      ToVector(AsBytes(OneColumn(path.substr(0, kMaxPathBytes))));
  path_field.push_back(std::byte{0});

  ImaRecord record;
  record.pcr = pcr;
  record.template_name = kImaNg;
  AppendField(record.data, digest_field);
  AppendField(record.data, path_field);
  const auto template_digest = HashBytes(HashAlgorithm::kSha1, record.data);
  if (!template_digest) return Fail(template_digest.error());
  record.template_digest = ToVector(template_digest->value());
  return record;
}

Result<ImaRecord> MakeViolation(std::uint32_t pcr, std::string_view path) {
  const auto zeros = Digest::FromBytes(
      HashAlgorithm::kSha256, ByteVector(DigestBytes(HashAlgorithm::kSha256)));
  if (!zeros) return Fail(zeros.error());
  auto record = MakeImaNgRecord(pcr, *zeros, path);
  if (record) record->template_digest.assign(kTemplateDigestBytes, {});
  return record;
}

void EncodeRecord(const ImaRecord& record, ByteVector& out) {
  AppendLe32(out, record.pcr);
  AppendBytes(out, record.template_digest);
  AppendField(out, AsBytes(record.template_name));
  AppendField(out, record.data);
}

Result<ImaLogStart> ParseImaLogStart(Bytes bytes) {
  ImaLogStart start;
  ByteReader in(bytes);
  while (!in.empty()) {
    auto record = TakeRecord(in);
    if (!record) {
      return Fail(std::move(record).error().WithContext(
          "record " + std::to_string(start.records.size() + 1)));
    }
    if (!*record) break;
    start.records.push_back(std::move(**record));
    start.bytes = bytes.size() - in.left();
  }
  return start;
}

Result<std::vector<ImaRecord>> ParseImaLog(Bytes bytes) {
  auto start = ParseImaLogStart(bytes);
  if (!start) return Fail(start.error());
  if (start->bytes != bytes.size()) {
    return Fail(EBADMSG, "record " + std::to_string(start->records.size() + 1) +
                             ": cut short");
  }
  return std::move(start->records);
}

std::string ToAscii(const ImaRecord& record) {
  std::string line = std::to_string(record.pcr);
  if (line.size() < 2) line.insert(0, " ");
  line += " " + ToHex(record.template_digest) + " " +
          OneColumn(record.template_name) + " ";
  const auto fields = ParseImaNg(record);
  if (!fields) return line + ToHex(record.data);
  return line + fields->digest.ToString() + " " + OneColumn(fields->path);
}

Result<ImaNgFields> ParseImaNg(const ImaRecord& record) {
  if (record.template_name != kImaNg) {
    return Fail(EBADMSG, "not an ima-ng record");
  }
  const auto bad = [](const char* what) {
    return Fail(EBADMSG, std::string("ima-ng record: bad ") + what);
  };
  ByteReader in(record.data);
  const auto digest_field = TakeField(in);
  if (!digest_field) return bad("digest field");
  const auto path_field = TakeField(in);
  if (!path_field) return bad("path field");
  if (!in.empty()) return bad("length");

  // "ALGORITHM:" NUL, then the bytes of the digest.
  const auto text = AsText(*digest_field);
  const auto end = text.find('\0');
  if (end == std::string_view::npos || end == 0 || text[end - 1] != ':') {
    return bad("algorithm");
  }
  const auto algorithm = AlgorithmFromName(text.substr(0, end - 1));
  if (!algorithm || IsVerity(*algorithm)) return bad("algorithm");
  const auto digest =
      Digest::FromBytes(*algorithm, digest_field->subspan(end + 1));
  if (!digest) return bad("digest");
  const auto path = AsText(*path_field);
  if (path.empty() || path.find('\0') != path.size() - 1) return bad("path");
  return ImaNgFields{*digest, std::string(path.substr(0, path.size() - 1))};
}

bool IsViolation(const ImaRecord& record) {
  return std::ranges::all_of(record.template_digest, [](std::byte byte) {
    return byte == std::byte{0};
  });
}

Result<Digest> EmptyPcr(HashAlgorithm bank) {
  return Digest::FromBytes(bank, ByteVector(DigestBytes(bank)));
}

Result<Digest> PcrInput(const ImaRecord& record, HashAlgorithm bank) {
  if (!IsViolation(record)) return HashBytes(bank, record.data);
  return Digest::FromBytes(bank,
                           ByteVector(DigestBytes(bank), std::byte{0xff}));
}

Result<Digest> ExtendPcr(const Digest& value, const Digest& input) {
  auto hasher = Hasher::Create(value.algorithm());
  if (!hasher) return Fail(hasher.error());
  hasher->Update(value.value());
  hasher->Update(input.value());
  return hasher->Finish();
}

Result<Digest> ReplayPcr(const std::vector<ImaRecord>& records,
                         std::uint32_t pcr, HashAlgorithm bank) {
  auto value = EmptyPcr(bank);
  for (const ImaRecord& record : records) {
    if (!value) break;
    if (record.pcr != pcr) continue;
    const auto input = PcrInput(record, bank);
    if (!input) return Fail(input.error());
    value = ExtendPcr(*value, *input);
  }
  return value;
}

}  // namespace assayfs
