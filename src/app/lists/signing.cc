// SPDX-License-Identifier: Apache-2.0
// Signing: the options that name a key, and appending its signature to a file.
#include "app/lists/signing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "app/lists/gpg_signer.h"
#include "app/report.h"
#include "base/files.h"
#include "lists/appended_signature.h"
#include "trust/pkcs7_signer.h"

namespace assayfs {

std::shared_ptr<SigningOptions> AddSigningOptions(CLI::App& verb) {
  auto options = std::make_shared<SigningOptions>();
  auto* key = verb.add_option("--key", options->key,
                              "private key for a PKCS#7 signature: a file "
                              "(PEM), or the PKCS#11 URI of one in a token")
                  ->type_name("FILE|URI");
  auto* certificate = verb.add_option("--cert", options->certificate,
                                      "certificate (PEM) of that key")
                          ->type_name("FILE");
  auto* gpg_key = verb.add_option("--gpg-key", options->gpg_key,
                                  "OpenPGP key that gpg signs with")
                      ->type_name("ID");
  auto* gpg_home =
      verb.add_option("--gpg-home", options->gpg_home, "home folder of gpg")
          ->type_name("DIR");
  key->needs(certificate);
  certificate->needs(key);
  gpg_key->excludes(key);
  gpg_home->needs(gpg_key);
  verb.add_flag("--replace", options->replace,
                "take the place of a signature that is there");
  return options;
}

void CheckSigningOptions(const SigningOptions& options) {
  if (options.key.empty() && options.gpg_key.empty()) {
    throw CLI::RequiredError("--key with --cert, or --gpg-key");
  }
}

Result<Signing> PrepareSigning(const SigningOptions& options) {
  if (!options.gpg_key.empty()) {
    return Signing{SignatureFormat::kOpenPgp, [&options](Bytes bytes) {
                     return GpgSign(options.gpg_key, options.gpg_home, bytes);
                   }};
  }
  auto signer = Pkcs7Signer::Load(options.key, options.certificate);
  if (!signer) return Fail(signer.error());
  const auto shared = std::make_shared<Pkcs7Signer>(std::move(*signer));
  return Signing{SignatureFormat::kPkcs7,
                 [shared](Bytes bytes) { return shared->Sign(bytes); }};
}

Result<void> SignFile(const std::string& path, std::size_t max_bytes,
                      const Signing& signing, bool replace,
                      const std::function<Result<void>(Bytes)>& check) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return Fail(error.value(), error.message());
  const UniqueFd folder(
      ::open(real.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return Fail(Error::FromErrno(real.parent_path().native()));
  const std::string file_name = real.filename();
  const auto fd = OpenForReading(folder.get(), file_name, Links::kRefuse);
  if (!fd) return Fail(fd.error());
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return Fail(Error::FromErrno("fstat"));
  const auto bytes = ReadWholeFile(fd->get(), max_bytes);
  if (!bytes) return Fail(bytes.error());
  const auto split = SplitSignature(*bytes);
  if (!split) return Fail(split.error());
  if (split->signature && !replace) {
    return Fail(EEXIST, "already signed; use --replace to sign it anew");
  }
  if (auto sound = check(split->payload); !sound) return sound;
  const auto signature = signing.sign(split->payload);
  if (!signature) return Fail(signature.error());
  return ReplaceFileAt(
      folder.get(), file_name,
      AppendSignature(split->payload, signing.format, *signature),
      info.st_mode & 0777);
}

int SignEach(const std::vector<std::string>& paths, std::string_view noun,
             const std::function<Result<void>(const std::string&)>& sign,
             const std::vector<int>& answers) {
  std::size_t count = 0;
  int status = kExitYes;
  for (const std::string& path : paths) {
    const auto done = sign(path);
    if (done) {
      ++count;
      continue;
    }
    ReportFailure(path, done.error());
    const bool no = std::ranges::count(answers, done.error().code()) > 0;
    status = std::max<int>(status, no ? kExitNo : kExitFailed);
  }
  std::cout << Counted(count, noun) << " signed\n";
  return status;
}

}  // namespace assayfs
