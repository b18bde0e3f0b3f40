// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reading of OpenPGP packets, signatures and keys. Packets must be
// put together again to the very bytes that were split.
#include <algorithm>

#include "target.h"
#include "trust/openpgp_packets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using assayfs::fuzz::Require;
  constexpr std::size_t kMaxPackets = 16;
  if (size > assayfs::fuzz::kMaxInputBytes) return 0;
  const auto input = assayfs::fuzz::AsInput(data, size);
  const auto packets = assayfs::SplitOpenPgpPackets(input, kMaxPackets);
  if (!packets) return 0;
  assayfs::ByteVector joined;
  for (const assayfs::OpenPgpPacket& packet : *packets) {
    assayfs::AppendBytes(joined, packet.whole);
    if (const auto signature = assayfs::ParseOpenPgpSignature(packet.body)) {
      Require(signature->issuer.size() == 16 || signature->issuer.size() == 40);
    }
    static_cast<void>(assayfs::ParseOpenPgpKey(packet.body));
  }
  Require(std::ranges::equal(joined, input));
  return 0;
}
