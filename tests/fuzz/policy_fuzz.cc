// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParsePolicy and Match with policies of words that are nearly right,
// some of which include more of the same. What Needs, DependsOnOpen and
// AppraisedReads promise must hold for every use. What is wrong, and what lint
// finds, is told of each.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "instructions.h"
#include "policy/check_policy.h"
#include "policy/match.h"
#include "policy/parse_policy.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

constexpr std::array<std::string_view, 95> kWords = {
    "appraise",
    "dont_appraise",
    "measure",
    "dont_measure",
    "func=FILE_CHECK",
    "func=BPRM_CHECK",
    "uid=0",
    "func=MMAP_CHECK",
    "uid=1",
    "uid=4294967295",
    "uid=",
    "uid=-1",
    "\n",
    "\n",
    "\n",
    "#",
    "\t",
    "func=",
    "=",
    "mask=MAY_EXEC",
    "digest_type=verity",
    "bind=path",
    "bind=mode,owner,caps,link",
    "\n",
    "\n",
    "\n",
    "\nappraise",
    "\ndont_appraise",
    "\nmeasure",
    "\ndont_measure",
    "\naudit",
    "\ndont_audit",
    "\nhash",
    "\ndont_hash",
    "\nset a 1,2-5",
    "\nset b @a,1000",
    "\nset p /usr/**,**/a",
    "\nset",
    "\ninclude x",
    "\ninclude x y",
    "\nversion 1",
    "\nversion",
    "func=CREDS_CHECK",
    "func=MODULE_CHECK",
    "func=FIRMWARE_CHECK",
    "func=KEXEC_KERNEL_CHECK",
    "func=KEXEC_INITRAMFS_CHECK",
    "func=POLICY_CHECK",
    "func=DIGEST_LIST_CHECK",
    "func=PATH_CHECK",
    "func=MMAP_CHECK_REQPROT",
    "func=KEY_CHECK",
    "mask=MAY_READ",
    "mask=MAY_WRITE",
    "mask=^MAY_READ",
    "mask=^MAY_EXEC",
    "mask=^MAY_APPEND",
    "fsmagic=0x9fa0,ef53-ef55",
    "fsname=ext?",
    "fs_subtype=sshfs",
    "fsuuid=28B2*",
    "uid<1000",
    "uid>0",
    "euid=0",
    "euid=1000-1999",
    "gid=@a",
    "egid>4294967294",
    "fowner=0",
    "fgroup=@b",
    "path=/usr/**",
    "path!=/a/*,/a?[b-d]",
    "path=@p",
    "path=**.ko,/a\\*",
    "path=/a",
    "exe=/bin/*",
    "exe!=**",
    "container=web*",
    "container!=?*",
    "list=a*",
    "package!=b",
    "signer=AB*",
    "bind=caps",
    "digest_cache=data",
    "digest_cache=data pcr=11",
    "appraise_type=imasig",
    "appraise_type=imasig|modsig",
    "appraise_flag=check_blacklist",
    "appraise_algos=sha256,sha512",
    "pcr=11",
    "pcr=16",
    "template=ima-ng",
    "template=ima-sig",
    "permit_directio",
    "obj_type=a",
    "path=/[",
};

// See AsPolicyChoices in make_seeds.cc, which is the way back.
std::string ChooseText(Instructions& choose) {
  std::string text;
  const std::uint32_t words = choose.Below(64);
  for (std::uint32_t i = 0; i < words; ++i) {
    const std::uint32_t choice = choose.Below(kWords.size() + 1);
    text += choice == 0 ? choose.Text(15) : std::string(kWords[choice - 1]);
    if (!choose.Rarely(4)) text += ' ';
  }
  return text;
}

std::optional<std::uint32_t> ChooseNumber(Instructions& choose) {
  constexpr std::array<std::uint32_t, 8> kNumbers = {
      0, 1, 5, 1000, 0x9fa0, 0xef53, 4294967294, 4294967295};
  const std::uint32_t choice = choose.Below(kNumbers.size() + 1);
  if (choice == kNumbers.size()) return std::nullopt;
  return kNumbers[choice];
}

std::vector<std::string> ChooseTexts(Instructions& choose) {
  constexpr std::array<std::string_view, 10> kTexts = {
      "",        "/a",  "/usr/bin/a", "/lib/a.ko", "/boot/vmlinuz",
      "/bin/sh", "web", "ext4",       "sshfs",     "28b2"};
  std::vector<std::string> texts;
  for (std::uint32_t i = choose.Below(4); i > 0; --i) {
    texts.emplace_back(kTexts[choose.Below(kTexts.size())]);
  }
  return texts;
}

std::optional<bool> ChooseBool(Instructions& choose) {
  const std::uint32_t choice = choose.Below(3);
  if (choice == 2) return std::nullopt;
  return choice == 1;
}

void ChooseAsker(Instructions& choose, Use& use) {
  for (const auto which : {NumberFact::kUid, NumberFact::kEuid,
                           NumberFact::kGid, NumberFact::kEgid}) {
    use.number(which) = ChooseNumber(choose);
  }
  use.text(TextFact::kExe) = ChooseTexts(choose);
  use.text(TextFact::kContainer) = ChooseTexts(choose);
}

