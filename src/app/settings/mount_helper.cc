// SPDX-License-Identifier: Apache-2.0
// The program under the name mount.assayfs, as mount(8) calls it.
#include "app/settings/mount_helper.h"

#include <string_view>

namespace assayfs {
namespace {

// Takes one word of flags such as "-sv" apart. next: the words after it, of
// which a flag with a value takes one.
Result<void> TakeFlags(std::string_view flags, std::vector<std::string>& out,
                       std::vector<std::string>::const_iterator& next,
                       std::vector<std::string>::const_iterator end) {
  for (const char flag : flags) {
    switch (flag) {
      case 's':
        out.emplace_back("--sloppy");
        break;
      case 'f':
        out.emplace_back("--fake");
        break;
      case 'n':  // there is no mtab to leave alone
      case 'v':
        break;
      case 'o':
      case 'N':
      case 't':
        if (next == end) {
          return Fail(EINVAL, std::string("-") + flag + " needs a value");
        }
        if (flag == 'o') {
          out.emplace_back("-o");
          out.push_back(*next);
        }
        ++next;
        break;
      default:
        return Fail(EINVAL, std::string("-") + flag + " is not an option");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> WordsOfCommandLine(
    std::vector<std::string> arguments) {
  if (arguments.empty()) return arguments;
  const std::string program = arguments.front();
  arguments.erase(arguments.begin());
  const auto slash = program.find_last_of('/');
  if (program.substr(slash + 1) != "mount.assayfs") return arguments;

  std::vector<std::string> words = {"mount"};
  std::vector<std::string> paths;
  for (auto next = arguments.cbegin(); next != arguments.cend();) {
    const std::string& word = *next++;
    if (word.size() < 2 || word.front() != '-') {
      paths.push_back(word);
      continue;
    }
    const auto taken = TakeFlags(std::string_view(word).substr(1), words, next,
                                 arguments.cend());
    if (!taken) return Fail(taken.error());
  }
  if (paths.size() != 2) return Fail(EINVAL, "give LOWER and MOUNTPOINT");
  words.emplace_back("--");
  words.insert(words.end(), paths.begin(), paths.end());
  return words;
}

}  // namespace assayfs
