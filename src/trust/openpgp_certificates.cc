// SPDX-License-Identifier: Apache-2.0
// OpenPGP certificates: what each of their keys may vouch for, by librnp.
#include "trust/openpgp_certificates.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>

#include "trust/openpgp_certificate_packets.h"
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

// now: seconds since 1970, for librnp to go by.
Session OpenSession(std::uint64_t now) {
  rnp_ffi_t made = nullptr;
  rnp_ffi_create(&made, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG);
  Session session(made);
  if (session && rnp_set_timestamp(session.get(), now) != RNP_SUCCESS) {
    return nullptr;
  }
  return session;
}

// For self-signatures. By itself librnp refuses SHA-1 in those made from 2024
// on (and finds the known kind of collisions in older ones), and MD5 in those
// from 2012 on. When they were made is their own word, so no MD5 at all.
Session OpenStrictSession(std::uint64_t now) {
  Session session = OpenSession(now);
  if (session &&
      rnp_add_security_rule(session.get(), RNP_FEATURE_HASH_ALG, "MD5",
                            RNP_SECURITY_OVERRIDE, 0,
                            RNP_SECURITY_PROHIBITED) != RNP_SUCCESS) {
    return nullptr;
  }
  return session;
}

// For revocations: a weak hash is no reason to trust a revoked key.
Session OpenLaxSession(std::uint64_t now) {
  Session session = OpenSession(now);
  if (session && rnp_remove_security_rule(session.get(), RNP_FEATURE_HASH_ALG,
                                          nullptr, 0, RNP_SECURITY_REMOVE_ALL,
                                          0, nullptr) != RNP_SUCCESS) {
    return nullptr;
  }
  return session;
}

Result<void> Import(rnp_ffi_t session, Bytes certificate) {
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

bool IsRevokedIn(rnp_ffi_t session, const std::string& fingerprint) {
  const Handle key = Locate(session, fingerprint);
  return !key || !IsUnrevoked(key.get());
}

// The two views of one certificate, all of its copies merged.
struct Certificate {
  Session keys;
  // Its keys and their revocations, without anything that could keep librnp
  // from believing these: it ignores a subkey's revocation that was made after
  // the primary key expired.
  Session revocations;
  std::map<ByteVector, bool> subkeys;  // as SubkeysWithKeyFlags gives them
};

// copy: the packets of whole.
Result<void> Take(Bytes whole, const std::vector<OpenPgpPacket>& copy,
                  Certificate& certificate) {
  if (HasBareSubkey(copy)) {
    return Fail(EBADMSG, "a subkey has no binding signature");
  }
  for (const auto& [body, has_flags] : SubkeysWithKeyFlags(copy)) {
    const auto known = certificate.subkeys.emplace(body, true).first;
    known->second = known->second && has_flags;
  }
  auto imported = Import(certificate.keys.get(), whole);
  if (!imported) return imported;
  return Import(certificate.revocations.get(), OnlyRevocations(copy));
}

Result<OpenPgpKey> Describe(const Certificate& all,
                            const std::string& fingerprint) {
  rnp_ffi_t session = all.keys.get();
  const Handle key = Locate(session, fingerprint);
  if (!key) return Fail(EIO, "librnp: key is gone");
  OpenPgpKey out;
  out.fingerprint = Lower(fingerprint);
  std::string primary = Text(rnp_key_get_primary_fprint, key.get());
  if (primary.empty()) primary = fingerprint;
  const Handle certificate = Locate(session, primary);
  out.certificate = Lower(primary);
  out.revoked = !IsUnrevoked(key.get()) || !certificate ||
                !IsUnrevoked(certificate.get()) ||
                IsRevokedIn(all.revocations.get(), fingerprint) ||
                IsRevokedIn(all.revocations.get(), primary);
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
  if (out.fingerprint != out.certificate) {
    const auto subkey = all.subkeys.find(out.packet);
    out.may_sign =
        out.may_sign && subkey != all.subkeys.end() && subkey->second;
  }
  return out;
}

// Appends the keys of one certificate.
Result<void> ReadCertificate(const std::vector<Bytes>& copies,
                             std::vector<OpenPgpKey>& keys) {
  // librnp has no use for self-signatures that lie in the future, and where a
  // clock is slow that may be all of them.
  std::uint64_t now = static_cast<std::uint64_t>(std::time(nullptr));
  std::vector<std::vector<OpenPgpPacket>> all_packets;
  for (const Bytes copy : copies) {
    auto packets = SplitOpenPgpPackets(copy, kMaxPackets);
    if (!packets) return Fail(std::move(packets).error());
    now = std::max<std::uint64_t>(now, NewestSignature(*packets));
    all_packets.push_back(std::move(*packets));
  }
  Certificate certificate{OpenStrictSession(now), OpenLaxSession(now), {}};
  if (!certificate.keys || !certificate.revocations) {
    return Fail(EIO, "librnp: cannot be started");
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    auto taken = Take(copies[i], all_packets[i], certificate);
    if (!taken) return taken;
  }
  rnp_identifier_iterator_t made = nullptr;
  rnp_identifier_iterator_create(certificate.keys.get(), &made, "fingerprint");
  const Iterator iterator(made);
  if (!iterator) return Fail(EIO, "librnp: cannot list keys");
  const char* fingerprint = nullptr;
  while (rnp_identifier_iterator_next(iterator.get(), &fingerprint) ==
             RNP_SUCCESS &&
         fingerprint != nullptr) {
    auto key = Describe(certificate, fingerprint);
    if (!key) return Fail(std::move(key).error());
    keys.push_back(std::move(*key));
  }
  return {};
}

// Copies of one certificate begin with the same packet.
std::vector<std::vector<Bytes>> GroupCopies(
    const std::vector<ByteVector>& certificates) {
  std::map<ByteVector, std::size_t> places;
  std::vector<std::vector<Bytes>> groups;
  for (const ByteVector& certificate : certificates) {
    const auto packets = SplitOpenPgpPackets(certificate, kMaxPackets);
    const Bytes start = packets && !packets->empty() ? packets->front().body
                                                     : Bytes(certificate);
    const auto [place, is_new] = places.emplace(ToVector(start), groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(certificate);
  }
  return groups;
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
  std::vector<OpenPgpKey> keys;
  for (const auto& copies : GroupCopies(certificates)) {
    auto read = ReadCertificate(copies, keys);
    if (!read) return Fail(std::move(read).error());
  }
  return keys;
}

}  // namespace assayfs
