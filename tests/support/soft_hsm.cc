// SPDX-License-Identifier: Apache-2.0
// SoftHsm: PKCS#11 tokens in a folder of their own for one test.
#include "support/soft_hsm.h"

#include <cstdlib>
#include <filesystem>

namespace assayfs::testing {
namespace {

// Where Debian and Fedora have it.
constexpr const char* kModules[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                    "/usr/lib64/pkcs11/libsofthsm2.so"};

std::string ModulePath() {
  for (const char* path : kModules) {
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

bool Tool(const std::string& arguments) {
  return std::system(
             ("softhsm2-util " + arguments + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

bool SoftHsm::Available() { return !ModulePath().empty() && Tool("--version"); }

SoftHsm::SoftHsm() {
  std::filesystem::create_directory(dir_ / "tokens");
  const std::string config =
      dir_.Write("softhsm2.conf", "directories.tokendir = " + dir_ / "tokens" +
                                      "\nobjectstore.backend = file\n");
  ::setenv("SOFTHSM2_CONF", config.c_str(), 1);
}

SoftHsm::~SoftHsm() { ::unsetenv("SOFTHSM2_CONF"); }

bool SoftHsm::AddToken(const std::string& label) const {
  return Tool("--init-token --free --label " + label +
              " --pin 1234 --so-pin 12345678");
}

bool SoftHsm::AddKey(const std::string& token, const std::string& path,
                     const std::string& label, const std::string& id) const {
  return Tool("--import " + path + " --token " + token + " --label " + label +
              " --id " + id + " --pin 1234");
}

void SoftHsm::RemoveTokens() const {
  std::filesystem::remove_all(dir_ / "tokens");
}

std::string SoftHsm::Uri(const std::string& parts, const std::string& pin) {
  return "pkcs11:" + parts + "?pin-value=" + pin +
         "&module-path=" + ModulePath();
}

}  // namespace assayfs::testing
