// SPDX-License-Identifier: Apache-2.0
// What scenarios are made of: keys, lists and policies, as bytes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/scenario/scenario.h"
#include "base/bytes.h"
#include "base/result.h"
#include "trust/pkcs7_key_maker.h"

namespace assayfs {

// Keys by name, made when they are first asked for.
// Threads: one at a time.
class TestKeys {
 public:
  // folder: must be there, and be private to the user. Files stay when this
  // goes.
  explicit TestKeys(std::string folder) : folder_(std::move(folder)) {}

  // Errors: those of MakePkcs7Key.
  Result<MadeKey> Get(const std::string& name);
  const std::string& folder() const { return folder_; }

 private:
  const std::string folder_;
  std::map<std::string, MadeKey> keys_;
};

// Makes the parts of one scenario. Both borrowed.
// Threads: one at a time.
class Materials {
 public:
  Materials(const Scenario& scenario, TestKeys& keys)
      : scenario_(scenario), keys_(keys) {}

  struct File {
    std::string name;  // for lists: as ParseListName wants it
    ByteVector bytes;
  };
  // Makes a list of the scenario, signed if it is to be: "tlv-NAME", or
  // "rpm-NAME" for one of a package.
  // Errors: ENOENT for a list that is not there; those of TestKeys and signing.
  Result<File> List(const std::string& name);
  // Returns what the scenario says of a list, which stays its own; null if it
  // has none of this name.
  const ScenarioList* FindList(const std::string& name) const;

  // Says whether the policy is a built-in one by name, which no step replaces.
  // A mount is given that name; otherwise it has a file, and so can be given
  // other rules.
  bool KeepsBuiltIn() const;
  // Returns what is in such a file for a policy, as in Scenario: its rules, or
  // one that includes a built-in policy.
  std::string Rules(const std::string& policy, const std::string& signer) const;

  // Returns policy text, with the signature of a key unless signer is "".
  // Errors: those of TestKeys and signing.
  Result<ByteVector> Policy(const std::string& text, const std::string& signer);

  // Returns text with what stands between "%" put in: "%PATH%" becomes the
  // SHA-256 digest of what the tree file had at the start, "%KEY NAME%" the
  // fingerprint of a key, "%FSMAGIC%", "%FSNAME%" and "%FSUUID%" what is known
  // of the file system of the keys' folder, and "%%" one "%". Errors: EINVAL
  // for anything else between "%"; kNotOnThisMachine where there is no such
  // thing.
  Result<std::string> Expand(const std::string& text);

  // As Expand, for a line of revocations. Errors also: EINVAL for one that
  // means nothing.
  Result<std::string> Revocation(const std::string& line);

 private:
  Result<std::string> ValueOf(const std::string& word);
  Result<ByteVector> Sign(Bytes payload, const std::string& signer);

  const Scenario& scenario_;
  TestKeys& keys_;
};

}  // namespace assayfs
