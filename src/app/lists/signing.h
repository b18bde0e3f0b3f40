// SPDX-License-Identifier: Apache-2.0
// Signing: the options that name a key, and appending its signature to a file.
#pragma once

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "assayfs/signature_verifier.h"
#include "base/bytes.h"
#include "base/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

struct SigningOptions {
  std::string key;
  std::string certificate;
  std::string gpg_key;
  std::string gpg_home;
  bool replace = false;
};

// Adds the options to a verb. The result is filled in when it is parsed; call
// CheckSigningOptions then.
std::shared_ptr<SigningOptions> AddSigningOptions(CLI::App& verb);
// Throws CLI::RequiredError if no key is named.
void CheckSigningOptions(const SigningOptions& options);

// A key, ready to sign.
struct Signing {
  SignatureFormat format = SignatureFormat::kPkcs7;
  std::function<Result<ByteVector>(Bytes)> sign;
};
// options must outlive the result. Errors: those of Pkcs7Signer::Load.
Result<Signing> PrepareSigning(const SigningOptions& options);

// Appends a signature to the file at path, which is replaced as a whole; a link
// keeps pointing to it. max_bytes: of the file. check: says whether what is to
// be signed is sound.
// Errors: EEXIST if there is a signature already and replace is false; those of
// check, of reading and writing, and of signing.
Result<void> SignFile(const std::string& path, std::size_t max_bytes,
                      const Signing& signing, bool replace,
                      const std::function<Result<void>(Bytes)>& check);

// Calls sign for each file, reports those that failed, and prints how many were
// signed. noun: what they are. answers: codes of errors that say no. Returns
// the exit status: 1 for those, 3 if anything else failed.
int SignEach(const std::vector<std::string>& paths, std::string_view noun,
             const std::function<Result<void>(const std::string&)>& sign,
             const std::vector<int>& answers = {EEXIST});

}  // namespace assayfs
