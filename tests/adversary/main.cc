// SPDX-License-Identifier: Apache-2.0
// Tries to have alien content allowed, and known content denied.
#include <charconv>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "adversary/rounds.h"

namespace adversary {
namespace {

constexpr const char* kUsage =
    "usage: adversary prepare TREE\n"
    "       adversary run TREE MOUNT LIST AWAY SECONDS [SEED]\n"
    "       adversary run-read-only TREE MOUNT LIST AWAY SECONDS [SEED]\n"
    "       adversary run-update TREE MOUNT LIST AWAY SECONDS [SEED]\n"
    "LIST is the list of TREE/moving; it is moved to AWAY and back.\n";

template <typename Number>
bool ReadNumber(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, number).ptr == end;
}

void Print(const Counters& counters) {
  std::cout << "attacks tried: " << counters.attacks
            << "\nattacks that met an error: " << counters.attacks_failed
            << "\nopens allowed: " << counters.allowed
            << "\nopens denied: " << counters.denied
            << "\nother errors: " << counters.other_errors
            << "\nread errors: " << counters.read_errors
            << "\nreads beside a writer: " << counters.excused
            << "\nmixed reads: " << counters.mixed
            << "\nlist moves: " << counters.list_moves
            << "\nfiles put back: " << counters.restored
            << "\nlongest attack in ms: " << counters.longest_ms
            << "\nfalse allows: " << counters.false_allows
            << "\nfalse denials: " << counters.false_denials << std::endl;
}

int Main(const std::vector<std::string>& arguments) {
  Options options;
  if (arguments.size() == 2 && arguments[0] == "prepare") {
    options.tree = arguments[1];
    const Arena arena(options);
    if (Prepare(arena)) return 0;
    std::cerr << "adversary: cannot write " << options.tree << "\n";
    return 2;
  }
  const bool seeded = arguments.size() == 7;
  const std::string verb = arguments.empty() ? "" : arguments[0];
  options.update = verb == "run-update";
  options.read_only = options.update || verb == "run-read-only";
  if ((arguments.size() != 6 && !seeded) ||
      (verb != "run" && !options.read_only) ||
      !ReadNumber(arguments[5], options.seconds) ||
      (seeded && !ReadNumber(arguments[6], options.seed))) {
    std::cerr << kUsage;
    return 2;
  }
  if (!seeded) options.seed = std::random_device{}();
  options.tree = arguments[1];
  options.mount = arguments[2];
  options.list = arguments[3];
  options.away = arguments[4];
  std::cout << "seed: " << options.seed << std::endl;
  Arena arena(options);
  Run(arena);
  Print(arena.counters);
  const bool clean =
      arena.counters.false_allows == 0 && arena.counters.false_denials == 0;
  return clean ? 0 : 1;
}

}  // namespace
}  // namespace adversary

int main(int count, char** arguments) {
  return adversary::Main({arguments + 1, arguments + count});
}
