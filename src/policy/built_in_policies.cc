// SPDX-License-Identifier: Apache-2.0
// Policies that come with the program.
#include "policy/built_in_policies.h"

#include <algorithm>
#include <array>
#include <string>

namespace assayfs {
namespace {

constexpr std::string_view kPcr = "%PCR%";

constexpr std::string_view kFiles =
    R"(# Every regular file is appraised, and lists are measured.
measure func=DIGEST_LIST_CHECK
appraise func=DIGEST_LIST_CHECK
appraise func=FILE_CHECK
appraise func=BPRM_CHECK
)";

constexpr std::string_view kExec =
    R"(# Programs and libraries are appraised, and lists are measured.
measure func=DIGEST_LIST_CHECK
appraise func=DIGEST_LIST_CHECK
appraise func=BPRM_CHECK
appraise func=MMAP_CHECK
)";

constexpr std::string_view kMeasure =
    R"(# Lists are measured, and what no list knows; nothing is denied.
measure func=DIGEST_LIST_CHECK pcr=%PCR%
measure func=FILE_CHECK digest_cache=data pcr=%PCR%
measure func=BPRM_CHECK digest_cache=data pcr=%PCR%
)";

// The next three are those of Linux, security/integrity/ima/ima_policy.c, by
// the names that its option ima_policy= has for them.
constexpr std::string_view kTcb =
    R"(# What runs, and what root reads, is measured file by file.
# procfs, sysfs, debugfs, tmpfs, devpts, binfmt_misc, securityfs
dont_measure fsmagic=0x9fa0
dont_measure fsmagic=0x62656572
dont_measure fsmagic=0x64626720
dont_measure func=FILE_CHECK fsmagic=0x01021994
dont_measure fsmagic=0x1cd1
dont_measure fsmagic=0x42494e4d
dont_measure fsmagic=0x73636673
# selinuxfs, smackfs, cgroup, cgroup2, nsfs, efivarfs
dont_measure fsmagic=0xf97cff8c
dont_measure fsmagic=0x43415d53
dont_measure fsmagic=0x27e0eb
dont_measure fsmagic=0x63677270
dont_measure fsmagic=0x6e736673
dont_measure fsmagic=0xde5e81e4
measure func=MMAP_CHECK mask=MAY_EXEC
measure func=BPRM_CHECK mask=MAY_EXEC
measure func=FILE_CHECK mask=^MAY_READ euid=0
measure func=FILE_CHECK mask=^MAY_READ uid=0
measure func=MODULE_CHECK
measure func=FIRMWARE_CHECK
measure func=POLICY_CHECK
)";

constexpr std::string_view kAppraiseTcb =
    R"(# Every file that root owns is appraised, lists among them.
# Linux asks for signed policies, too: appraise func=POLICY_CHECK
# procfs, sysfs, debugfs, tmpfs, ramfs, devpts, binfmt_misc, securityfs
dont_appraise fsmagic=0x9fa0
dont_appraise fsmagic=0x62656572
dont_appraise fsmagic=0x64626720
dont_appraise fsmagic=0x01021994
dont_appraise fsmagic=0x858458f6
dont_appraise fsmagic=0x1cd1
dont_appraise fsmagic=0x42494e4d
dont_appraise fsmagic=0x73636673
# selinuxfs, smackfs, nsfs, efivarfs, cgroup, cgroup2
dont_appraise fsmagic=0xf97cff8c
dont_appraise fsmagic=0x43415d53
dont_appraise fsmagic=0x6e736673
dont_appraise fsmagic=0xde5e81e4
dont_appraise fsmagic=0x27e0eb
dont_appraise fsmagic=0x63677270
appraise fowner=0
)";

constexpr std::string_view kSecureBoot =
    R"(# What the kernel loads is appraised, and policies must be signed.
appraise func=MODULE_CHECK appraise_type=imasig
appraise func=FIRMWARE_CHECK appraise_type=imasig
appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig
appraise func=POLICY_CHECK appraise_type=imasig
# Linux has no lists; without this line none would count here.
appraise func=DIGEST_LIST_CHECK
)";

constexpr std::array<BuiltInPolicy, 6> kPolicies = {{
    {"files", kFiles},
    {"exec", kExec},
    {"measure", kMeasure},
    {"tcb", kTcb},
    {"appraise_tcb", kAppraiseTcb},
    {"secure_boot", kSecureBoot},
}};

}  // namespace

std::span<const BuiltInPolicy> BuiltInPolicies() { return kPolicies; }

Result<PolicySource> FindBuiltInPolicy(std::string_view name,
                                       std::uint32_t pcr) {
  const auto found = std::ranges::find(kPolicies, name, &BuiltInPolicy::name);
  if (found == kPolicies.end()) {
    std::string names;
    for (const BuiltInPolicy& policy : kPolicies) {
      names += (names.empty() ? "" : ", ") + std::string(policy.name);
    }
    return Fail(ENOENT, "no built-in policy \"" + std::string(name) + "\" (" +
                            names + ")");
  }
  PolicySource source{std::string(name), std::string(found->text)};
  for (std::size_t at = 0;
       (at = source.text.find(kPcr, at)) != std::string::npos;) {
    source.text.replace(at, kPcr.size(), std::to_string(pcr));
  }
  return source;
}

}  // namespace assayfs
