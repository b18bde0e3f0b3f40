// SPDX-License-Identifier: Apache-2.0
// UseLog: what a mount was asked, as lines of JSON.
#include "app/uses/use_log.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/uses/logged_text.h"
#include "app/uses/record_text.h"
#include "assayfs/verdict.h"
#include "base/numbers.h"

namespace assayfs {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Longer than any line that is written: three paths of 4 KiB, of bytes that
// take six characters each, and the rest.
constexpr std::size_t kMaxLineBytes = 128 << 10;
constexpr Mask kAllMasks = kMayExec | kMayWrite | kMayRead | kMayAppend;
constexpr std::uint32_t kAllModes = 0177777;

constexpr std::array<std::pair<const char*, NumberFact>, kNumberCount> kNumbers{
    {{"uid", NumberFact::kUid},
     {"euid", NumberFact::kEuid},
     {"gid", NumberFact::kGid},
     {"egid", NumberFact::kEgid},
     {"fowner", NumberFact::kFowner},
     {"fgroup", NumberFact::kFgroup},
     {"fsmagic", NumberFact::kFsMagic}}};
// The path, which may have two spellings, is not among them.
constexpr std::array<std::pair<const char*, TextFact>, kTextCount - 1> kTexts{
    {{"exe", TextFact::kExe},
     {"container", TextFact::kContainer},
     {"fsname", TextFact::kFsName},
     {"fs_subtype", TextFact::kFsSubtype},
     {"fsuuid", TextFact::kFsUuid}}};

std::optional<Reason> ReasonFromName(std::string_view name) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Reason::kIoError);
       ++i) {
    if (ReasonName(static_cast<Reason>(i)) == name) {
      return static_cast<Reason>(i);
    }
  }
  return std::nullopt;
}

bool IsVerdictName(std::string_view name) {
  constexpr std::array kVerdicts = {Verdict::kAllow, Verdict::kDeny,
                                    Verdict::kUnjudged, Verdict::kError};
  return std::ranges::count(kVerdicts, name, VerdictName) != 0;
}

// The only verdict that comes with a reason.
Verdict VerdictOf(Reason reason) {
  switch (reason) {
    case Reason::kKnown:
      return Verdict::kAllow;
    case Reason::kDontAppraise:
    case Reason::kNotRegular:
      return Verdict::kUnjudged;
    case Reason::kIoError:
      return Verdict::kError;
    default:
      return Verdict::kDeny;
  }
}

std::optional<Digest> DigestFrom(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto algorithm = AlgorithmFromName(text.substr(0, colon));
  if (!algorithm) return std::nullopt;
  auto digest = Digest::FromHex(*algorithm, text.substr(colon + 1));
  return digest ? std::optional(std::move(*digest)) : std::nullopt;
}

// Reads members that may be missing, and notes if one is not as it must be.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}
  bool sound() const { return sound_; }

  std::optional<std::uint32_t> Number(const char* name, std::uint32_t most) {
    const json* member = Find(name);
    if (member == nullptr) return std::nullopt;
    const auto value = member->is_number_unsigned()
                           ? member->get<std::uint64_t>()
                           : std::uint64_t{most} + 1;
    sound_ &= value <= most;
    return static_cast<std::uint32_t>(value);
  }
  std::optional<std::string> Plain(const char* name) {
    const json* member = Find(name);
    if (member == nullptr) return std::nullopt;
    sound_ &= member->is_string();
    return member->is_string() ? member->get<std::string>() : std::string();
  }
  std::optional<std::string> Text(const char* name) {
    const auto escaped = Plain(name);
    if (!escaped) return std::nullopt;
    auto text = FromLoggedText(*escaped);
    sound_ &= text.has_value();
    return text;
  }
  std::vector<Digest> Digests(const char* name) {
    const json* member = Find(name);
    if (member == nullptr) return {};
    sound_ &= member->is_array() && member->size() <= kHashAlgorithmCount;
    std::vector<Digest> digests;
    if (!sound_) return digests;
    for (const json& one : *member) {
      auto digest = one.is_string()
                        ? DigestFrom(one.get_ref<const std::string&>())
                        : std::nullopt;
      sound_ &= digest.has_value();
      if (digest) digests.push_back(std::move(*digest));
    }
    return digests;
  }
  std::optional<bool> Flag(const char* name) {
    const json* member = Find(name);
    if (member == nullptr) return std::nullopt;
    sound_ &= member->is_boolean();
    return member->is_boolean() && member->get<bool>();
  }

 private:
  const json* Find(const char* name) const {
    const auto member = object_.find(name);
    return member == object_.end() ? nullptr : &*member;
  }

  const json& object_;
  bool sound_ = true;
};

void ReadFile(Members& members, LoggedUse& out) {
  out.digests = members.Digests("digests");
  if (const auto mode = members.Number("mode", kAllModes)) {
    out.mode = *mode;
    if (*mode != 0) out.use.set_mode(*mode);
  }
  out.use.elf = members.Flag("elf");
}

