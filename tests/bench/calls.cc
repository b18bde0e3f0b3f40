// SPDX-License-Identifier: Apache-2.0
// Times system calls on given files, and prints one JSON object. It knows
// nothing of assayfs: the same calls are timed on every file system.
//
//   calls each SECONDS THREADS FILE...    microseconds of one call of each kind
//   calls spawn ROOT COUNT PROGRAM ARG... COUNT runs of PROGRAM, root at ROOT
//   calls sequential|mmap FILE            one pass over the file
//   calls random FILE COUNT               COUNT reads of 4 KiB
//   calls write FILE BYTES                a new file, not synced
//   calls sync FILE COUNT                 COUNT writes of 4 KiB, each synced
//   calls readall THREADS NAMES           every file named by a line of NAMES
//
// All but "each" print {"seconds": S}. Exit status 1 if a call failed.
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kLarge = std::size_t{1} << 20;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "calls: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int Open(const std::string& path, int flags = O_RDONLY) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) Die("open " + path);
  return fd;
}

std::size_t Read(int fd, std::vector<char>& buffer, std::size_t offset) {
  const ssize_t got =
      ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
  if (got < 0) Die("pread");
  return static_cast<std::size_t>(got);
}

std::size_t SizeOf(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) Die("fstat");
  return static_cast<std::size_t>(info.st_size);
}

void PrintSeconds(Clock::time_point start) {
  std::printf("{\"seconds\": %.9f}\n", SecondsSince(start));
}

// What is timed call by call -------------------------------------------------

void OpenClose(const std::string& path) { ::close(Open(path)); }

void OpenReadClose(const std::string& path) {
  thread_local std::vector<char> buffer(kPage);
  const int fd = Open(path);
  Read(fd, buffer, 0);
  ::close(fd);
}

void Stat(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) Die("stat " + path);
}

void Missing(const std::string& path) {
  struct stat info {};
  if (::stat((path + ".missing").c_str(), &info) == 0) Die("it exists");
}

void PreadOpen(const std::string& path) {
  thread_local std::vector<char> buffer(kPage);
  thread_local const int fd = Open(path);  // each thread has one path
  Read(fd, buffer, 0);
}

// Returns the mean time of one call in microseconds, as each thread sees it.
double TimeCall(const std::function<void(const std::string&)>& call,
                const std::vector<std::string>& paths, unsigned threads,
                double seconds) {
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<double> busy = 0;
  const auto loop = [&](unsigned number) {
    const std::string& path = paths[number % paths.size()];
    call(path);
    const auto start = Clock::now();
    std::uint64_t count = 0;
    // The clock is looked at rarely, so that it costs nothing.
    for (; SecondsSince(start) < seconds; count += 32) {
      for (int i = 0; i < 32; ++i) call(path);
    }
    busy += SecondsSince(start);
    calls += count;
  };
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i) running.emplace_back(loop, i);
  for (std::thread& thread : running) thread.join();
  return busy * 1e6 / static_cast<double>(calls);
}

void Each(double seconds, unsigned threads,
          const std::vector<std::string>& paths) {
  std::printf("{\"open_close\": %.4f",
              TimeCall(OpenClose, paths, threads, seconds));
  std::printf(", \"open_read_close\": %.4f",
              TimeCall(OpenReadClose, paths, threads, seconds));
  std::printf(", \"stat\": %.4f", TimeCall(Stat, paths, threads, seconds));
  std::printf(", \"missing\": %.4f",
              TimeCall(Missing, paths, threads, seconds));
  std::printf(", \"pread\": %.4f}\n",
              TimeCall(PreadOpen, paths, threads, seconds));
}

// What is timed as a whole ---------------------------------------------------

void Spawn(const std::string& root, int count, char** arguments) {
  if (::chroot(root.c_str()) != 0 || ::chdir("/") != 0) Die("chroot " + root);
  char path[] = "PATH=/usr/bin:/bin";
  char* environment[] = {path, nullptr};
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) {
    pid_t pid = 0;
    int status = 0;
    errno = ::posix_spawn(&pid, arguments[0], nullptr, nullptr, arguments,
                          environment);
    if (errno != 0) Die(arguments[0]);
    if (::waitpid(pid, &status, 0) != pid || status != 0) {
      Die(std::string(arguments[0]) + " failed");
    }
  }
  PrintSeconds(start);
}

