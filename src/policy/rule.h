// SPDX-License-Identifier: Apache-2.0
// Rule: one line of a policy, in the words of Linux IMA.
//
// Source of the language: Documentation/ABI/testing/ima_policy in Linux. What
// it has that a FUSE server cannot tell, and what is added to it here, is in
// assayfs-policy(5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"

namespace assayfs {

// Says whether a PCR is one to extend: not everyone can reset it, as they can
// 16 and 23. Source: TCG PC Client Platform TPM Profile, PCR attributes.
constexpr bool CanBeExtended(std::uint32_t pcr) {
  return pcr <= 22 && pcr != 16;
}
inline constexpr char kPcrRange[] =
    "a number from 0 to 22, but not 16; anyone can reset 16 and 23";

// Each kind of action comes with the one that excepts from it behind it.
enum class Action : std::uint8_t {
  kMeasure,
  kDontMeasure,
  kAppraise,
  kDontAppraise,
  kAudit,
  kDontAudit,
  kHash,
  kDontHash,
};
inline constexpr std::size_t kActionCount = 8;
// Rules of one kind are in force by the first of them that matches.
enum class ActionClass : std::uint8_t { kMeasure, kAppraise, kAudit, kHash };
inline constexpr std::size_t kActionClassCount = 4;

std::string_view ActionName(Action action);
constexpr ActionClass ClassOf(Action action) {
  return static_cast<ActionClass>(static_cast<std::size_t>(action) / 2);
}
// Says whether the action is not one that excepts.
constexpr bool Demands(Action action) {
  return static_cast<std::size_t>(action) % 2 == 0;
}

// The occasion that a rule speaks of.
enum class Func : std::uint8_t {
  kFileCheck,
  kMmapCheck,
  kBprmCheck,
  kCredsCheck,
  kModuleCheck,
  kFirmwareCheck,
  kKexecKernelCheck,
  kKexecInitramfsCheck,
  kPolicyCheck,
  kDigestListCheck,
};
inline constexpr std::size_t kFuncCount = 10;

std::string_view FuncName(Func func);
// Also under the older names that Linux reads. Nothing for another name.
std::optional<Func> FuncFromName(std::string_view name);

// The files that stand for those that the kernel reads on such an occasion,
// which is not seen, as patterns of their paths; none for occasions that are.
std::span<const std::string_view> PathsOf(Func func);
// The occasions that have some.
inline constexpr std::array kKernelReads = {
    Func::kModuleCheck, Func::kFirmwareCheck, Func::kKexecKernelCheck,
    Func::kKexecInitramfsCheck};

// Says whether the occasion is that this program reads something for itself: a
// list or a policy.
constexpr bool IsOfOwn(Func func) {
  return func == Func::kPolicyCheck || func == Func::kDigestListCheck;
}

// What a file is used for: bits, with the values that the kernel gives them.
using Mask = unsigned;
inline constexpr Mask kMayExec = 1;
inline constexpr Mask kMayWrite = 2;
inline constexpr Mask kMayRead = 4;
inline constexpr Mask kMayAppend = 8;
inline constexpr std::size_t kMaskCount = 16;

// What a rule may ask by number, and by text.
enum class NumberFact : std::uint8_t {
  kUid,
  kEuid,
  kGid,
  kEgid,
  kFowner,
  kFgroup,
  kFsMagic,
};
inline constexpr std::size_t kNumberCount = 7;
enum class TextFact : std::uint8_t {
  kPath,
  kExe,
  kContainer,
  kFsName,
  kFsSubtype,
  kFsUuid,
};
inline constexpr std::size_t kTextCount = 6;

// Numbers that a condition accepts.
class NumberSet {
 public:
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const Range&) const = default;
  };
  // Adds those from first to last.
  void Add(Range range) { ranges_.push_back(range); }
  bool Has(std::uint32_t number) const;
  const std::vector<Range>& ranges() const { return ranges_; }
  bool operator==(const NumberSet&) const = default;

 private:
  std::vector<Range> ranges_;
};

// Texts that a condition accepts: those that one of globs matches, or none.
struct TextSet {
  bool excludes = false;
  std::vector<std::string> globs;

  // texts: spellings of one thing.
  bool Accepts(const std::vector<std::string>& texts) const;
  bool operator==(const TextSet&) const = default;
};

// What of a file, beside its content, must be as a list has it.
struct Binding {
  bool path = false;
  bool mode = false;   // permission bits, those for set-user-ID among them
  bool owner = false;  // user and group
  bool caps = false;   // capabilities
  bool link = false;   // where symbolic links lead

  bool operator==(const Binding&) const = default;
  // Says whether lists must be asked for more than digests and paths.
  bool attributes() const { return mode || owner || caps || link; }
  bool any() const { return path || attributes(); }
};

// Reads words with "," between them: path, mode, owner, caps, link.
// Errors: EINVAL, naming the one that is none of them.
Result<Binding> ParseBinding(std::string_view text);
void AddBinding(const Binding& more, Binding& binding);

// What must be so for a file to count as known under a rule.
struct Terms {
  Binding bind;
  bool verity_only = false;  // only digests of fs-verity count
  // Digests in these count; empty: in all.
  std::vector<HashAlgorithm> algorithms;
  // Lists like these count. signer: of the fingerprints of its keys.
  std::optional<TextSet> list;
  std::optional<TextSet> package;  // the name, without version
  std::optional<TextSet> signer;
  // For rules that measure: a measured list stands for its files.
  bool digest_cache = false;
  std::optional<std::uint32_t> pcr;  // nothing: that of the mount

  bool operator==(const Terms&) const = default;
};

struct Rule {
  Action action = Action::kAppraise;
  std::optional<Func> func;  // nothing: see IsFor
  // mask=: exactly these; mask=^: one of these. 0: whatever it is.
  Mask mask_is = 0;
  Mask mask_has = 0;
  std::array<std::optional<NumberSet>, kNumberCount> numbers;
  std::array<std::optional<TextSet>, kTextCount> texts;
  Terms terms;

  std::string file;   // the name of the policy that the line is in
  unsigned line = 0;  // from 1
  std::string text;   // the line, for people

  const std::optional<NumberSet>& number(NumberFact which) const {
    return numbers[static_cast<std::size_t>(which)];
  }
  const std::optional<TextSet>& text_of(TextFact which) const {
    return texts[static_cast<std::size_t>(which)];
  }
  // Says whether the rule is for this occasion. Without func= it is for all but
  // the loading of policies, and of lists if it asks something in vain; without
  // mask= for all but opens that only write.
  bool IsFor(Func occasion, Mask mask) const;
  // Says whether it is for uses of files, maybe for others, too.
  bool IsOfFiles() const { return !func || !IsOfOwn(*func); }
  // Returns what it asks of a list or a policy, if it is for them, although
  // that is never known: a program opens a file, but lists are read by nobody
  // but us. Nothing if there is no such thing.
  std::optional<TextFact> AskedInVain() const;
  // Says whether it asks anything of the use but occasion and mask.
  bool HasConditions() const;
  // Says whether rules ask for the same things, whatever they then demand.
  bool AsksAlike(const Rule& other) const;
};

// Returns "FILE:LINE".
std::string PlaceOf(const Rule& rule);

}  // namespace assayfs