Use ChooseUse(Instructions& choose) {
  Use use;
  use.mask = choose.Below(kMaskCount);
  for (auto& number : use.numbers) number = ChooseNumber(choose);
  for (auto& texts : use.texts) texts = ChooseTexts(choose);
  use.elf = ChooseBool(choose);
  use.setuid = ChooseBool(choose);
  use.setgid = ChooseBool(choose);
  return use;
}

bool SameTerms(const Rule* one, const Rule* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->terms == other->terms;
}

bool IsAmong(const Demand& wanted, const DemandList& demands) {
  return std::ranges::any_of(demands.all(), [&wanted](const Demand& demand) {
    return SameTerms(demand.appraise, wanted.appraise) &&
           SameTerms(demand.measure, wanted.measure) &&
           SameTerms(demand.audit, wanted.audit) &&
           SameTerms(demand.hash, wanted.hash);
  });
}

bool SameDemands(const DemandList& one, const DemandList& other) {
  const auto among = [](const DemandList& some, const DemandList& more) {
    return std::ranges::all_of(
        some.all(), [&more](const Demand& d) { return IsAmong(d, more); });
  };
  return among(one, other) && among(other, one);
}

// What Match found, rule by rule.
void CheckFound(const Policy& policy, const Rule* found, ActionClass kind) {
  if (found == nullptr) return;
  Require(found >= policy.rules.data() &&
          found < policy.rules.data() + policy.rules.size());
  Require(ClassOf(found->action) == kind && Demands(found->action));
}

void CheckUse(const Policy& policy, Instructions& choose) {
  Use use = ChooseUse(choose);
  const DemandList demands = Match(policy, use);
  for (const Demand& demand : demands.all()) {
    Require(demand.any());
    CheckFound(policy, demand.appraise, ActionClass::kAppraise);
    CheckFound(policy, demand.measure, ActionClass::kMeasure);
    CheckFound(policy, demand.audit, ActionClass::kAudit);
    CheckFound(policy, demand.hash, ActionClass::kHash);
  }
  for (const Func func : {Func::kDigestListCheck, Func::kPolicyCheck}) {
    const DemandList found = MatchOccasion(policy, func, use);
    for (const Demand& demand : found.all()) {
      CheckFound(policy, demand.appraise, ActionClass::kAppraise);
    }
  }
  // The same file, read and executed by anyone.
  use.mask = kMayRead;
  const DemandList read = Match(policy, use);
  const bool appraised = std::ranges::any_of(
      read.all(),
      [](const Demand& demand) { return demand.appraise != nullptr; });
  const Extent extent = AppraisedReads(policy);
  Require(appraised ? extent != Extent::kNone : extent != Extent::kAll);
  Use less = use;
  if (!policy.needs.elf) less.elf.reset();
  if (!policy.needs.path) less.text(TextFact::kPath).clear();
  if (!policy.needs.owner) less.setuid.reset();
  if (!policy.needs.owner) less.setgid.reset();
  Require(SameDemands(read, Match(policy, less)));
  if (DependsOnOpen(policy)) return;
  ChooseAsker(choose, use);
  Require(SameDemands(read, Match(policy, use)));
  use.mask = kMayExec;
  Require(SameDemands(read, Match(policy, use)));
}

// Serves pieces of the input, and counts them.
class Pieces {
 public:
  explicit Pieces(Instructions& choose) : choose_(choose) {}

  Result<PolicySource> Serve(const std::string& what) {
    if (what != "x" || served_ == kMost) return Fail(ENOENT, "none");
    ++served_;
    return PolicySource{"name" + std::to_string(served_), ChooseText(choose_)};
  }

 private:
  static constexpr unsigned kMost = 32;
  Instructions& choose_;
  unsigned served_ = 0;
};

// All mistakes are told where a policy is looked at instead of loaded; the rest
// of it is one that can be looked at further.
void CheckMistakesOf(const std::string& text) {
  const auto none = [](const std::string&, const std::string&) {
    return Result<PolicySource>(Fail(ENOENT, "none"));
  };
  std::vector<PolicyMistake> mistakes;
  const auto loose = ParsePolicy({"name", text}, none, &mistakes);
  const auto strict = ParsePolicy({"name", text}, none);
  Require(loose && mistakes.size() <= kMaxMistakes);
  Require(strict.has_value() == mistakes.empty());
  if (!strict) Require(strict.error().code() == mistakes.front().code);
  for (const PolicyFinding& finding : CheckPolicy(*loose)) {
    Require(!finding.text.empty());
  }
}

void CheckPolicyOf(Instructions& choose) {
  const std::string text = ChooseText(choose);
  CheckMistakesOf(text);
  Pieces pieces(choose);
  const auto policy =
      ParsePolicy({"name", text},
                  [&pieces](const std::string& from, const std::string& what) {
                    Require(from.starts_with("name"));
                    return pieces.Serve(what);
                  });
  if (!policy) {
    Require(policy.error().message().starts_with("name"));
    return;
  }
  Require(policy->text.starts_with(text));
  for (const Rule& rule : policy->rules) {
    Require(rule.line > 0 && policy->text.find(rule.text) != std::string::npos);
  }
  for (const PolicyWarning& warning : policy->warnings) {
    Require(warning.line > 0 && warning.column > 0 && !warning.text.empty());
  }
  for (unsigned i = 0; i < 4; ++i) CheckUse(*policy, choose);
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  if (size > kMaxInputBytes) return 0;
  Instructions choose(AsInput(data, size));
  CheckPolicyOf(choose);
  return 0;
}
