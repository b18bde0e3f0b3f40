// SPDX-License-Identifier: Apache-2.0
// OpenPGP certificates as rows of packets: what librnp would read too kindly.
#pragma once

#include <map>
#include <vector>

#include "trust/openpgp_packets.h"

namespace assayfs {

// All functions here: packets is one certificate, from its primary key on.
// Nothing is verified. Threads: pure functions. Source: RFC 4880, section 11.1.

// Says whether a subkey is followed by no signature: somebody put it there,
// nobody in particular. librnp would take another copy of it that has one.
bool HasBareSubkey(const std::vector<OpenPgpPacket>& packets);

// The subkeys of a certificate, by the bodies of their packets: whether every
// binding signature (type 0x18) of one has covered key flags. Without them
// librnp lets a subkey do what its algorithm can; but it asks for the subkey's
// own signature on the binding (0x19, which keeps others from adopting it) only
// where the flags say "sign".
std::map<ByteVector, bool> SubkeysWithKeyFlags(
    const std::vector<OpenPgpPacket>& packets);

// Returns the latest time at which a signature says it was made, in seconds
// since 1970; 0 if there is none.
std::uint32_t NewestSignature(const std::vector<OpenPgpPacket>& packets);

// Returns a copy of the certificate in which the keys are followed by their
// revocations (types 0x20 and 0x28) and by nothing else.
ByteVector OnlyRevocations(const std::vector<OpenPgpPacket>& packets);

}  // namespace assayfs
