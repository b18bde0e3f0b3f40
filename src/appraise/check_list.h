// SPDX-License-Identifier: Apache-2.0
// CheckList: the steps that a list takes from bytes to being relied on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "appraise/digest_index.h"
#include "appraise/list_source.h"
#include "assayfs/measurer.h"
#include "assayfs/signature_verifier.h"
#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

struct ListRules {
  bool allow_weak = false;  // accept MD5, SHA-1 and SHA-224 digests
  // false: load lists without a good signature too, marked as not verified.
  bool require_signature = true;
  // Keep what headers say of files beside their digests. A header without it is
  // refused.
  bool attributes = false;
  // Lists that are revoked are refused, borrowed. Null where they are kept, and
  // count no more.
  const Revocations* revocations = nullptr;
  // Says in which PCR the list in a file is measured; nothing: it is not. Null:
  // all are, in that of the mount.
  struct Pcr {
    std::optional<std::uint32_t> number;  // nothing: that of the mount
  };
  std::function<std::optional<Pcr>(const std::string& origin,
                                   const std::optional<ListFile>& file)>
      pcr_for = {};
};
std::optional<ListRules::Pcr> PcrFor(const ListRules& rules,
                                     const std::string& origin,
                                     const std::optional<ListFile>& file);

// Why a list was refused: what the message of an error of CheckList,
// MeasureList or reading begins with. Explained in assayfs-lists(1).
inline constexpr std::array<std::string_view, 17> kRefusalReasons = {
    "unreadable",
    "too large",
    "list name",
    "RPM package",
    "unsigned",
    "appended signature",
    "no key",
    "bad signature",
    "key rejected",
    "weak signature",
    "malformed signature",
    "RPM header",
    "TLV list",
    "weak digests",
    "unknown digests",
    "revoked",
    "not measured"};

// Returns the one that error begins with; "unreadable" for an error of another
// kind. Threads: pure function.
std::string_view RefusalReason(const Error& error);

// Name -> split -> verify -> parse -> refuse digests. Nothing of the
// payload is parsed before its signature is verified. The list is not measured.
//
// Errors: that of raw.bytes; EINVAL for the name; ENOKEY "unsigned"; ENOKEY
// "no key: ..." if no trusted key made the signature; EKEYREJECTED for any
// other signature that is not good; those of ParseList; EOPNOTSUPP for a weak
// digest, or one that this machine's OpenSSL cannot compute; that of
// RefuseRevoked. A verified list without any digest is no error.
// Threads: safe.
Result<LoadedList> CheckList(const RawList& raw,
                             const SignatureVerifier& verifier,
                             const ListRules& rules);

// The payload of a list that a trusted key signed.
struct SignedPayload {
  ListFormat format = ListFormat::kRpm;
  Bytes bytes;  // borrows from the list; nothing in it is parsed yet
  Signer signer;
};

// Name -> split -> verify, for those who want something else than digests from
// the payload. Errors: those of CheckList up to there. Threads: safe.
Result<SignedPayload> CheckListSignature(const RawList& raw,
                                         const SignatureVerifier& verifier);

// Measures a list, if the rules say so; it must come before the list is relied
// on. Errors: EIO "not measured: ...".
Result<void> MeasureList(LoadedList& list, const ListRules& rules,
                         Measurer& measurer);

}  // namespace assayfs
