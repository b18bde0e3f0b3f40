// SPDX-License-Identifier: Apache-2.0
// Rounds: the threads and their order.
#include "adversary/rounds.h"

#include <stdio.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <thread>
#include <vector>

#include "adversary/attacks.h"
#include "adversary/readers.h"
#include "adversary/restore.h"

namespace adversary {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRound{1000};
constexpr std::size_t kReadersEach = 2;

void RunOne(Arena& arena, const Attack& attack, Site& site) {
  const auto start = Clock::now();
  ++arena.counters.attacks;
  if (!attack.run(site)) ++arena.counters.attacks_failed;
  arena.Took(Clock::now() - start);
}

const Attack& PickAttack(Random& random) {
  const auto data = DataAttacks();
  const auto names = NameAttacks();
  const std::size_t pick = random.Below(data.size() + names.size());
  return pick < data.size() ? data[pick] : names[pick - data.size()];
}

const std::string& PickName(Random& random) {
  return Arena::Names()[random.Below(Arena::Names().size())];
}

// One attacker: never two attacks at a time, so that its slot is its own.
void AttackGroup(Arena& arena, Group& group, std::size_t number,
                 Random random) {
  const Side side = group.sides()[number];
  while (!arena.round_ends) {
    const std::string& name = PickName(random);
    const bool through = side == Side::kThrough;
    Site site{arena.contents,
              arena.Folder(group, side),
              name,
              Arena::KindOf(name),
              through ? &group.held(number) : nullptr,
              "scratch-" + std::to_string(number),
              random};
    const Attack& attack = PickAttack(random);
    group.Remember(std::string(through ? "through: " : "below: ") +
                   attack.name + " " + name);
    group.changes(side).Begin();
    RunOne(arena, attack, site);
    group.changes(side).End();
    // Readers that no writer disturbs are the ones that tell most.
    Pause(random, through ? 10000 : 1000);
  }
}

void DisturbQuietly(Arena& arena, Side side, Random random) {
  HeldInode nobody;
  while (!arena.round_ends) {
    const Content& content = arena.contents.PickKnown(
        random.OneIn(3) ? Kind::kScript : Kind::kData, random);
    const bool through = side == Side::kThrough;
    Site site{arena.contents,
              (through ? arena.options.mount : arena.options.tree) + "/calm/",
              content.name,
              content.kind,
              through || arena.options.update ? &nobody : nullptr,
              through ? "scratch-through" : "scratch-below",
              random};
    const auto attacks = HarmlessAttacks();
    RunOne(arena, attacks[random.Below(attacks.size())], site);
    Pause(random, 500);
  }
}

void MoveList(Arena& arena, Random random) {
  const std::string& list = arena.options.list;
  const std::string& away = arena.options.away;
  while (!arena.round_ends) {
    if (::rename(list.c_str(), away.c_str()) != 0) return;
    arena.list_phase.Gone();
    Pause(random, 40000);
    arena.list_phase.Comes();
    ::rename(away.c_str(), list.c_str());
    ++arena.counters.list_moves;
    Pause(random, 80000);
  }
}

void AttackAndRead(Arena& arena, Random& seeds) {
  std::vector<std::thread> threads;
  const auto start = [&](std::function<void(Random)> work) {
    threads.emplace_back(std::move(work), Random(seeds.Below(SIZE_MAX)));
  };
  const auto repeat = [&](std::function<void(Random&)> work) {
    start([&arena, work = std::move(work)](Random random) {
      while (!arena.round_ends) work(random);
    });
  };
  arena.round_ends = false;
  for (const auto& group : arena.groups) {
    for (std::size_t i = 0; i < group->sides().size(); ++i) {
      start([&arena, &group, i](Random random) {
        AttackGroup(arena, *group, i, std::move(random));
      });
    }
    for (std::size_t i = 0; i < kReadersEach; ++i) {
      repeat([&](Random& random) { VisitAttacked(arena, *group, random); });
    }
    repeat([&](Random& random) {
      RunAttacked(arena, *group, random);
      Pause(random, 5000);
    });
  }
  for (const char* folder : {"/quiet/", "/calm/"}) {
    repeat([&arena, path = arena.options.mount + folder](Random& random) {
      VisitQuiet(arena, path, random);
    });
  }
  for (const Side side : {Side::kThrough, Side::kBelow}) {
    if (arena.options.read_only && side == Side::kThrough) continue;
    start([&arena, side](Random random) {
      DisturbQuietly(arena, side, std::move(random));
    });
  }
  start([&arena](Random random) { MoveList(arena, std::move(random)); });
  std::this_thread::sleep_for(kRound);
  arena.round_ends = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

bool Prepare(const Arena& arena) {
  namespace fs = std::filesystem;
  const std::string& tree = arena.options.tree;
  for (const char* folder : {"/quiet", "/calm", "/moving"}) {
    fs::create_directories(tree + folder);
  }
  for (const Content& content : arena.contents.all()) {
    if (content.known == Known::kNever) continue;
    if (content.known == Known::kWhileListed) {
      if (!WriteFile(tree + "/moving/" + content.name, content.bytes)) {
        return false;
      }
      continue;
    }
    for (const char* folder : {"/quiet/", "/calm/"}) {
      if (!WriteFile(tree + folder + content.name, content.bytes)) return false;
    }
  }
  Random random(arena.options.seed);
  for (const auto& group : arena.groups) {
    const std::string folder = arena.Folder(*group, Side::kBelow);
    fs::create_directories(folder);
    for (const std::string& name : Arena::Names()) {
      const Content& content =
          arena.contents.PickKnown(Arena::KindOf(name), random);
      if (!WriteFile(folder + name, content.bytes)) return false;
    }
  }
  return true;
}

void Run(Arena& arena) {
  Random seeds(arena.options.seed);
  const auto end = Clock::now() + std::chrono::seconds(arena.options.seconds);
  do {
    AttackAndRead(arena, seeds);
    for (const auto& group : arena.groups) Restore(arena, *group, seeds);
  } while (Clock::now() < end);
}

}  // namespace adversary
