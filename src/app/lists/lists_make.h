// SPDX-License-Identifier: Apache-2.0
// From packages and files to new digest lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lists/digest_list.h"
#include "lists/rpm_header.h"

namespace assayfs {

struct NewList {
  std::string name;  // a safe file name
  ByteVector bytes;
  bool is_signed = false;
  std::size_t digests = 0;
};

// Says whether name can be used for a file in a folder, and nowhere else: not
// empty, no "/", no control character, at most 240 bytes.
bool IsSafeName(std::string_view name);

// Makes the list of one package. kRpm: named "rpm-PACKAGE", header and its own
// signature. kTlv: named "tlv-PACKAGE", unsigned; for a list that is to be
// signed by a key of one's own. Nothing is verified.
// Errors: as ParseRpmHeader; EINVAL if the package's name is no safe file
// name; ENODATA for a TLV list without any digest, which the format forbids.
Result<NewList> ListOfPackage(const SignedHeader& package, ListFormat format);

// Makes an unsigned list named "tlv-NAME".
// Errors: EINVAL for an unsafe name; ENODATA if there are no files.
Result<NewList> ListOfFiles(const std::string& name,
                            const std::vector<ListedFile>& files);

}  // namespace assayfs
