// SPDX-License-Identifier: Apache-2.0
// Options: the words of a rule that say what must be so, or what follows.
#include "policy/parse_option.h"

#include <algorithm>
#include <array>

#include "base/numbers.h"
#include "policy/near_word.h"

namespace assayfs {

using Outcome = Result<std::string>;

namespace {

// Returns what to write instead of what is no algorithm; empty if nothing is
// near.
std::string NearAlgorithm(std::string_view value) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kHashAlgorithmCount; ++i) {
    names.push_back(AlgorithmName(static_cast<HashAlgorithm>(i)));
  }
  const auto near = NearWord(value, names);
  return near.empty() ? "" : "; write " + std::string(near);
}

}  // namespace

Outcome ParseDigestType(std::string_view value, Rule& rule) {
  if (value != "verity") {
    return Fail(EINVAL, Quoted(value) + " is not known; write verity");
  }
  rule.terms.verity_only = true;
  return std::string();
}

Outcome ParseDigestCache(std::string_view value, Rule& rule) {
  // The word of earlier versions of the patches.
  if (value != "data" && value != "content") {
    return Fail(EINVAL, Quoted(value) + " is not known; write data");
  }
  rule.terms.digest_cache = true;
  return std::string();
}

Outcome ParseAlgorithms(std::string_view values, const NamedSets& sets,
                        Rule& rule) {
  const auto add = [&rule](std::string_view value) -> Result<void> {
    const auto algorithm = AlgorithmFromName(value);
    if (!algorithm) {
      return Fail(EINVAL, Quoted(value) + " is no algorithm of digests" +
                              NearAlgorithm(value));
    }
    rule.terms.algorithms.push_back(*algorithm);
    return {};
  };
  auto read = ForEachValue(values, sets, add);
  if (!read) return Fail(read.error());
  return std::string();
}

Outcome ParsePcr(std::string_view value, Rule& rule) {
  const auto pcr = ParseNumber<std::uint32_t>(value);
  if (!pcr || !CanBeExtended(*pcr)) {
    return Fail(EINVAL, Quoted(value) + " cannot be extended: " + kPcrRange);
  }
  rule.terms.pcr = *pcr;
  return std::string();
}

Outcome ParseTemplate(std::string_view value) {
  constexpr std::array<std::string_view, 7> kTemplates = {
      "ima",       "ima-ng",     "ima-ngv2", "ima-sig",
      "ima-sigv2", "ima-modsig", "evm-sig"};
  if (std::ranges::find(kTemplates, value) == kTemplates.end()) {
    return Fail(EINVAL, Quoted(value) + " is not a template for files" +
                            WriteInstead(value, kTemplates));
  }
  if (value == "ima-ng") return std::string();
  return "records have the template ima-ng: digest and path, no signature";
}

Outcome ParseAppraiseType(std::string_view value) {
  constexpr std::array<std::string_view, 3> kTypes = {"imasig", "imasig|modsig",
                                                      "sigv3"};
  if (std::ranges::find(kTypes, value) == kTypes.end()) {
    return Fail(EINVAL,
                Quoted(value) + " is not known" + WriteInstead(value, kTypes));
  }
  return "the signature is that of the list that knows the file, of a policy "
         "its own; security.ima is not read";
}

Outcome ParseFlag(std::string_view value) {
  if (value != "check_blacklist") {
    return Fail(EINVAL, Quoted(value) + " is not known; write check_blacklist");
  }
  return std::string();  // revocations always count
}

Outcome ParseBind(std::string_view values, const NamedSets& sets, Rule& rule) {
  const auto add = [&rule](std::string_view value) -> Result<void> {
    const auto binding = ParseBinding(value);
    if (!binding) return Fail(binding.error());
    AddBinding(*binding, rule.terms.bind);
    return {};
  };
  auto read = ForEachValue(values, sets, add);
  if (!read) return Fail(read.error());
  return std::string();
}

}  // namespace assayfs
