// SPDX-License-Identifier: Apache-2.0
// Where a PKCS#11 URI leads: modules, and the token in one of them.
#include "trust/pkcs11_token.h"

#include <utility>

namespace assayfs {
namespace {

std::vector<CK_SLOT_ID> SlotsWithTokens(CK_FUNCTION_LIST* module) {
  CK_ULONG count = 0;
  if (module->C_GetSlotList(CK_TRUE, nullptr, &count) != CKR_OK) return {};
  std::vector<CK_SLOT_ID> slots(count);
  if (module->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) return {};
  slots.resize(count);
  return slots;
}

bool Matches(P11KitUri* uri, const Pkcs11Token& token) {
  CK_INFO module_info{};
  CK_SLOT_INFO slot_info{};
  const CK_SLOT_ID slot = p11_kit_uri_get_slot_id(uri);
  return p11_kit_uri_match_token_info(uri, &token.info) != 0 &&
         (slot == CK_UNAVAILABLE_INFORMATION || slot == token.slot) &&
         token.module->C_GetSlotInfo(token.slot, &slot_info) == CKR_OK &&
         p11_kit_uri_match_slot_info(uri, &slot_info) != 0 &&
         token.module->C_GetInfo(&module_info) == CKR_OK &&
         p11_kit_uri_match_module_info(uri, &module_info) != 0;
}

// Makes uri one of a private key, if it does not say so itself.
// Errors: EINVAL if it says otherwise.
Result<void> WantPrivateKey(P11KitUri* uri) {
  CK_OBJECT_CLASS wanted = CKO_PRIVATE_KEY;
  const CK_ATTRIBUTE* type = p11_kit_uri_get_attribute(uri, CKA_CLASS);
  if (type != nullptr &&
      *static_cast<const CK_OBJECT_CLASS*>(type->pValue) != wanted) {
    return Fail(EINVAL,
                "the PKCS#11 URI is not of a private key; use type=private");
  }
  CK_ATTRIBUTE attribute = {CKA_CLASS, &wanted, sizeof(wanted)};
  p11_kit_uri_set_attribute(uri, &attribute);  // copies the value
  return {};
}

}  // namespace

Result<Pkcs11Uri> ParsePkcs11Uri(const std::string& text) {
  Pkcs11Uri uri(p11_kit_uri_new());
  const int failed =
      p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (failed != P11_KIT_URI_OK) {
    return Fail(EINVAL, std::string("not a PKCS#11 URI: ") +
                            p11_kit_uri_message(failed) +
                            "; one looks like pkcs11:token=NAME;object=NAME");
  }
  if (p11_kit_uri_any_unrecognized(uri.get()) != 0) {
    return Fail(EINVAL,
                "not a PKCS#11 URI: it has an attribute that is not known; "
                "RFC 7512 has token, serial, object, id, type and others");
  }
  const auto private_key = WantPrivateKey(uri.get());
  if (!private_key) return Fail(private_key.error());
  return uri;
}

Result<Pkcs11Modules> Pkcs11Modules::Load(const char* path) {
  Pkcs11Modules modules;
  if (path == nullptr) {
    modules.configured_.reset(p11_kit_modules_load_and_initialize(0));
    CK_FUNCTION_LIST** next = modules.configured_.get();
    // A null pointer is behind the last one.
    while (next != nullptr && *next != nullptr) {
      modules.ready_.push_back(*next++);
    }
  } else {
    CK_FUNCTION_LIST* loaded = p11_kit_module_load(path, 0);
    modules.named_.reset(loaded);
    if (loaded != nullptr && p11_kit_module_initialize(loaded) == CKR_OK) {
      modules.ready_.push_back(loaded);
    }
  }
  if (!modules.ready_.empty()) return modules;
  const char* why = p11_kit_message();
  return Fail(ENODEV, std::string("no PKCS#11 module can be used: ") +
                          (why != nullptr ? why : "none is known to p11-kit") +
                          "; name the token's with module-path= in the URI");
}

std::string Pkcs11Token::Label() const {
  // It is filled up with spaces.
  return {reinterpret_cast<const char*>(info.label),
          p11_kit_space_strlen(info.label, sizeof(info.label))};
}

Result<Pkcs11Token> FindPkcs11Token(P11KitUri* uri,
                                    const Pkcs11Modules& modules) {
  std::vector<Pkcs11Token> found;
  for (CK_FUNCTION_LIST* module : modules.ready()) {
    for (const CK_SLOT_ID slot : SlotsWithTokens(module)) {
      Pkcs11Token token{module, slot, {}};
      if (module->C_GetTokenInfo(slot, &token.info) == CKR_OK &&
          token.Has(CKF_TOKEN_INITIALIZED) && Matches(uri, token)) {
        found.push_back(token);
      }
    }
  }
  if (found.empty()) {
    return Fail(ENODEV,
                "no token matches the PKCS#11 URI; plug it in, or name its "
                "module with module-path= if p11-kit does not know that");
  }
  if (found.size() > 1) {
    return Fail(EINVAL,
                "several tokens match the PKCS#11 URI; name one with token= or "
                "serial=, or its module with module-path=");
  }
  return found.front();
}

Error Pkcs11Failure(CK_RV code) {
  return {EIO, std::string("the token failed: ") + p11_kit_strerror(code) +
                   "; see that it is plugged in and no other program holds it"};
}

}  // namespace assayfs
