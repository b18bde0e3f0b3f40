// SPDX-License-Identifier: Apache-2.0
// OpenPGP certificates as rows of packets: what librnp would read too kindly.
#include "trust/openpgp_certificate_packets.h"

#include <algorithm>
#include <optional>

namespace assayfs {
namespace {

// RFC 4880, section 5.2.1.
constexpr std::uint8_t kSubkeyBinding = 0x18;
constexpr std::uint8_t kKeyRevocation = 0x20;
constexpr std::uint8_t kSubkeyRevocation = 0x28;

// Nothing for a packet that is no signature.
std::optional<OpenPgpSignatureOutline> Outline(const OpenPgpPacket& packet) {
  if (packet.tag != kOpenPgpSignatureTag) return std::nullopt;
  return OutlineOpenPgpSignature(packet.body);
}

}  // namespace

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

std::map<ByteVector, bool> SubkeysWithKeyFlags(
    const std::vector<OpenPgpPacket>& packets) {
  std::map<ByteVector, bool> subkeys;
  auto subkey = subkeys.end();
  for (const OpenPgpPacket& packet : packets) {
    const auto signature = Outline(packet);
    if (packet.tag == kOpenPgpSubkeyTag) {
      subkey = subkeys.emplace(ToVector(packet.body), true).first;
    } else if (subkey != subkeys.end() && signature &&
               signature->type == kSubkeyBinding && !signature->has_key_flags) {
      subkey->second = false;
    }
  }
  return subkeys;
}

std::uint32_t NewestSignature(const std::vector<OpenPgpPacket>& packets) {
  std::uint32_t newest = 0;
  for (const OpenPgpPacket& packet : packets) {
    const auto signature = Outline(packet);
    if (signature) newest = std::max(newest, signature->created);
  }
  return newest;
}

ByteVector OnlyRevocations(const std::vector<OpenPgpPacket>& packets) {
  ByteVector out;
  bool in_subkey = false;
  for (const OpenPgpPacket& packet : packets) {
    const auto signature = Outline(packet);
    in_subkey = in_subkey || packet.tag == kOpenPgpSubkeyTag;
    const bool is_key =
        packet.tag == kOpenPgpPublicKeyTag || packet.tag == kOpenPgpSubkeyTag;
    const bool is_revocation =
        signature &&
        signature->type == (in_subkey ? kSubkeyRevocation : kKeyRevocation);
    if (is_key || is_revocation) AppendBytes(out, packet.whole);
  }
  return out;
}

}  // namespace assayfs
