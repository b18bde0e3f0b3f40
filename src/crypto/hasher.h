// SPDX-License-Identifier: Apache-2.0
// Hasher: streaming digests over OpenSSL's EVP.
#pragma once

#include <memory>

#include "crypto/digest.h"

namespace assayfs {

// Computes one digest over bytes that come in pieces. In the algorithms of
// fs-verity, the bytes are the content of a file.
//
// Threads: one object, one thread; different objects do not share state.
class Hasher {
 public:
  // Errors: EOPNOTSUPP if OpenSSL cannot compute the algorithm (a policy of
  // the system may forbid it).
  static Result<Hasher> Create(HashAlgorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  // Adds bytes. A failure inside OpenSSL shows at Finish.
  void Update(Bytes bytes);
  // Returns the digest of all bytes added and starts over.
  // Errors: EIO if OpenSSL failed.
  Result<Digest> Finish();

 private:
  struct State;
  explicit Hasher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Hashes bytes in one call. Errors: as Hasher.
Result<Digest> HashBytes(HashAlgorithm algorithm, Bytes bytes);

}  // namespace assayfs
