// SPDX-License-Identifier: Apache-2.0
// A private key in a PKCS#11 token, through p11-kit.
//
// The token makes the bare signature, and pkcs7_signer puts it in its place. So
// no key of OpenSSL has to stand for the one in the token, which would take
// interfaces that OpenSSL 3 has deprecated.
#include "trust/pkcs11_key.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "trust/openssl.h"
#include "trust/pkcs11_pin.h"
#include "trust/pkcs11_token.h"

namespace assayfs {
namespace {

constexpr std::string_view kScheme = "pkcs11:";
// Enough for RSA of 16,384 bits, the most that OpenSSL verifies.
constexpr std::size_t kMaxSignatureBytes = 2048;
// DER of DigestInfo before a SHA-256 digest; RFC 8017, 9.2, note 1.
constexpr std::array<unsigned char, 19> kSha256Info = {
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

using Number = openssl::Owned<BIGNUM, BN_free>;
using EcSignature = openssl::Owned<ECDSA_SIG, ECDSA_SIG_free>;

Error LoginFailed(CK_RV code) {
  switch (code) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
      return {EACCES,
              "wrong PIN of the token; it was tried once, and more tries may "
              "lock the token"};
    case CKR_PIN_LOCKED:
      return {EACCES,
              "the PIN of the token is locked; unlock it with the tool of its "
              "vendor"};
    default:
      return Pkcs11Failure(code);
  }
}

// Returns DER of ECDSA-Sig-Value; raw: r and s, each half of it.
// Errors: EIO if OpenSSL fails.
Result<ByteVector> EcdsaDer(const std::vector<unsigned char>& raw) {
  const int half = static_cast<int>(raw.size() / 2);
  Number r(BN_bin2bn(raw.data(), half, nullptr));
  Number s(BN_bin2bn(raw.data() + half, half, nullptr));
  const EcSignature signature(ECDSA_SIG_new());
  unsigned char* der = nullptr;
  if (r == nullptr || s == nullptr || signature == nullptr ||
      ECDSA_SIG_set0(signature.get(), r.release(), s.release()) != 1) {
    return Fail(EIO, "cannot encode a signature: no memory");
  }
  const int length = i2d_ECDSA_SIG(signature.get(), &der);
  if (length <= 0) return Fail(EIO, "cannot encode a signature");
  const auto* first = reinterpret_cast<const std::byte*>(der);
  ByteVector bytes(first, first + length);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

struct Pkcs11Key::State {
  explicit State(Pkcs11Modules loaded) : modules(std::move(loaded)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (session != 0) token.module->C_CloseSession(session);
  }
  Result<void> OpenSession(P11KitUri* uri);
  Result<void> FindPin(P11KitUri* uri);
  CK_RV LogIn(CK_USER_TYPE user) const;
  Result<void> FindKey(P11KitUri* uri);
  Result<void> ReadKey();

  Pkcs11Modules modules;
  Pkcs11Token token;
  CK_SESSION_HANDLE session = 0;  // 0: none
  CK_OBJECT_HANDLE key = 0;
  CK_KEY_TYPE type = CKK_RSA;
  bool asks_each_time = false;   // a login before each signature
  std::optional<Pkcs11Pin> pin;  // none if the token has a keypad
};

Result<void> Pkcs11Key::State::OpenSession(P11KitUri* uri) {
  const auto found = FindPkcs11Token(uri, modules);
  if (!found) return Fail(found.error());
  token = *found;
  const CK_RV failed = token.module->C_OpenSession(
      token.slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
  if (failed != CKR_OK) return Fail(Pkcs11Failure(failed));
  if (!token.Has(CKF_LOGIN_REQUIRED)) return {};
  const auto have_pin = FindPin(uri);
  if (!have_pin) return Fail(have_pin.error());
  const CK_RV refused = LogIn(CKU_USER);
  if (refused != CKR_OK) return Fail(LoginFailed(refused));
  return {};
}

Result<void> Pkcs11Key::State::FindPin(P11KitUri* uri) {
  const char* value = p11_kit_uri_get_pin_value(uri);
  const char* source = p11_kit_uri_get_pin_source(uri);
  if (value != nullptr) {
    if (*value == '\0') return Fail(EINVAL, "pin-value holds no PIN");
    pin.emplace(ToVector(AsBytes(value)));
    return {};
  }
  if (source == nullptr && token.Has(CKF_PROTECTED_AUTHENTICATION_PATH)) {
    return {};
  }
  auto read =
      source != nullptr ? ReadPinSource(source) : AskForPin(token.Label());
  if (!read) return Fail(read.error());
  pin.emplace(std::move(*read));
  return {};
}

CK_RV Pkcs11Key::State::LogIn(CK_USER_TYPE user) const {
  if (!pin) return token.module->C_Login(session, user, nullptr, 0);
  // PKCS#11 has no const; the PIN is only read.
  auto* bytes = const_cast<std::byte*>(pin->bytes().data());
  return token.module->C_Login(session, user,
                               reinterpret_cast<unsigned char*>(bytes),
                               pin->bytes().size());
}

Result<void> Pkcs11Key::State::FindKey(P11KitUri* uri) {
  CK_ULONG attribute_count = 0;
  CK_ATTRIBUTE* attributes = p11_kit_uri_get_attributes(uri, &attribute_count);
  std::array<CK_OBJECT_HANDLE, 2> found{};
  CK_ULONG count = 0;
  CK_RV failed =
      token.module->C_FindObjectsInit(session, attributes, attribute_count);
  if (failed == CKR_OK) {
    failed = token.module->C_FindObjects(session, found.data(), found.size(),
                                         &count);
    token.module->C_FindObjectsFinal(session);
  }
  if (failed != CKR_OK) return Fail(Pkcs11Failure(failed));
  if (count == 0) {
    return Fail(ENOENT,
                "no private key in the token matches the PKCS#11 URI; look at "
                "its object= and id=");
  }
  if (count > 1) {
    return Fail(EINVAL,
                "several private keys match the PKCS#11 URI; name one with "
                "object= or id=");
  }
  key = found[0];
  return {};
}

Result<void> Pkcs11Key::State::ReadKey() {
  CK_ATTRIBUTE attribute = {CKA_KEY_TYPE, &type, sizeof(type)};
  const CK_RV failed =
      token.module->C_GetAttributeValue(session, key, &attribute, 1);
  if (failed != CKR_OK) return Fail(Pkcs11Failure(failed));
  if (type != CKK_RSA && type != CKK_EC) {
    return Fail(EOPNOTSUPP, "the key in the token is neither RSA nor EC");
  }
  CK_BBOOL always = CK_FALSE;
  attribute = {CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always)};
  // Modules that do not know the attribute have no such keys.
  asks_each_time = token.module->C_GetAttributeValue(session, key, &attribute,
                                                     1) == CKR_OK &&
                   always != CK_FALSE;
  if (!asks_each_time) pin.reset();
  return {};
}

Pkcs11Key::Pkcs11Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pkcs11Key::Pkcs11Key(Pkcs11Key&&) noexcept = default;
Pkcs11Key& Pkcs11Key::operator=(Pkcs11Key&&) noexcept = default;
Pkcs11Key::~Pkcs11Key() = default;

bool Pkcs11Key::IsUri(std::string_view text) {
  return text.starts_with(kScheme);
}

Result<Pkcs11Key> Pkcs11Key::Open(const std::string& uri) {
  p11_kit_be_quiet();
  const auto parsed = ParsePkcs11Uri(uri);
  if (!parsed) return Fail(parsed.error());
  auto modules =
      Pkcs11Modules::Load(p11_kit_uri_get_module_path(parsed->get()));
  if (!modules) return Fail(modules.error());
  auto state = std::make_unique<State>(std::move(*modules));
  auto done = state->OpenSession(parsed->get());
  if (done) done = state->FindKey(parsed->get());
  if (done) done = state->ReadKey();
  if (!done) return Fail(done.error());
  return Pkcs11Key(std::move(state));
}

Result<ByteVector> Pkcs11Key::SignSha256(Bytes digest) const {
  const bool rsa = state_->type == CKK_RSA;
  CK_MECHANISM mechanism = {rsa ? CKM_RSA_PKCS : CKM_ECDSA, nullptr, 0};
  std::vector<unsigned char> input;
  if (rsa) input.assign(kSha256Info.begin(), kSha256Info.end());
  for (const std::byte byte : digest) {
    input.push_back(std::to_integer<unsigned char>(byte));
  }
  std::vector<unsigned char> raw(kMaxSignatureBytes);
  CK_ULONG length = raw.size();
  CK_FUNCTION_LIST* module = state_->token.module;
  CK_RV failed = module->C_SignInit(state_->session, &mechanism, state_->key);
  if (failed == CKR_OK && state_->asks_each_time) {
    const CK_RV refused = state_->LogIn(CKU_CONTEXT_SPECIFIC);
    if (refused != CKR_OK) return Fail(LoginFailed(refused));
  }
  if (failed == CKR_OK) {
    failed = module->C_Sign(state_->session, input.data(), input.size(),
                            raw.data(), &length);
  }
  if (failed != CKR_OK) return Fail(Pkcs11Failure(failed));
  raw.resize(length);
  if (!rsa) return EcdsaDer(raw);
  const auto* first = reinterpret_cast<const std::byte*>(raw.data());
  return ByteVector(first, first + raw.size());
}

}  // namespace assayfs
