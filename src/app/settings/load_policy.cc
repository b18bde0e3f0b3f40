// SPDX-License-Identifier: Apache-2.0
// Policies by name or from files.
#include "app/settings/load_policy.h"

#include <fcntl.h>

#include <filesystem>

#include "base/files.h"
#include "policy/built_in_policies.h"
#include "policy/parse_policy.h"

namespace assayfs {
namespace {

Result<PolicySource> ReadSource(const std::string& name_or_path,
                                std::uint32_t pcr) {
  auto built_in = FindBuiltInPolicy(name_or_path, pcr);
  if (built_in) return built_in;
  const auto bytes = ReadFileAt(AT_FDCWD, name_or_path, kMaxPolicyBytes);
  if (bytes) return PolicySource{name_or_path, std::string(AsText(*bytes))};
  if (bytes.error().code() != ENOENT) return Fail(bytes.error());
  return Fail(ENOENT, built_in.error().message() + ", and no such file");
}

}  // namespace

Result<Policy> LoadPolicy(const std::string& name_or_path, std::uint32_t pcr) {
  auto source = ReadSource(name_or_path, pcr);
  if (!source) return Fail(Error(source.error()).WithContext("policy"));
  return ParsePolicy(std::move(*source), [pcr](const std::string& from,
                                               const std::string& what) {
    if (FindBuiltInPolicy(what, pcr)) return ReadSource(what, pcr);
    const auto folder = std::filesystem::path(from).parent_path();
    return ReadSource((folder / what).string(), pcr);
  });
}

}  // namespace assayfs
