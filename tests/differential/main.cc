// SPDX-License-Identifier: Apache-2.0
// Runs random sequences of file system calls on a mount and on a plain folder
// and compares all that can be seen.
//
// Exit status: 0 if all was equal, 1 if not, 2 for wrong usage, 3 if it could
// not be tried.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <random>
#include <string>

#include "comparison.h"

namespace assayfs::differential {
namespace {

constexpr int kDiffers = 1;
constexpr int kUsage = 2;
constexpr int kCannot = 3;
constexpr int kMostReports = 20;

struct Options {
  std::uint64_t sequences = 10'000;
  std::uint64_t seed = std::random_device{}();
  std::optional<std::uint64_t> only;
  std::size_t threads = 2;
  std::size_t steps = 0;
  std::string mount;
  std::string plain;
};

int Run(const Options& options) {
  std::cout << "seed " << options.seed << std::endl;
  Comparison comparison(options.mount, options.plain);
  int reports = 0;
  std::uint64_t number = options.only.value_or(0);
  const std::uint64_t end = options.only ? number + 1 : options.sequences;
  for (; number < end && reports < kMostReports; ++number) {
    const SequenceId id = {options.seed, number};
    const Shape shape = ShapeOf(id, options.threads, options.steps);
    const auto difference = comparison.Compare(id, shape, {});
    if (!difference) continue;
    ++reports;
    comparison.Report(id, shape, *difference);
  }
  std::cout << number << " sequences, " << comparison.calls()
            << " calls compared, " << reports << " differ" << std::endl;
  return reports == 0 ? 0 : kDiffers;
}

}  // namespace
}  // namespace assayfs::differential

int main(int argc, char** argv) {
  assayfs::differential::Options options;
  CLI::App app("Compares a mount with a plain folder, call by call.");
  app.add_option("--sequences", options.sequences, "how many to run");
  app.add_option("--seed", options.seed, "what all is drawn from");
  app.add_option("--only", options.only, "run the sequence of this number");
  app.add_option("--threads", options.threads,
                 "how many work at once, in one sequence of eight")
      ->check(CLI::Range(1, 64));
  app.add_option("--steps", options.steps, "calls of each; 0 for 12 to 20");
  app.add_option("mount", options.mount)->required();
  app.add_option("plain", options.plain)->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : assayfs::differential::kUsage;
  }
  if (::geteuid() != 0) {
    std::cerr << "differential: must be root, to become other users\n";
    return assayfs::differential::kCannot;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return assayfs::differential::Run(options);
  } catch (const std::exception& error) {
    std::cerr << "differential: " << error.what() << "\n";
    return assayfs::differential::kCannot;
  }
}
