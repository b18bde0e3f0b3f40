// SPDX-License-Identifier: Apache-2.0
// Where a PKCS#11 URI leads: modules, and the token in one of them.
//
// For pkcs11_* only: types of p11-kit do not leave these files.
#pragma once

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace assayfs {

struct FreePkcs11Uri {
  void operator()(P11KitUri* uri) const { p11_kit_uri_free(uri); }
};
using Pkcs11Uri = std::unique_ptr<P11KitUri, FreePkcs11Uri>;

// Reads a URI of a private key.
// Errors: EINVAL if it is none; the message does not hold text. Threads: pure
// function.
Result<Pkcs11Uri> ParsePkcs11Uri(const std::string& text);

// Modules that are loaded and ready; unloaded with the object.
//
// Threads: one object, one thread.
class Pkcs11Modules {
 public:
  // Loads the module in the file path, or, if that is null, all that p11-kit is
  // configured with. Errors: ENODEV if none can be used.
  static Result<Pkcs11Modules> Load(const char* path);

  const std::vector<CK_FUNCTION_LIST*>& ready() const { return ready_; }

 private:
  struct FreeOne {
    void operator()(CK_FUNCTION_LIST* module) const {
      p11_kit_module_finalize(module);
      p11_kit_module_release(module);
    }
  };
  struct FreeAll {
    void operator()(CK_FUNCTION_LIST** modules) const {
      p11_kit_modules_finalize_and_release(modules);
    }
  };

  // One of them holds what is ready.
  std::unique_ptr<CK_FUNCTION_LIST*, FreeAll> configured_;
  std::unique_ptr<CK_FUNCTION_LIST, FreeOne> named_;
  std::vector<CK_FUNCTION_LIST*> ready_;
};

// A token that is plugged in. module: borrowed from Pkcs11Modules.
struct Pkcs11Token {
  CK_FUNCTION_LIST* module = nullptr;
  CK_SLOT_ID slot = 0;
  CK_TOKEN_INFO info{};

  bool Has(CK_FLAGS flag) const { return (info.flags & flag) != 0; }
  // The name that it was given, as it stands in the token.
  std::string Label() const;
};

// Finds the token that uri means, by what it says of token, slot and module.
// Errors: ENODEV if there is none, EINVAL if there are several: the PIN of one
// must not be tried on another.
Result<Pkcs11Token> FindPkcs11Token(P11KitUri* uri,
                                    const Pkcs11Modules& modules);

// Returns EIO with the words for what a function of a module answered.
// code: not CKR_OK.
Error Pkcs11Failure(CK_RV code);

}  // namespace assayfs
