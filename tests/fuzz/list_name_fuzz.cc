// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseListName and LoadsBefore: what is read must make the name again,
// and the order must be one.
#include <string>
#include <vector>

#include "instructions.h"
#include "lists/list_name.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

std::string ChooseName(Instructions& choose) {
  constexpr std::array<std::string_view, 12> kParts = {"0",
                                                       "1",
                                                       "00",
                                                       "7",
                                                       "18446744073709551615",
                                                       "18446744073709551616",
                                                       "-",
                                                       "-",
                                                       "rpm",
                                                       "tlv",
                                                       "x",
                                                       "-rpm-"};
  std::string name;
  const std::uint32_t parts = choose.Below(8);
  for (std::uint32_t i = 0; i < parts; ++i) {
    const std::uint32_t choice = choose.Below(kParts.size() + 1);
    name +=
        choice == kParts.size() ? choose.Text(4) : std::string(kParts[choice]);
  }
  return name;
}

void CheckName(const std::string& name) {
  const auto read = ParseListName(name);
  if (!read) return;
  const std::string end =
      (read->format == ListFormat::kRpm ? "rpm-" : "tlv-") + read->name;
  Require(!read->name.empty() && name.ends_with(end));
  std::string start = name.substr(0, name.size() - end.size());
  Require(start.empty() != read->sequence.has_value());
  if (!read->sequence) return;
  // The number may have had zeros before it.
  start.erase(0, std::min(start.find_first_not_of('0'), start.size() - 2));
  Require(start == std::to_string(*read->sequence) + "-");
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  using assayfs::LoadsBefore;
  if (size > kMaxInputBytes) return 0;
  Instructions choose(AsInput(data, size));
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) names.push_back(ChooseName(choose));
  for (const std::string& a : names) {
    CheckName(a);
    for (const std::string& b : names) {
      Require(!(LoadsBefore(a, b) && LoadsBefore(b, a)));
      Require(LoadsBefore(a, b) || LoadsBefore(b, a) || a == b);
      for (const std::string& c : names) {
        Require(!(LoadsBefore(a, b) && LoadsBefore(b, c)) || LoadsBefore(a, c));
      }
    }
  }
  return 0;
}
