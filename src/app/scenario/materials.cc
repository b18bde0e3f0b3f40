// SPDX-License-Identifier: Apache-2.0
// What scenarios are made of: keys, lists and policies, as bytes.
#include "app/scenario/materials.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "appraise/file_systems.h"
#include "base/unique_fd.h"
#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "lists/write_rpm_header.h"
#include "policy/built_in_policies.h"
#include "trust/pkcs7_signer.h"
#include "trust/revocations.h"

namespace assayfs {
namespace {

// One file of a list, before it is hashed.
struct Listed {
  std::string path;
  const std::string& content;
  const TreeEntry* entry;  // null if it is not in the tree
};

std::vector<Listed> FilesOf(const Scenario& scenario,
                            const ScenarioList& list) {
  std::vector<Listed> files;
  for (const std::string& path : list.files) {
    const auto entry = scenario.tree.find(path);
    if (entry == scenario.tree.end()) continue;  // refused by the parser
    files.push_back({path, entry->second.content, &entry->second});
  }
  for (const auto& [path, content] : list.contents) {
    files.push_back({path, content, nullptr});
  }
  return files;
}

// Numbers stand for themselves as names: a tree has no accounts but root.
std::string NameOf(unsigned id) {
  return id == 0 ? "root" : std::to_string(id);
}

Result<ByteVector> MakeTlv(const std::vector<Listed>& files,
                           HashAlgorithm algorithm) {
  std::vector<ListedFile> listed;
  for (const Listed& file : files) {
    const auto digest = HashBytes(algorithm, AsBytes(file.content));
    if (!digest) return Fail(digest.error());
    listed.push_back({*digest, file.path, {}});
  }
  return WriteTlv(listed);
}

Result<ByteVector> MakeHeader(const std::vector<Listed>& files,
                              const ScenarioList& list) {
  constexpr std::uint32_t kEverything = ~0U;
  RpmPackageFiles package;
  package.name = list.package;
  package.version = list.version;
  for (const Listed& file : files) {
    RpmFileMetadata out;
    out.path = file.path;
    out.verify_flags = kEverything;
    const TreeEntry entry = file.entry == nullptr ? TreeEntry{} : *file.entry;
    out.user = NameOf(entry.owner);
    out.group = NameOf(entry.group);
    const bool link = entry.kind == TreeEntry::Kind::kLink;
    out.mode =
        static_cast<std::uint16_t>(entry.mode | (link ? S_IFLNK : S_IFREG));
    if (link) {
      out.link_target = entry.content;
    } else {
      const auto digest = HashBytes(list.algorithm, AsBytes(file.content));
      if (!digest) return Fail(digest.error());
      out.digest = *digest;
      out.size_bytes = file.content.size();
    }
    package.files.push_back(std::move(out));
  }
  return WriteRpmHeader(package);
}

}  // namespace

Result<MadeKey> TestKeys::Get(const std::string& name) {
  if (const auto known = keys_.find(name); known != keys_.end()) {
    return known->second;
  }
  auto made = MakePkcs7Key(folder_, name);
  if (!made) return Fail(Error(made.error()).WithContext("key " + name));
  return keys_.emplace(name, std::move(*made)).first->second;
}

const ScenarioList* Materials::FindList(const std::string& name) const {
  for (const auto* lists : {&scenario_.lists, &scenario_.more_lists}) {
    const auto found = lists->find(name);
    if (found != lists->end()) return &found->second;
  }
  return nullptr;
}

Result<Materials::File> Materials::List(const std::string& name) {
  const ScenarioList* const list = FindList(name);
  if (list == nullptr) return Fail(ENOENT, "list " + name);
  const auto files = FilesOf(scenario_, *list);
  auto payload = list->package.empty() ? MakeTlv(files, list->algorithm)
                                       : MakeHeader(files, *list);
  if (!payload) return Fail(Error(payload.error()).WithContext("list " + name));
  auto bytes = Sign(*payload, list->signer);
  if (!bytes) return Fail(bytes.error());
  return File{(list->package.empty() ? "tlv-" : "rpm-") + name,
              std::move(*bytes)};
}

bool Materials::KeepsBuiltIn() const {
  return scenario_.policy_signer.empty() &&
         FindBuiltInPolicy(scenario_.policy, scenario_.pcr) &&
         std::ranges::none_of(scenario_.steps, [](const Step& step) {
           return step.action == Step::Action::kReload && !step.text.empty();
         });
}

std::string Materials::Rules(const std::string& policy,
                             const std::string& signer) const {
  const bool is_name =
      signer.empty() && FindBuiltInPolicy(policy, scenario_.pcr);
  return is_name ? "include " + policy + "\n" : policy;
}

Result<ByteVector> Materials::Policy(const std::string& text,
                                     const std::string& signer) {
  const auto expanded = Expand(text);
  if (!expanded) return Fail(expanded.error());
  return Sign(AsBytes(*expanded), signer);
}

Result<ByteVector> Materials::Sign(Bytes payload, const std::string& signer) {
  if (signer.empty()) return ToVector(payload);
  const auto key = keys_.Get(signer);
  if (!key) return Fail(key.error());
  const auto with = Pkcs7Signer::Load(key->key_path, key->certificate_path);
  if (!with) return Fail(with.error());
  const auto signature = with->Sign(payload);
  if (!signature) return Fail(signature.error());
  return AppendSignature(payload, SignatureFormat::kPkcs7, *signature);
}

Result<std::string> Materials::ValueOf(const std::string& word) {
  if (word.empty()) return std::string("%");
  constexpr std::string_view kKey = "KEY ";
  if (word.starts_with(kKey)) {
    const auto key = keys_.Get(word.substr(kKey.size()));
    if (!key) return Fail(key.error());
    return key->fingerprint;
  }
  if (word.starts_with('/')) {
    const auto entry = scenario_.tree.find(word);
    if (entry == scenario_.tree.end()) return Fail(EINVAL, "no file " + word);
    const auto digest =
        HashBytes(HashAlgorithm::kSha256, AsBytes(entry->second.content));
    if (!digest) return Fail(digest.error());
    return digest->ToString();
  }
  const UniqueFd fd(
      ::open(keys_.folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(keys_.folder()));
  const auto system = FileSystems().Of(fd.get());
  if (!system) return Fail(system.error());
  if (word == "FSMAGIC") {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%x", system->magic);
    return std::string(text.data());
  }
  if (word != "FSNAME" && word != "FSUUID") {
    return Fail(EINVAL, "\"%" + word + "%\" stands for nothing");
  }
  const auto& value = word == "FSNAME" ? system->name : system->uuid;
  if (value) return *value;
  return Fail(kNotOnThisMachine, "the file system here has no %" + word + "%");
}

Result<std::string> Materials::Expand(const std::string& text) {
  std::string expanded;
  std::size_t at = 0;
  while (true) {
    const auto begin = text.find('%', at);
    expanded += text.substr(at, begin - at);
    if (begin == std::string::npos) return expanded;
    const auto end = text.find('%', begin + 1);
    if (end == std::string::npos) {
      return Fail(EINVAL, "a \"%\" without another: " + text.substr(begin));
    }
    const auto value = ValueOf(text.substr(begin + 1, end - begin - 1));
    if (!value) return Fail(value.error());
    expanded += *value;
    at = end + 1;
  }
}

Result<std::string> Materials::Revocation(const std::string& line) {
  auto text = Expand(line);
  if (!text) return text;
  Revocations revocations;
  revocations.Add("scenario", *text);
  if (revocations.problems().empty()) return text;
  return Fail(EINVAL, revocations.problems().front());
}

}  // namespace assayfs
