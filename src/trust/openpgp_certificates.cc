// SPDX-License-Identifier: Apache-2.0
// OpenPGP certificates: what each of their keys may vouch for, by librnp.
#include "trust/openpgp_certificates.h"

#include <cstdio>
#include <memory>
#include <mutex>

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include "trust/openpgp_packets.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxBlockBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxPackets = 100'000;

// Keeps librnp's own messages off stderr: builds of it for debugging, such as
// that of Debian, write whatever the environment says. C's stderr is a
// variable in glibc; C++ streams do not follow it. One object at a time, or
// two could restore it in the wrong order.
class QuietStderr {
 public:
  QuietStderr() : lock_(mutex()), saved_(stderr) {
    FILE* silence = std::fopen("/dev/null", "we");
    if (silence != nullptr) stderr = silence;
  }
  QuietStderr(const QuietStderr&) = delete;
  QuietStderr& operator=(const QuietStderr&) = delete;
  ~QuietStderr() {
    FILE* silence = stderr;
    stderr = saved_;
    if (silence != saved_) std::fclose(silence);
  }

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }

  std::lock_guard<std::mutex> lock_;
  FILE* saved_;
};

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Session = std::unique_ptr<rnp_ffi_st, Deleter<rnp_ffi_destroy>>;
using Input = std::unique_ptr<rnp_input_st, Deleter<rnp_input_destroy>>;
using Output = std::unique_ptr<rnp_output_st, Deleter<rnp_output_destroy>>;
using Handle =
    std::unique_ptr<rnp_key_handle_st, Deleter<rnp_key_handle_destroy>>;
using Iterator = std::unique_ptr<rnp_identifier_iterator_st,
                                 Deleter<rnp_identifier_iterator_destroy>>;
using Buffer = std::unique_ptr<void, Deleter<rnp_buffer_destroy>>;

Input OpenInput(Bytes bytes) {
  rnp_input_t input = nullptr;
  rnp_input_from_memory(&input,
                        reinterpret_cast<const std::uint8_t*>(bytes.data()),
                        bytes.size(), false);
  return Input(input);
}

Session OpenSession() {
  rnp_ffi_t session = nullptr;
  rnp_ffi_create(&session, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG);
  return Session(session);
}

// A subkey that no signature follows has been put there by nobody in
// particular. librnp would take another copy of it that has one.
bool HasBareSubkey(const std::vector<OpenPgpPacket>& packets) {
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (packets[i].tag == kOpenPgpSubkeyTag &&
        (i + 1 == packets.size() ||
         packets[i + 1].tag != kOpenPgpSignatureTag)) {
      return true;
    }
  }
  return false;
}

Result<void> Import(rnp_ffi_t session, Bytes certificate) {
  const auto packets = SplitOpenPgpPackets(certificate, kMaxPackets);
  if (!packets) return Fail(packets.error());
  if (HasBareSubkey(*packets)) {
    return Fail(EBADMSG, "a subkey has no binding signature");
  }
  const Input input = OpenInput(certificate);
  if (!input) return Fail(EIO, "librnp: cannot read from memory");
  // Permissive: a subkey that librnp does not know is left out alone.
  char* results = nullptr;
  const rnp_result_t imported = rnp_import_keys(
      session, input.get(),
      RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE, &results);
  const Buffer owner(results);
  if (imported != RNP_SUCCESS || results == nullptr) {
    return Fail(EBADMSG, "librnp refuses the certificate: " +
                             std::string(rnp_result_to_string(imported)));
  }
  // The results are JSON, with one fingerprint for each key taken.
  if (std::string_view(results).find("\"fingerprint\"") ==
      std::string_view::npos) {
    return Fail(EBADMSG, "librnp finds no key that it knows");
  }
  return {};
}

