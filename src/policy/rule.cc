// SPDX-License-Identifier: Apache-2.0
// Rule: names, and what sets accept.
#include "policy/rule.h"

#include <algorithm>

#include "policy/glob.h"

namespace assayfs {
namespace {

constexpr std::array<std::string_view, kActionCount> kActionNames = {
    "measure", "dont_measure", "appraise", "dont_appraise",
    "audit",   "dont_audit",   "hash",     "dont_hash"};

constexpr std::array<std::string_view, kFuncCount> kFuncNames = {
    "FILE_CHECK",         "MMAP_CHECK",
    "BPRM_CHECK",         "CREDS_CHECK",
    "MODULE_CHECK",       "FIRMWARE_CHECK",
    "KEXEC_KERNEL_CHECK", "KEXEC_INITRAMFS_CHECK",
    "POLICY_CHECK",       "DIGEST_LIST_CHECK"};

constexpr std::array<std::pair<std::string_view, Func>, 3> kOtherNames = {{
    {"PATH_CHECK", Func::kFileCheck},
    {"FILE_MMAP", Func::kMmapCheck},
    {"MMAP_CHECK_REQPROT", Func::kMmapCheck},
}};

constexpr std::array<std::pair<std::string_view, bool Binding::*>, 5>
    kBindings = {{
        {"path", &Binding::path},
        {"mode", &Binding::mode},
        {"owner", &Binding::owner},
        {"caps", &Binding::caps},
        {"link", &Binding::link},
    }};

constexpr std::array<std::string_view, 4> kModules = {"**.ko", "**.ko.gz",
                                                      "**.ko.xz", "**.ko.zst"};
constexpr std::array<std::string_view, 1> kFirmware = {"**/lib/firmware/**"};
constexpr std::array<std::string_view, 1> kKernels = {"**/vmlinu[xz]*"};
constexpr std::array<std::string_view, 2> kInitramfs = {"**/initrd*",
                                                        "**/initramfs*"};

}  // namespace

std::string_view ActionName(Action action) {
  return kActionNames[static_cast<std::size_t>(action)];
}

std::string_view FuncName(Func func) {
  return kFuncNames[static_cast<std::size_t>(func)];
}

std::optional<Func> FuncFromName(std::string_view name) {
  const auto found = std::ranges::find(kFuncNames, name);
  if (found != kFuncNames.end()) {
    return static_cast<Func>(found - kFuncNames.begin());
  }
  const auto other = std::ranges::find(
      kOtherNames, name, &std::pair<std::string_view, Func>::first);
  if (other == kOtherNames.end()) return std::nullopt;
  return other->second;
}

std::span<const std::string_view> PathsOf(Func func) {
  switch (func) {
    case Func::kModuleCheck:
      return kModules;
    case Func::kFirmwareCheck:
      return kFirmware;
    case Func::kKexecKernelCheck:
      return kKernels;
    case Func::kKexecInitramfsCheck:
      return kInitramfs;
    default:
      return {};
  }
}

bool NumberSet::Has(std::uint32_t number) const {
  return std::ranges::any_of(ranges_, [number](const Range& range) {
    return range.first <= number && number <= range.last;
  });
}

bool TextSet::Accepts(const std::vector<std::string>& texts) const {
  const bool found = std::ranges::any_of(globs, [&texts](const auto& glob) {
    return std::ranges::any_of(texts, [&glob](const std::string& text) {
      return GlobMatches(glob, text);
    });
  });
  return found != excludes;
}

Result<Binding> ParseBinding(std::string_view text) {
  Binding binding;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto word = text.substr(0, comma);
    const auto what = std::ranges::find(
        kBindings, word, &std::pair<std::string_view, bool Binding::*>::first);
    if (what == kBindings.end()) {
      return Fail(EINVAL, "\"" + std::string(word) +
                              "\" is none of path, mode, owner, caps, link");
    }
    binding.*(what->second) = true;
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return binding;
}

void AddBinding(const Binding& more, Binding& binding) {
  for (const auto& [name, what] : kBindings) binding.*what |= more.*what;
}

bool Rule::IsFor(Func occasion, Mask mask) const {
  if (func && *func != occasion) return false;
  // A policy without a signature must not shut itself out by such a rule.
  if (!func && occasion == Func::kPolicyCheck) return false;
  // Nor is one about programs or file systems a word about lists.
  if (!func && IsOfOwn(occasion) && AskedInVain()) return false;
  if (mask_is != 0 && mask_is != mask) return false;
  if (mask_has != 0 && (mask_has & mask) == 0) return false;
  // What only writes is asked about by name.
  const bool sees_content = (mask & (kMayRead | kMayExec)) != 0;
  return sees_content || mask_is != 0 || mask_has != 0;
}

std::optional<TextFact> Rule::AskedInVain() const {
  constexpr std::array kNeverKnown = {
      TextFact::kExe, TextFact::kContainer,
      // The file system of a list is known by its number only.
      TextFact::kFsName, TextFact::kFsSubtype, TextFact::kFsUuid};
  const auto asked = std::ranges::find_if(kNeverKnown, [this](TextFact which) {
    return text_of(which).has_value();
  });
  if (asked == kNeverKnown.end()) return std::nullopt;
  return *asked;
}

bool Rule::HasConditions() const {
  const auto is_set = [](const auto& condition) {
    return condition.has_value();
  };
  return std::ranges::any_of(numbers, is_set) ||
         std::ranges::any_of(texts, is_set);
}

bool Rule::AsksAlike(const Rule& other) const {
  return numbers == other.numbers && texts == other.texts;
}

std::string PlaceOf(const Rule& rule) {
  return rule.file + ":" + std::to_string(rule.line);
}

}  // namespace assayfs
