// SPDX-License-Identifier: Apache-2.0
// A policy file in the place of a scenario's own rules.
#include "app/scenario/policy_from_file.h"

#include <fcntl.h>

#include <filesystem>
#include <set>
#include <utility>

#include "app/scenario/format/toml_reader.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/unique_fd.h"
#include "lists/appended_signature.h"
#include "policy/built_in_policies.h"
#include "policy/parse_policy.h"

namespace assayfs {
namespace {

using std::filesystem::path;

Result<UniqueFd> OpenFolder(const std::string& folder) {
  const std::string name = folder.empty() ? "." : folder;
  UniqueFd fd(::open(name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(name));
  return fd;
}

Result<ByteVector> ReadBelow(int folder_fd, const std::string& name) {
  const auto fd =
      OpenInRoot(folder_fd, name, O_RDONLY | O_NONBLOCK, Links::kRefuse);
  if (!fd) return Fail(fd.error());
  return ReadWholeFile(fd->get(), kMaxPolicyBytes);
}

// The text as Materials::Expand gives it back.
std::string Unexpanded(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    escaped += character;
    if (character == '%') escaped += '%';
  }
  if (!escaped.ends_with('\n')) escaped += '\n';
  return escaped;
}

// Takes files of one folder.
class Taker {
 public:
  // folder: of the files, for messages; folder_fd: borrowed.
  Taker(std::string folder, int folder_fd, Scenario& scenario)
      : folder_(std::move(folder)),
        folder_fd_(folder_fd),
        scenario_(scenario) {}

  // name: of the file that bytes are of.
  Result<void> TakeMain(const std::string& name, Bytes bytes) {
    return Take(kScenarioPolicy, name, bytes, scenario_.policy);
  }

 private:
  Result<void> Take(const std::string& as, const std::string& name, Bytes bytes,
                    std::string& out) {
    const std::string file = path(folder_) / name;
    const auto split = SplitSignature(bytes);
    if (!split) return Fail(Error(split.error()).WithContext(file));
    const std::string text(AsText(split->payload));
    out = Unexpanded(text);
    scenario_.rules[as] = {.file = file, .line = 1, .spread = true};
    for (const std::string& include : IncludedNames(text)) {
      if (FindBuiltInPolicy(include, scenario_.pcr)) continue;
      if (!taken_.insert(include).second) continue;
      if (auto taken = TakeInclude(file, include); !taken) return taken;
    }
    return {};
  }

  Result<void> TakeInclude(const std::string& from, const std::string& name) {
    if (!IsTomlName(name) || name == kScenarioPolicy) {
      return Fail(EINVAL, from + ": in scenarios, \"" + name +
                              "\" cannot be included: it must be the name of "
                              "a file beside it other than \"" +
                              kScenarioPolicy + "\"");
    }
    const auto bytes = ReadBelow(folder_fd_, name);
    if (!bytes) return Fail(Error(bytes.error()).WithContext(from));
    return Take(name, name, *bytes, scenario_.includes[name]);
  }

  const std::string folder_;
  const int folder_fd_;
  Scenario& scenario_;
  std::set<std::string> taken_;
};

}  // namespace

Result<void> TakePolicyBelow(const std::string& folder, const std::string& name,
                             Scenario& scenario) {
  const auto root = OpenFolder(folder);
  if (!root) return Fail(root.error());
  const auto bytes = ReadBelow(root->get(), name);
  if (!bytes) return Fail(bytes.error());
  const path inner = path(name).parent_path();
  const auto beside =
      OpenInRoot(root->get(), inner.empty() ? "/" : inner.string(),
                 O_PATH | O_DIRECTORY, Links::kRefuse);
  if (!beside) return Fail(beside.error());
  return Taker(path(folder) / inner, beside->get(), scenario)
      .TakeMain(path(name).filename(), *bytes);
}

Result<void> TakePolicy(const std::string& name_or_path, Scenario& scenario) {
  if (FindBuiltInPolicy(name_or_path, scenario.pcr)) {
    scenario.policy = name_or_path;
    return {};
  }
  const auto bytes = ReadFileAt(AT_FDCWD, name_or_path, kMaxPolicyBytes);
  if (!bytes) return Fail(bytes.error());
  const std::string folder = path(name_or_path).parent_path();
  const auto beside = OpenFolder(folder);
  if (!beside) return Fail(beside.error());
  return Taker(folder, beside->get(), scenario)
      .TakeMain(path(name_or_path).filename(), *bytes);
}

}  // namespace assayfs
