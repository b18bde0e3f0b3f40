// SPDX-License-Identifier: Apache-2.0
// Accounts: reading passwd(5) and group(5).
#include "app/verify/accounts.h"

#include "base/numbers.h"

namespace assayfs {
namespace {

// Takes what is before the next separator off text, which loses both.
std::string_view TakeField(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return field;
}

}  // namespace

Accounts::Accounts(std::string_view text) {
  while (!text.empty()) AddLine(TakeField(text, '\n'));
}

void Accounts::AddLine(std::string_view line) {
  const std::string_view name = TakeField(line, ':');
  TakeField(line, ':');
  const auto number = ParseNumber<std::uint32_t>(TakeField(line, ':'));
  if (name.empty() || !number) return;
  numbers_.try_emplace(std::string(name), *number);
  names_.try_emplace(*number, name);
}

bool Accounts::Match(std::string_view name, std::uint32_t number) const {
  const auto named = names_.find(number);
  if (named != names_.end() && named->second == name) return true;
  const auto numbered = numbers_.find(std::string(name));
  return numbered != numbers_.end() && numbered->second == number;
}

}  // namespace assayfs
