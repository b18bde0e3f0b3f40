// SPDX-License-Identifier: Apache-2.0
// Accounts: reading passwd(5) and group(5).
#include "appraise/accounts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "base/files.h"
#include "base/numbers.h"
#include "base/reopen.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxAccountsBytes = std::size_t{16} << 20;

// Takes what is before the next separator off text, which loses both.
std::string_view TakeField(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return field;
}

Result<Accounts> ReadAccounts(int root_fd, const std::string& path) {
  const auto place = OpenInRoot(root_fd, path, O_PATH, Links::kFollow);
  if (!place && place.error().code() == ENOENT) return Accounts();
  if (!place) return Fail(place.error());
  struct stat info {};
  if (::fstat(place->get(), &info) != 0) return Fail(Error::FromErrno(path));
  // A device or a FIFO must not be opened just to look at it.
  if (!S_ISREG(info.st_mode)) return Fail(EINVAL, path + ": no regular file");
  const auto fd = ReopenUnseen(place->get());
  if (!fd) return Fail(Error(fd.error()).WithContext(path));
  const auto text = ReadWholeFile(fd->get(), kMaxAccountsBytes);
  if (!text) return Fail(Error(text.error()).WithContext(path));
  return Accounts(AsText(*text));
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
  if (number == 0) return name == "root";
  const auto named = names_.find(number);
  if (named != names_.end() && named->second == name) return true;
  const auto numbered = numbers_.find(std::string(name));
  return numbered != numbers_.end() && numbered->second == number;
}

Result<Owners> ReadOwners(int root_fd) {
  auto users = ReadAccounts(root_fd, "etc/passwd");
  if (!users) return Fail(users.error());
  auto groups = ReadAccounts(root_fd, "etc/group");
  if (!groups) return Fail(groups.error());
  return Owners{std::move(*users), std::move(*groups)};
}

}  // namespace assayfs
