// SPDX-License-Identifier: Apache-2.0
// The words of a rule that say on which occasion it is.
#include "policy/parse_occasion.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "policy/near_word.h"
#include "policy/parse_values.h"

namespace assayfs {
namespace {

std::vector<std::string_view> AllFuncs() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kFuncCount; ++i) {
    names.push_back(FuncName(static_cast<Func>(i)));
  }
  return names;
}

}  // namespace

Result<std::string> ParseFunc(std::string_view value, Rule& rule) {
  struct Unseen {
    std::string_view name, why;
  };
  constexpr std::array<Unseen, 4> kUnseen = {{
      {"KEXEC_CMDLINE", "is of the kernel's memory, not of a file"},
      {"KEY_CHECK", "is of the kernel's keyrings, which no file system sees"},
      {"CRITICAL_DATA", "is of the kernel's memory, not of a file"},
      {"SETXATTR_CHECK", "is of security.ima, which decides nothing here"},
  }};
  const auto unseen = std::ranges::find(kUnseen, value, &Unseen::name);
  if (unseen != kUnseen.end()) {
    return Fail(EOPNOTSUPP, std::string(value) + " " +
                                std::string(unseen->why) +
                                "; leave this rule out");
  }
  rule.func = FuncFromName(value);
  if (!rule.func) {
    return Fail(EINVAL, Quoted(value) + " is not known" +
                            WriteInstead(value, AllFuncs()));
  }
  if (rule.func == Func::kMmapCheck) {
    return "mappings are not seen: ELF files that are opened for reading or "
           "execution stand for what is mapped for execution";
  }
  const auto paths = PathsOf(*rule.func);
  if (paths.empty()) return std::string();
  std::string names;
  for (const auto path : paths)
    names += (names.empty() ? "" : ", ") + std::string(path);
  return "what the kernel reads is not seen: opening a file for reading stands "
         "for it, with a path like " +
         names + "; under another name it is not asked for";
}

Result<std::string> ParseMask(std::string_view value, Rule& rule) {
  constexpr std::array<std::pair<std::string_view, Mask>, 4> kMasks = {{
      {"MAY_EXEC", kMayExec},
      {"MAY_WRITE", kMayWrite},
      {"MAY_READ", kMayRead},
      {"MAY_APPEND", kMayAppend},
  }};
  const bool has = value.starts_with('^');
  const auto name = value.substr(has ? 1 : 0);
  const auto mask = std::ranges::find(
      kMasks, name, &std::pair<std::string_view, Mask>::first);
  if (mask == kMasks.end()) {
    std::array<std::string_view, kMasks.size()> names;
    std::ranges::transform(kMasks, names.begin(),
                           &std::pair<std::string_view, Mask>::first);
    return Fail(EINVAL,
                Quoted(value) + " is not known" + WriteInstead(name, names));
  }
  (has ? rule.mask_has : rule.mask_is) = mask->second;
  return std::string();
}

}  // namespace assayfs
