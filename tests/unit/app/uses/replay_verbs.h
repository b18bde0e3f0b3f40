// SPDX-License-Identifier: Apache-2.0
// A folder of signed lists that `policy replay` and `policy learn` run with.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "lists/appended_signature.h"
#include "lists/rpm_file_metadata.h"
#include "logged_uses.h"
#include "support/temp_dir.h"
#include "tool_runner.h"
#include "trust/pkcs7_key_maker.h"
#include "trust/pkcs7_signer.h"

namespace assayfs::testing {

inline std::string Lines(const std::vector<LoggedUse>& uses) {
  std::string lines;
  for (const LoggedUse& use : uses) lines += WriteUse(use) + "\n";
  return lines;
}

// rpm-a has /bin/a and the configuration /etc/a.
class ReplayVerbsTest : public ::testing::Test {
 protected:
  ReplayVerbsTest() {
    std::filesystem::create_directory(dir_ / "lists");
    WriteSigned("lists/rpm-a", PackageOf("a")
                                   .File("/bin/a", DigestOf("a").Hex())
                                   .File("/etc/a", DigestOf("conf").Hex())
                                   .Set(TagNumbers32(1037, {0, kRpmConfig}))
                                   .Build());
  }

  std::string WriteSigned(std::string_view name, Bytes payload) {
    const auto signature = Must(signer_.Sign(payload));
    const auto bytes =
        AppendSignature(payload, SignatureFormat::kPkcs7, signature);
    return dir_.Write(name, AsText(bytes));
  }

  Outcome Run(const std::string& verb, const std::vector<LoggedUse>& uses,
              const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"policy",  verb,
                                      "--keys",  key_.certificate_path,
                                      "--lists", dir_ / "lists"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(dir_.Write("uses", Lines(uses)));
    return RunTool(words);
  }

  TempDir dir_;
  MadeKey key_ = Must(MakePkcs7Key(dir_.path(), "k"));
  Pkcs7Signer signer_ =
      Must(Pkcs7Signer::Load(key_.key_path, key_.certificate_path));
};

}  // namespace assayfs::testing
