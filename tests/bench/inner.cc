// SPDX-License-Identifier: Apache-2.0
// Times the inner parts one by one, without a mount.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "appraise/digest_index.h"
#include "appraise/verdict_cache.h"
#include "crypto/file_hash.h"
#include "lists/rpm_header.h"
#include "lists/tlv.h"
#include "policy/decide.h"
#include "policy/parse_policy.h"
#include "support/header_builder.h"

namespace assayfs {
namespace {

constexpr std::int64_t kFilesPerList = 66;  // the mean of a distribution

Digest DigestOf(std::int64_t number) {
  return *HashBytes(HashAlgorithm::kSha256, AsBytes(std::to_string(number)));
}

std::string PathOf(std::int64_t number) {
  return "/usr/share/made/" + std::to_string(number);
}

std::vector<ListedFile> Files(std::int64_t first, std::int64_t count) {
  std::vector<ListedFile> files;
  for (std::int64_t i = first; i < first + count; ++i) {
    files.push_back({DigestOf(i), PathOf(i), {}});
  }
  return files;
}

void ParseAnRpmHeader(benchmark::State& state) {
  testing::HeaderBuilder builder;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    builder.File(PathOf(i), DigestOf(i).Hex());
  }
  const ByteVector header = builder.Build();
  for (auto _ : state) benchmark::DoNotOptimize(ParseRpmHeader(header));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ParseAnRpmHeader)->Arg(kFilesPerList)->Arg(10000);

void ParseATlvList(benchmark::State& state) {
  const ByteVector list = WriteTlv(Files(0, state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(ParseTlv(list));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ParseATlvList)->Arg(kFilesPerList)->Arg(10000);

DigestIndex::Lists ManyLists(std::int64_t count) {
  DigestIndex::Lists lists;
  for (std::int64_t i = 0; i < count; ++i) {
    lists.push_back(std::make_shared<const LoadedList>(LoadedList{
        .name = "tlv-" + std::to_string(i),
        .origin = "",
        .package = "",
        .files = PackedFiles(Files(i * kFilesPerList, kFilesPerList)),
        .sha256 = DigestOf(i),
        .signer = {}}));
  }
  return lists;
}

void BuildTheIndex(benchmark::State& state) {
  const auto lists = ManyLists(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(DigestIndex(1, lists));
}
BENCHMARK(BuildTheIndex)->Arg(300)->Arg(2000)->Unit(benchmark::kMillisecond);

void LookUpADigest(benchmark::State& state) {
  const DigestIndex index(1, ManyLists(2000));
  std::vector<Digest> digests;
  for (std::int64_t i = 0; i < 1024; ++i) {
    digests.push_back(DigestOf(i * state.range(0)));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(index.FindDigest(digests[next++ % 1024]));
  }
}
// 1: known ones; 1000: most are beyond the last list.
BENCHMARK(LookUpADigest)->Arg(1)->Arg(1000);

void LookUpAVerdict(benchmark::State& state) {
  static VerdictCache* cache = nullptr;
  constexpr std::int64_t kFiles = 100000;
  if (state.thread_index() == 0) {
    cache = new VerdictCache({});
    for (std::int64_t i = 0; i < kFiles; ++i) {
      const FileId id{.device = 1, .inode = static_cast<ino_t>(i)};
      const auto ticket = cache->Begin(id);
      cache->Commit(*ticket, {.stamp = {},
                              .digests = {DigestOf(i)},
                              .tags = std::make_shared<BlockTags>()});
    }
  }
  ino_t inode = 0;
  for (auto _ : state) {
    inode = (inode + 7919) % kFiles;
    benchmark::DoNotOptimize(cache->Find({.device = 1, .inode = inode}, {}));
  }
  if (state.thread_index() == 0) delete cache;
}
BENCHMARK(LookUpAVerdict)->ThreadRange(1, 2);

void HashAFile(benchmark::State& state) {
  const int fd = ::memfd_create("bench", MFD_CLOEXEC);
  if (fd < 0 || ::ftruncate(fd, state.range(0)) != 0) std::abort();
  for (auto _ : state) {
    benchmark::DoNotOptimize(HashFile(fd, {HashAlgorithm::kSha256}));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
  ::close(fd);
}
BENCHMARK(HashAFile)->Arg(4096)->Arg(64 << 20);

// Rules for as many folders and users, of which the last is met.
Policy ManyRules(std::int64_t count) {
  std::string text = "appraise func=DIGEST_LIST_CHECK\n";
  for (std::int64_t i = 0; i + 2 < count; ++i) {
    const std::string number = std::to_string(i);
    text += i % 2 == 0 ? "dont_appraise func=FILE_CHECK path=/usr/share/made/" +
                             number + "/**\n"
                       : "dont_appraise func=FILE_CHECK uid=" + number + "\n";
  }
  return *ParsePolicy({"made", text + "appraise func=FILE_CHECK\n"});
}

void DecideOnAKnownFile(benchmark::State& state) {
  const Policy policy = ManyRules(state.range(0));
  const Evidence evidence{.known = true, .list_verified = true};
  Use use{.uid = 1000};
  use.number(NumberFact::kUid) = 100000;
  use.text(TextFact::kPath) = {"/usr/share/made/of/files"};
  for (auto _ : state) {
    const DemandList demands = Match(policy, use);
    for (const Demand& demand : demands.all()) {
      benchmark::DoNotOptimize(Decide(demand, evidence));
    }
  }
}
BENCHMARK(DecideOnAKnownFile)->Arg(3)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace assayfs

BENCHMARK_MAIN();
