// SPDX-License-Identifier: Apache-2.0
// Where things are looked for when nobody says where.
#pragma once

namespace assayfs {

inline constexpr const char* kDefaultKeys = "/etc/assayfs/keys.d";
inline constexpr const char* kDefaultLists = "/etc/digest_lists";
inline constexpr const char* kDefaultRevoked = "/etc/assayfs/revoked.d";

}  // namespace assayfs
