// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParsePolicy and Match with policies of words that are nearly right.
// What DependsOnOpen and NeedsElf promise must hold for every use.
#include <string>
#include <vector>

#include "instructions.h"
#include "policy/policy.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

std::string ChooseText(Instructions& choose) {
  constexpr std::array<std::string_view, 23> kWords = {
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
      "bind=mode,owner,caps,link"};
  std::string text;
  const std::uint32_t words = choose.Below(40);
  for (std::uint32_t i = 0; i < words; ++i) {
    const std::uint32_t choice = choose.Below(kWords.size() + 1);
    text +=
        choice == kWords.size() ? choose.Text(6) : std::string(kWords[choice]);
    if (!choose.Rarely(4)) text += ' ';
  }
  return text;
}

// What a rule asks for; 0 if there is none.
unsigned Asked(const Rule* rule) {
  if (rule == nullptr) return 0;
  return 1U + (rule->verity_only ? 2U : 0U) + (rule->bind.any() ? 4U : 0U);
}

// Who is asked for, and the other uses that must be answered alike.
void CheckAnswers(const Policy& policy) {
  const auto answer = [&policy](Use::Purpose purpose, uid_t uid, bool elf) {
    const Demand demand =
        Match(policy, {.purpose = purpose, .uid = uid, .elf = elf});
    return std::pair(Asked(demand.appraise), Asked(demand.measure));
  };
  for (const bool elf : {false, true}) {
    const auto first = answer(Use::Purpose::kRead, 0, elf);
    for (const uid_t uid : {0u, 1u, 2u, 4294967295u}) {
      const auto read = answer(Use::Purpose::kRead, uid, elf);
      const auto execute = answer(Use::Purpose::kExec, uid, elf);
      Require(DependsOnOpen(policy) || (read == first && execute == first));
      Require(NeedsElf(policy) ||
              read == answer(Use::Purpose::kRead, uid, !elf));
    }
  }
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  if (size > kMaxInputBytes) return 0;
  Instructions choose(AsInput(data, size));
  const std::string text = ChooseText(choose);
  const auto policy = assayfs::ParsePolicy("name", text);
  if (!policy) {
    Require(policy.error().message().starts_with("name:"));
    return 0;
  }
  Require(policy->text == text);
  unsigned line = 0;
  for (const assayfs::Rule& rule : policy->rules) {
    Require(rule.line > line && text.find(rule.text) != std::string::npos);
    line = rule.line;
  }
  CheckAnswers(*policy);
  return 0;
}
