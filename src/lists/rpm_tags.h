// SPDX-License-Identifier: Apache-2.0
// RpmTags: the index of one RPM header structure, with checked access to tags.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// Tag numbers, as rpmtag.h of librpm has them.
enum class RpmTag : std::uint32_t {
  kImmutable = 63,  // HEADERIMMUTABLE
  kDsaHeader = 267,
  kRsaHeader = 268,
  kOpenPgp = 278,
  kName = 1000,
  kVersion = 1001,
  kRelease = 1002,
  kEpoch = 1003,
  kArch = 1022,
  kOldFileNames = 1027,
  kFileSizes = 1028,
  kFileModes = 1030,
  kFileRdevs = 1033,
  kFileMtimes = 1034,
  kFileDigests = 1035,
  kFileLinkTos = 1036,
  kFileFlags = 1037,
  kFileUserName = 1039,
  kFileGroupName = 1040,
  kFileVerifyFlags = 1045,
  kDirIndexes = 1116,
  kBaseNames = 1117,
  kDirNames = 1118,
  kLongFileSizes = 5008,
  kFileCaps = 5010,
  kFileDigestAlgo = 5011,
};

// EBADMSG "RPM header: WHAT": how every reader of headers fails.
tl::unexpected<Error> MalformedRpmHeader(std::string_view what);
tl::unexpected<Error> MalformedRpmHeader(RpmTag tag, std::string_view what);

// The tags of one header structure:
//   magic 8eade801 00000000 | be32 index count | be32 data size |
//   index count * {be32 tag, be32 type, be32 offset, be32 count} | data
//
// Borrows the bytes it was read from. Every getter fails with EBADMSG if the
// tag is missing, has another type, or leaves the data.
// Threads: immutable.
class RpmTags {
 public:
  // kRequired: the first entry must be the immutable region, and it must hold
  // every other entry and all data; no tag may come twice. kIgnored: for
  // signature headers, which nothing signs; of equal tags the first counts.
  enum class Region { kRequired, kIgnored };

  // Takes one header structure from the front of in.
  // Errors: EBADMSG for what is not such a structure.
  static Result<RpmTags> Take(ByteReader& in, Region region);

  // Takes a whole header as a signature covers it: at most kMaxListBytes, the
  // region required, nothing behind the end. Errors: EBADMSG.
  static Result<RpmTags> Parse(Bytes bytes);

  bool Has(RpmTag tag) const { return Find(tag) != nullptr; }

  Result<std::string_view> String(RpmTag tag) const;
  Result<std::vector<std::string_view>> Strings(RpmTag tag) const;
  Result<std::vector<std::uint16_t>> Numbers16(RpmTag tag) const;
  Result<std::vector<std::uint32_t>> Numbers32(RpmTag tag) const;
  Result<std::vector<std::uint64_t>> Numbers64(RpmTag tag) const;
  // The one value of a tag that holds exactly one.
  Result<std::uint32_t> Number32(RpmTag tag) const;
  Result<Bytes> Binary(RpmTag tag) const;

 private:
  enum class Type : std::uint32_t {
    kInt16 = 3,
    kInt32 = 4,
    kInt64 = 5,
    kString = 6,
    kBinary = 7,
    kStringArray = 8,
  };
  struct Entry {
    std::uint32_t tag;
    std::uint32_t type;
    std::uint32_t offset;
    std::uint32_t count;

    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // A tag that was found: its count, and the data from its offset on.
  struct Value {
    std::uint32_t count;
    ByteReader data;
  };

  static Result<Entry> TakeEntry(ByteReader& in);
  Result<void> CheckEntry(const Entry& entry) const;
  Result<void> CheckRegion() const;
  Result<void> CheckDuplicates() const;
  const Entry* Find(RpmTag tag) const;
  Result<Value> Get(RpmTag tag, Type type) const;

  std::vector<Entry> entries_;  // in file order until read, then by tag
  Bytes data_;
};

}  // namespace assayfs
