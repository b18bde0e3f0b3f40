// SPDX-License-Identifier: Apache-2.0
// Policy: which uses of which files are judged, in the words of Linux IMA.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

enum class Action { kAppraise, kDontAppraise, kMeasure, kDontMeasure };

// The hook a rule speaks of. kMmapCheck stands for opening an ELF file for
// reading: a FUSE server does not see executable mappings, and libraries are
// opened like data.
enum class Func { kFileCheck, kBprmCheck, kMmapCheck };

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

struct Rule {
  Action action = Action::kAppraise;
  std::optional<Func> func;  // nothing: every hook
  std::optional<uid_t> uid;  // nothing: every user
  // Content is known only in a file that is like this.
  Binding bind;
  // Only fs-verity digests in lists count.
  bool verity_only = false;
  unsigned line = 0;  // in the policy text, from 1
  std::string text;   // the line, for people
};

struct Policy {
  std::string name;
  std::string text;  // as given; its SHA-256 identifies the policy
  std::vector<Rule> rules;
};

// Parses rules, one a line; "#" starts a comment:
//   (appraise|dont_appraise|measure|dont_measure) [func=F] [uid=N]
//       [digest_type=T] [bind=B]
//   F = FILE_CHECK | BPRM_CHECK | MMAP_CHECK
//   T = verity; for appraise and measure only
//   B = as ParseBinding; for appraise only, and not one of IMA's conditions
// Errors: EINVAL with "NAME:LINE: ..." for anything else; the whole text is
// refused then. Threads: pure function.
Result<Policy> ParsePolicy(std::string name, std::string text);

// Returns the built-in policy of that name: "files" (every use of a regular
// file is appraised), "exec" (programs and ELF files are), "measure" (every
// use of a file that no list knows is measured, none denied).
// Errors: ENOENT for another name.
Result<Policy> BuiltInPolicy(std::string_view name);

// Who wants to use a file, and how.
struct Use {
  enum class Purpose { kRead, kExec };
  Purpose purpose = Purpose::kRead;
  uid_t uid = 0;
  bool elf = false;  // the file starts with the ELF magic
};

// The rules that apply to a use; null where none does or a dont_ rule does.
// They point into the policy.
struct Demand {
  const Rule* appraise = nullptr;
  const Rule* measure = nullptr;

  // The one that the answer depends on; null if there is none.
  const Rule* rule() const { return appraise != nullptr ? appraise : measure; }
};

// First match for each kind of action, as in IMA. Threads: pure function.
Demand Match(const Policy& policy, const Use& use);

// Says whether the answer for one and the same file may depend on who opens it
// or whether it is executed.
bool DependsOnOpen(const Policy& policy);

// Returns policy with this binding in every rule that appraises, beside its
// own.
Policy Bind(Policy policy, const Binding& binding);

// What some rule binds.
Binding BindingOf(const Policy& policy);

// Says whether some rule for reading binds links: others bind none.
bool BindsLinks(const Policy& policy);

// Says whether any rule needs Use::elf, so that callers need not read it.
bool NeedsElf(const Policy& policy);

}  // namespace assayfs