std::optional<LoggedUse> ReadRecord(std::string_view line) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  Members members(object);
  LoggedUse out;
  auto path = members.Text("path");
  if (!path || !path->starts_with('/')) return std::nullopt;
  if (members.Flag("seeming").value_or(false)) {
    out.seeming = std::move(*path);
  } else {
    out.use.text(TextFact::kPath).push_back(std::move(*path));
    if (auto more = members.Text("system_path")) {
      out.use.text(TextFact::kPath).push_back(std::move(*more));
    }
  }
  for (const auto& [name, which] : kTexts) {
    if (auto text = members.Text(name)) {
      out.use.text(which) = {std::move(*text)};
    }
  }
  constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
  for (const auto& [name, which] : kNumbers) {
    out.use.number(which) = members.Number(name, kMost);
  }
  const auto& euid = out.use.number(NumberFact::kEuid);
  out.use.uid = euid ? *euid : out.use.number(NumberFact::kUid).value_or(0);
  out.use.mask = members.Number("mask", kAllMasks).value_or(kMayRead);
  ReadFile(members, out);
  out.verdict = members.Plain("verdict").value_or("");
  out.reason = members.Plain("reason").value_or("");
  const bool known_words =
      (out.verdict.empty() || IsVerdictName(out.verdict)) &&
      (out.reason.empty() || ReasonFromName(out.reason));
  if (!members.sound() || !known_words || out.use.mask == 0) {
    return std::nullopt;
  }
  return out;
}

// Takes what is before delimiter off rest, and delimiter.
std::optional<std::string_view> TakeUntil(std::string_view delimiter,
                                          std::string_view& rest) {
  const auto end = rest.find(delimiter);
  if (end == std::string_view::npos) return std::nullopt;
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(end + delimiter.size());
  return taken;
}

// rest: "for PURPOSE by uid ".
std::optional<Mask> TakePurpose(std::string_view& rest) {
  for (const Purpose& purpose : kPurposes) {
    const std::string words = "for " + std::string(purpose.name) + " by uid ";
    if (!rest.starts_with(words)) continue;
    rest.remove_prefix(words.size());
    return purpose.mask;
  }
  return std::nullopt;
}

// rest: " PATH for PURPOSE by uid N: REASON", perhaps with " (DETAIL)".
std::optional<LoggedUse> ReadDenial(std::string_view rest) {
  if (!rest.starts_with(' ')) return std::nullopt;
  rest.remove_prefix(1);
  const auto printed = TakeUntil(" ", rest);
  if (!printed || !printed->starts_with('/')) return std::nullopt;
  const auto purpose = TakePurpose(rest);
  if (!purpose) return std::nullopt;
  const auto digits = rest.substr(0, rest.find_first_not_of("0123456789"));
  const auto uid = ParseNumber<std::uint32_t>(digits);
  rest.remove_prefix(digits.size());
  if (!uid || !rest.starts_with(": ")) return std::nullopt;
  rest.remove_prefix(2);
  const auto reason = ReasonFromName(rest.substr(0, rest.find(' ')));
  auto path = FromPrintable(*printed);
  if (!reason || !path) return std::nullopt;
  LoggedUse out;
  out.use.text(TextFact::kPath) = {std::move(*path)};
  out.use.mask = *purpose;
  out.use.uid = *uid;
  // Whose rights count; the real user is not told.
  out.use.number(NumberFact::kEuid) = *uid;
  out.verdict = VerdictName(VerdictOf(*reason));
  out.reason = ReasonName(*reason);
  if (TakeUntil(" (", rest)) {
    auto digest = DigestFrom(rest.substr(0, rest.find_first_of(";)")));
    if (digest) out.digests.push_back(std::move(*digest));
  }
  return out;
}

std::optional<LoggedUse> FindDenial(std::string_view line) {
  for (std::size_t at = 0; at < line.size(); ++at) {
    const auto rest = line.substr(at);
    for (const auto word : kRecordWords) {
      if (!rest.starts_with(word)) continue;
      if (auto found = ReadDenial(rest.substr(word.size()))) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string WriteUse(const LoggedUse& logged) {
  ordered_json out;
  const Use& use = logged.use;
  const auto& paths = use.texts[static_cast<std::size_t>(TextFact::kPath)];
  out["path"] = ToLoggedText(logged.path());
  if (paths.empty()) out["seeming"] = true;
  if (paths.size() > 1) out["system_path"] = ToLoggedText(paths[1]);
  out["mask"] = use.mask;
  for (const auto& [name, which] : kNumbers) {
    const auto& number = use.numbers[static_cast<std::size_t>(which)];
    if (number) out[name] = *number;
  }
  for (const auto& [name, which] : kTexts) {
    const auto& texts = use.texts[static_cast<std::size_t>(which)];
    if (!texts.empty()) out[name] = ToLoggedText(texts.front());
  }
  if (logged.mode != 0) out["mode"] = logged.mode;
  if (use.elf) out["elf"] = *use.elf;
  for (const Digest& digest : logged.digests) {
    out["digests"].push_back(digest.ToString());
  }
  if (!logged.verdict.empty()) out["verdict"] = logged.verdict;
  if (!logged.reason.empty()) out["reason"] = logged.reason;
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::optional<LoggedUse> ReadUse(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() > kMaxLineBytes) return std::nullopt;
  return line.starts_with('{') ? ReadRecord(line) : FindDenial(line);
}

}  // namespace assayfs
