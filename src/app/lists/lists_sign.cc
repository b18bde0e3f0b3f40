// SPDX-License-Identifier: Apache-2.0
// `lists sign`: appends a signature of one's own to lists.
#include <fcntl.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/lists/gpg_signer.h"
#include "app/lists/lists_input.h"
#include "app/lists/lists_verbs.h"
#include "app/report.h"
#include "base/files.h"
#include "lists/appended_signature.h"
#include "lists/list_name.h"
#include "lists/parse_list.h"
#include "trust/pkcs7_signer.h"

namespace assayfs {
namespace {

struct Options {
  std::string key;
  std::string certificate;
  std::string gpg_key;
  std::string gpg_home;
  std::vector<std::string> lists;
  bool replace = false;
};

struct Signing {
  SignatureFormat format = SignatureFormat::kPkcs7;
  std::function<Result<ByteVector>(Bytes)> sign;
};

Result<Signing> Prepare(const Options& options) {
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

// Returns the payload to sign.
// Errors: EEXIST if there is a signature already; those of the parsers: what
// no mount could use is not signed.
Result<Bytes> PayloadToSign(const std::string& name, Bytes bytes,
                            bool replace) {
  const auto parts = ParseListName(name);
  if (!parts) return Fail(parts.error());
  const auto split = SplitSignature(bytes);
  if (!split) return Fail(split.error());
  if (split->signature && !replace) {
    return Fail(EEXIST, "already signed; use --replace to sign it anew");
  }
  const auto list = ParseList(parts->format, split->payload);
  if (!list) return Fail(list.error());
  return split->payload;
}

Result<void> SignList(const std::string& path, const Signing& signing,
                      bool replace) {
  // A link keeps pointing to the list; the list itself is replaced.
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
  const auto bytes = ReadWholeFile(fd->get(), kMaxListBytes);
  if (!bytes) return Fail(bytes.error());
  const std::string list_name = std::filesystem::path(path).filename();
  const auto payload = PayloadToSign(list_name, *bytes, replace);
  if (!payload) return Fail(payload.error());
  const auto signature = signing.sign(*payload);
  if (!signature) return Fail(signature.error());
  return ReplaceFileAt(folder.get(), file_name,
                       AppendSignature(*payload, signing.format, *signature),
                       info.st_mode & 0777);
}

int Run(const Options& options) {
  const auto signing = Prepare(options);
  if (!signing) return ReportFailure("lists sign", signing.error());
  std::size_t count = 0;
  int status = kExitYes;
  for (const std::string& path : options.lists) {
    const auto done = SignList(path, *signing, options.replace);
    if (done) {
      ++count;
      continue;
    }
    ReportFailure(path, done.error());
    const bool no = done.error().code() == EEXIST;
    status = std::max<int>(status, no ? kExitNo : kExitFailed);
  }
  std::cout << Counted(count, "list") << " signed\n";
  return status;
}

}  // namespace

void AddListsSign(CLI::App& lists, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* sign =
      lists.add_subcommand("sign", "Append a signature of your own to lists");
  auto* key = sign->add_option("--key", options->key,
                               "private key for a PKCS#7 signature: a file "
                               "(PEM), or the PKCS#11 URI of one in a token")
                  ->type_name("FILE|URI");
  auto* certificate = sign->add_option("--cert", options->certificate,
                                       "certificate (PEM) of that key")
                          ->type_name("FILE");
  auto* gpg_key = sign->add_option("--gpg-key", options->gpg_key,
                                   "OpenPGP key that gpg signs with")
                      ->type_name("ID");
  auto* gpg_home =
      sign->add_option("--gpg-home", options->gpg_home, "home folder of gpg")
          ->type_name("DIR");
  key->needs(certificate);
  certificate->needs(key);
  gpg_key->excludes(key);
  gpg_home->needs(gpg_key);
  sign->add_flag("--replace", options->replace,
                 "take the place of a signature that is there");
  sign->add_option("list", options->lists, "list file; changed in place")
      ->type_name("LIST")
      ->required();
  sign->callback([options, &exit_status] {
    if (options->key.empty() && options->gpg_key.empty()) {
      throw CLI::RequiredError("--key with --cert, or --gpg-key");
    }
    exit_status = Run(*options);
  });
}

}  // namespace assayfs
