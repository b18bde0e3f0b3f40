// SPDX-License-Identifier: Apache-2.0
// Makes many small signed lists quickly, of contents that exist nowhere.
//
//   make-lists KEY CERT FOLDER LISTS FILES
//
// Writes LISTS lists of FILES files each into FOLDER. The digest of file N is
// the SHA-256 of "N" in decimal digits, its path /usr/share/made/N.
#include <fcntl.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "trust/pkcs7_signer.h"

namespace assayfs {
namespace {

template <typename T>
T OrDie(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "make-lists: %s\n", result.error().message().c_str());
  std::exit(1);
}

ByteVector Payload(std::size_t list, std::size_t files) {
  std::vector<ListedFile> listed;
  for (std::size_t i = list * files; i < (list + 1) * files; ++i) {
    const std::string number = std::to_string(i);
    listed.push_back(
        {.digest = OrDie(HashBytes(HashAlgorithm::kSha256, AsBytes(number))),
         .path = "/usr/share/made/" + number,
         .mode = {}});
  }
  return WriteTlv(listed);
}

void Write(const std::string& path, Bytes bytes) {
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) OrDie<int>(Fail(Error::FromErrno(path)));
  if (const auto done = WriteAll(fd.get(), bytes); !done) {
    OrDie<int>(Fail(done.error()));
  }
}

void Make(char** argv) {
  const std::string folder = argv[3];
  const std::size_t lists = std::stoul(argv[4]);
  const std::size_t files = std::stoul(argv[5]);
  std::atomic<std::size_t> next = 0;
  const auto make = [&] {
    const auto signer = OrDie(Pkcs7Signer::Load(argv[1], argv[2]));
    for (std::size_t i = next++; i < lists; i = next++) {
      const ByteVector payload = Payload(i, files);
      const ByteVector signature = OrDie(signer.Sign(payload));
      Write(folder + "/tlv-made-" + std::to_string(i),
            AppendSignature(payload, SignatureFormat::kPkcs7, signature));
    }
  };
  std::vector<std::thread> running;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    running.emplace_back(make);
  }
  for (std::thread& thread : running) thread.join();
}

}  // namespace
}  // namespace assayfs

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: make-lists KEY CERT FOLDER LISTS FILES\n", stderr);
    return 2;
  }
  assayfs::Make(argv);
  return 0;
}