// Calls a librnp function that returns a string; empty if it fails.
template <typename Function>
std::string Text(Function function, rnp_key_handle_t key) {
  char* text = nullptr;
  if (function(key, &text) != RNP_SUCCESS || text == nullptr) return {};
  const Buffer owner(text);
  return text;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Handle Locate(rnp_ffi_t session, const std::string& fingerprint) {
  rnp_key_handle_t key = nullptr;
  rnp_locate_key(session, "fingerprint", fingerprint.c_str(), &key);
  return Handle(key);
}

// False also when librnp cannot say.
bool IsUnrevoked(rnp_key_handle_t key) {
  bool revoked = true;
  return rnp_key_is_revoked(key, &revoked) == RNP_SUCCESS && !revoked;
}

Result<OpenPgpKey> Describe(rnp_ffi_t session, const std::string& fingerprint) {
  const Handle key = Locate(session, fingerprint);
  if (!key) return Fail(EIO, "librnp: key is gone");
  OpenPgpKey out;
  out.fingerprint = Lower(fingerprint);
  std::string primary = Text(rnp_key_get_primary_fprint, key.get());
  if (primary.empty()) primary = fingerprint;
  const Handle certificate = Locate(session, primary);
  out.certificate = Lower(primary);
  out.revoked = !IsUnrevoked(key.get()) || !certificate ||
                !IsUnrevoked(certificate.get());
  if (certificate) {
    out.user_id = Text(rnp_key_get_primary_uid, certificate.get());
    if (out.user_id.empty()) {
      // An expired certificate has no valid user ID.
      out.user_id =
          Text([](rnp_key_handle_t handle,
                  char** text) { return rnp_key_get_uid_at(handle, 0, text); },
               certificate.get());
    }
  }
  std::uint8_t* packet = nullptr;
  std::size_t packet_size = 0;
  if (rnp_key_allows_usage(key.get(), "sign", &out.may_sign) != RNP_SUCCESS ||
      rnp_key_get_creation(key.get(), &out.created) != RNP_SUCCESS ||
      rnp_key_valid_till64(key.get(), &out.valid_until) != RNP_SUCCESS ||
      rnp_get_public_key_data(key.get(), &packet, &packet_size) !=
          RNP_SUCCESS) {
    return Fail(EIO, "librnp: cannot describe key " + out.fingerprint);
  }
  const Buffer owner(packet);
  const auto packets = SplitOpenPgpPackets(
      std::as_bytes(std::span(packet, packet_size)), kMaxPackets);
  if (!packets || packets->empty())
    return Fail(EIO, "librnp: not a key packet");
  out.packet = ToVector(packets->front().body);
  return out;
}

}  // namespace

Result<std::vector<ByteVector>> SplitOpenPgpBlock(std::string_view block) {
  const QuietStderr quiet;
  const Input input = OpenInput(AsBytes(block));
  rnp_output_t made = nullptr;
  rnp_output_to_memory(&made, kMaxBlockBytes);
  const Output output(made);
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (!input || !output || rnp_dearmor(input.get(), output.get()) != 0 ||
      rnp_output_memory_get_buf(output.get(), &data, &size, false) != 0) {
    return Fail(EBADMSG, "the armour is broken");
  }
  const auto packets =
      SplitOpenPgpPackets(std::as_bytes(std::span(data, size)), kMaxPackets);
  if (!packets) return Fail(packets.error());
  std::vector<ByteVector> certificates;
  for (const OpenPgpPacket& packet : *packets) {
    if (packet.tag == kOpenPgpPublicKeyTag) certificates.emplace_back();
    if (certificates.empty()) return Fail(EBADMSG, "not a public key");
    AppendBytes(certificates.back(), packet.whole);
  }
  if (certificates.empty()) return Fail(EBADMSG, "empty block");
  return certificates;
}

Result<std::vector<OpenPgpKey>> ReadOpenPgpKeys(
    const std::vector<ByteVector>& certificates) {
  const QuietStderr quiet;
  const Session session = OpenSession();
  if (!session) return Fail(EIO, "librnp: cannot be started");
  for (const ByteVector& certificate : certificates) {
    auto imported = Import(session.get(), certificate);
    if (!imported) return Fail(std::move(imported).error());
  }
  rnp_identifier_iterator_t made = nullptr;
  rnp_identifier_iterator_create(session.get(), &made, "fingerprint");
  const Iterator iterator(made);
  if (!iterator) return Fail(EIO, "librnp: cannot list keys");
  std::vector<OpenPgpKey> keys;
  const char* fingerprint = nullptr;
  while (rnp_identifier_iterator_next(iterator.get(), &fingerprint) ==
             RNP_SUCCESS &&
         fingerprint != nullptr) {
    auto key = Describe(session.get(), fingerprint);
    if (!key) return Fail(std::move(key).error());
    keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace assayfs
