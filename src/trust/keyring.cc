// SPDX-License-Identifier: Apache-2.0
// Keyring: the keys that the administrator trusts.
#include "trust/keyring.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "trust/key_file.h"
#include "trust/openpgp_verifier.h"
#include "trust/pkcs7_verifier.h"

namespace assayfs {
namespace {

constexpr std::string_view kAdvice =
    "; give an armoured OpenPGP public key or an X.509 certificate in PEM";

// What the key files hold, before it becomes a keyring.
struct Collected {
  std::vector<ByteVector> certificates;  // OpenPGP
  Pkcs7Verifier pkcs7;
  std::vector<std::string> problems;
};

// How a file fared. usable: certificates and CRLs. flaws: one for each that
// cannot be used.
struct FileOutcome {
  std::size_t usable = 0;
  std::vector<std::string> flaws;
};

// Says why an OpenPGP certificate is of no use; empty if some key of it is.
std::string WhyUseless(const std::vector<OpenPgpKey>& keys) {
  std::string why = "no key";
  for (const OpenPgpKey& key : keys) {
    const std::string flaw = OpenPgpVerifier::WhyUseless(key);
    if (flaw.empty()) return {};
    // The flaw of the primary key tells most, and it comes first.
    if (why == "no key") why = "key " + key.fingerprint + " " + flaw;
  }
  return why;
}

// Takes one certificate. A useless one is kept all the same, so that its
// revocation counts for other copies, and so that a signature by it is
// reported as such.
void TakeCertificate(ByteVector certificate, Collected& all,
                     FileOutcome& outcome) {
  const auto keys = ReadOpenPgpKeys({certificate});
  if (!keys) {
    outcome.flaws.push_back(keys.error().message());
    return;
  }
  std::string why = WhyUseless(*keys);
  if (why.empty()) {
    ++outcome.usable;
  } else {
    outcome.flaws.push_back(std::move(why));
  }
  all.certificates.push_back(std::move(certificate));
}

void TakeCrl(Bytes crl, const std::string& path, Collected& all,
             FileOutcome& outcome) {
  auto added = all.pkcs7.AddCrl(crl, path);
  if (added) {
    ++outcome.usable;
  } else {
    outcome.flaws.push_back(added.error().message());
  }
}

void TakeBlock(const KeyBlock& block, const std::string& path, Collected& all,
               FileOutcome& outcome) {
  if (block.kind == KeyBlockKind::kCrl) {
    TakeCrl(AsBytes(block.text), path, all, outcome);
  } else if (block.kind == KeyBlockKind::kX509) {
    auto added = all.pkcs7.AddCertificate(block.text);
    if (added) {
      ++outcome.usable;
    } else {
      outcome.flaws.push_back(added.error().message());
    }
  } else if (block.kind == KeyBlockKind::kOpenPgp) {
    auto certificates = SplitOpenPgpBlock(block.text);
    if (!certificates) {
      outcome.flaws.push_back(certificates.error().message());
      return;
    }
    for (ByteVector& certificate : *certificates) {
      TakeCertificate(std::move(certificate), all, outcome);
    }
  }
}

// Errors: EBADMSG if the file holds no usable key or CRL, those of reading it.
Result<void> TakeFile(const std::string& path, Collected& all) {
  const auto bytes = ReadKeyFile(path);
  if (!bytes) return Fail(bytes.error());
  FileOutcome outcome;
  const auto blocks = SplitKeyBlocks(AsText(*bytes));
  for (const KeyBlock& block : blocks) TakeBlock(block, path, all, outcome);
  // Authorities publish CRLs in DER.
  if (blocks.empty() && path.ends_with(".crl")) {
    TakeCrl(*bytes, path, all, outcome);
  }
  if (outcome.usable == 0) {
    const std::string why =
        outcome.flaws.empty() ? "" : " (" + outcome.flaws.front() + ")";
    return Fail(EBADMSG, "trusted keys: " + path + ": no usable key or CRL" +
                             why + std::string(kAdvice));
  }
  for (const std::string& flaw : outcome.flaws) {
    all.problems.push_back("trusted keys: " + path + ": " + flaw);
  }
  return {};
}

Result<void> TakePath(const std::string& path, Collected& all) {
  const auto expanded = ExpandKeyPath(path);
  if (!expanded) return Fail(expanded.error());
  for (const std::string& file : expanded->files) {
    auto taken = TakeFile(file, all);
    if (!taken && !expanded->is_folder) return taken;
    if (!taken) all.problems.push_back(taken.error().message());
  }
  return {};
}

std::string Join(const std::vector<std::string>& paths) {
  std::string joined;
  for (const std::string& path : paths) {
    joined += (joined.empty() ? "" : ", ") + path;
  }
  return joined.empty() ? "no path given" : joined;
}

}  // namespace

struct Keyring::State {
  OpenPgpVerifier openpgp;
  Pkcs7Verifier pkcs7;
};

Keyring::Keyring() : state_(std::make_unique<State>()) {}
Keyring::~Keyring() = default;

Result<std::shared_ptr<const Keyring>> Keyring::Load(
    const std::vector<std::string>& paths) {
  Collected all;
  for (const std::string& path : paths) {
    auto taken = TakePath(path, all);
    if (!taken) return Fail(std::move(taken).error());
  }
  for (const std::string& stray : all.pkcs7.StrayCrls()) {
    all.problems.push_back("trusted keys: " + stray);
  }
  auto keys = ReadOpenPgpKeys(all.certificates);
  if (!keys) return Fail(std::move(keys).error().WithContext("trusted keys"));
  // The constructor is private.
  const std::shared_ptr<Keyring> keyring(new Keyring());
  for (OpenPgpKey& key : *keys) {
    keyring->state_->openpgp.Add(std::move(key));
  }
  keyring->state_->pkcs7 = std::move(all.pkcs7);
  keyring->problems_ = std::move(all.problems);
  if (keyring->size() == 0) {
    std::string first =
        keyring->problems_.empty() ? "" : " (" + keyring->problems_[0] + ")";
    return Fail(ENOKEY, "trusted keys: " + Join(paths) + ": no usable key" +
                            first + std::string(kAdvice));
  }
  return keyring;
}

SignatureCheck Keyring::Verify(SignatureFormat format,
                               std::span<const std::byte> signed_bytes,
                               std::span<const std::byte> signature) const {
  return format == SignatureFormat::kOpenPgp
             ? state_->openpgp.Verify(signed_bytes, signature)
             : state_->pkcs7.Verify(signed_bytes, signature);
}

std::size_t Keyring::size() const {
  return state_->openpgp.size() + state_->pkcs7.size();
}

}  // namespace assayfs