void ReadSequentially(int fd) {
  std::vector<char> buffer(kLarge);
  for (std::size_t offset = 0, got = 1; got > 0; offset += got) {
    got = Read(fd, buffer, offset);
  }
}

void Sequential(const std::string& path) {
  const auto start = Clock::now();
  const int fd = Open(path);
  ReadSequentially(fd);
  ::close(fd);
  PrintSeconds(start);
}

void Random(const std::string& path, int count) {
  std::vector<char> buffer(kPage);
  std::minstd_rand random(1);
  const auto start = Clock::now();
  const int fd = Open(path);
  const std::size_t pages = SizeOf(fd) / kPage;
  for (int i = 0; i < count; ++i) Read(fd, buffer, random() % pages * kPage);
  ::close(fd);
  PrintSeconds(start);
}

void Map(const std::string& path) {
  const auto start = Clock::now();
  const int fd = Open(path);
  const std::size_t size = SizeOf(fd);
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) Die("mmap " + path);
  const auto* bytes = static_cast<const volatile char*>(map);
  for (std::size_t i = 0; i < size; i += kPage) static_cast<void>(bytes[i]);
  ::munmap(map, size);
  ::close(fd);
  PrintSeconds(start);
}

void WriteAt(int fd, const std::vector<char>& bytes, std::size_t offset) {
  const ssize_t put =
      ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (put != static_cast<ssize_t>(bytes.size())) Die("pwrite");
}

void Write(const std::string& path, std::size_t size) {
  const std::vector<char> bytes(kLarge, 'x');
  const auto start = Clock::now();
  const int fd = Open(path, O_WRONLY | O_CREAT | O_TRUNC);
  for (std::size_t i = 0; i < size; i += kLarge) WriteAt(fd, bytes, i);
  ::close(fd);
  PrintSeconds(start);
}

void Sync(const std::string& path, std::size_t count) {
  const std::vector<char> bytes(kPage, 'x');
  const int fd = Open(path, O_WRONLY | O_CREAT | O_TRUNC);
  const auto start = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    WriteAt(fd, bytes, i * kPage);
    if (::fsync(fd) != 0) Die("fsync " + path);
  }
  PrintSeconds(start);
  ::close(fd);
}

void ReadAll(unsigned threads, const std::string& names) {
  std::vector<std::string> paths;
  std::ifstream lines(names);
  for (std::string line; std::getline(lines, line);) paths.push_back(line);
  std::atomic<std::size_t> next = 0;
  const auto read = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      const int fd = Open(paths[i]);
      ReadSequentially(fd);
      ::close(fd);
    }
  };
  const auto start = Clock::now();
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i) running.emplace_back(read);
  for (std::thread& thread : running) thread.join();
  PrintSeconds(start);
}

bool Run(const std::string& verb, int count, char** words) {
  if (verb == "each" && count >= 3) {
    Each(std::stod(words[0]), static_cast<unsigned>(std::stoul(words[1])),
         {words + 2, words + count});
  } else if (verb == "spawn" && count >= 3) {
    Spawn(words[0], std::stoi(words[1]), words + 2);
  } else if (verb == "sequential" && count == 1) {
    Sequential(words[0]);
  } else if (verb == "mmap" && count == 1) {
    Map(words[0]);
  } else if (verb == "random" && count == 2) {
    Random(words[0], std::stoi(words[1]));
  } else if (verb == "write" && count == 2) {
    Write(words[0], std::stoul(words[1]));
  } else if (verb == "sync" && count == 2) {
    Sync(words[0], std::stoul(words[1]));
  } else if (verb == "readall" && count == 2) {
    ReadAll(static_cast<unsigned>(std::stoul(words[0])), words[1]);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || !Run(argv[1], argc - 2, argv + 2)) {
    std::fputs("usage: see the top of calls.cc\n", stderr);
    return 2;
  }
  return 0;
}
