// SPDX-License-Identifier: Apache-2.0
// Recorded uses, and indexes to hold them against.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/uses/use_log.h"
#include "appraise/check_list.h"
#include "appraise/digest_index.h"
#include "support/fakes.h"
#include "support/header_builder.h"

namespace assayfs::testing {

inline LoggedUse Used(const std::string& path, std::string_view content,
                      Mask mask = kMayRead) {
  LoggedUse use;
  use.use.mask = mask;
  use.use.text(TextFact::kPath) = {path};
  use.digests = {DigestOf(content)};
  use.mode = 0100755;
  use.verdict = "allow";
  use.reason = "known";
  return use;
}

// A list that is signed by who FakeVerifier trusts.
inline RawList SignedList(const std::string& name, Bytes payload) {
  return {name, "/lists/" + name,
          AppendSignature(payload, SignatureFormat::kPkcs7, AsBytes("good"))};
}

// A header of a package NAME-1-1.noarch.
inline HeaderBuilder PackageOf(const std::string& name) {
  return HeaderBuilder().Package(name, "1", "1", "noarch").Metadata();
}

inline std::shared_ptr<const DigestIndex> IndexOf(
    const std::vector<RawList>& lists, std::string_view revoked = {}) {
  DigestIndex::Lists loaded;
  loaded.reserve(lists.size());
  for (const RawList& raw : lists) {
    loaded.push_back(std::make_shared<const LoadedList>(
        Must(CheckList(raw, FakeVerifier(), {.attributes = true}))));
  }
  auto withdrawals = std::make_shared<Withdrawals>();
  withdrawals->revocations.Add("test", revoked);
  return DigestIndex(1, std::move(loaded)).Under(1, std::move(withdrawals));
}

}  // namespace assayfs::testing
