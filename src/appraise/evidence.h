// SPDX-License-Identifier: Apache-2.0
// What digest lists say of content, as evidence for a decision.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "appraise/check_list.h"
#include "appraise/digest_index.h"
#include "appraise/verdict_cache.h"
#include "policy/decide.h"

namespace assayfs {

// Returns the digest in this algorithm; null if content has none.
const Digest* FindAlgorithm(const Content& content, HashAlgorithm algorithm);

// Says whether a digest in this algorithm, or an entry of a list, counts under
// a rule: see Terms. rule: null for none, under which all count.
bool Counts(const Rule* rule, HashAlgorithm algorithm);
bool Counts(const Rule* rule, const DigestIndex::Entry& entry);

// Says whether a list passes what the policy asks of lists before their files
// may pass: func=DIGEST_LIST_CHECK.
bool IsAppraised(const Policy& policy, const LoadedList& list);

// Says in which PCR the policy has a list measured, of which own is the use;
// nothing: it has not.
std::optional<ListRules::Pcr> PcrForList(const Policy& policy, const Use& own);

// Returns what content is hashed in for a use that demands are about: the
// algorithms of digests in lists that count, of those that are revoked, and
// SHA-256 where a record is due. At least one, for the record of a denial.
// waiting: how many lists are not loaded yet. While there are any, no algorithm
// is left out, because content is looked for in each of them by all its
// digests.
std::vector<HashAlgorithm> AlgorithmsFor(const DigestIndex& index,
                                         std::span<const Demand> demands,
                                         std::size_t waiting);

// Returns every entry with one of the digests of content that counts under
// rule, which may be null.
std::vector<DigestIndex::Entry> FindContent(const DigestIndex& index,
                                            const Content& content,
                                            const Rule* rule);

// Puts what lists say of content into evidence. policy: that demand is of.
// known: as FindContent gives it for demand.rule(). Returns why it was
// withdrawn or does not count, for people; nothing if it does.
std::string AddKnown(const Policy& policy, const DigestIndex& index,
                     const Content& content, const Demand& demand,
                     const std::vector<DigestIndex::Entry>& known,
                     Evidence& evidence);

// What one demand of the policy found.
struct Grounds {
  std::vector<DigestIndex::Entry> known;     // with the content
  std::vector<DigestIndex::Entry> expected;  // for the path
  std::optional<mode_t> mode;  // the st_mode that was judged, if it is bound
  std::string detail;          // for people
};

// Looks content up in lists, for one demand of policy; puts what it finds into
// evidence, but not whether the file agrees with what is bound.
Grounds LookUpContent(const Policy& policy, const DigestIndex& index,
                      const Content& content, const Demand& demand,
                      Evidence& evidence);
// Returns the entries of lists that pass what policy asks of lists, by which
// alone a file may agree with what is bound.
std::vector<DigestIndex::Entry> KnownByAppraised(
    const Policy& policy, std::vector<DigestIndex::Entry> known);
// Adds what lists say of the paths of a file whose content none knows.
void AddExpected(const DigestIndex& index,
                 const std::vector<std::string>& spellings,
                 const Demand& demand, Grounds& grounds, Evidence& evidence);

// Says whether any content may be withdrawn.
bool Withdraws(const DigestIndex& index);

}  // namespace assayfs
