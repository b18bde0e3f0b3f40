// SPDX-License-Identifier: Apache-2.0
// The file names of digest lists: [<seq>-]<format>-<name>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lists/digest_list.h"

namespace assayfs {

struct ListName {
  std::optional<std::uint64_t> sequence;
  ListFormat format = ListFormat::kRpm;
  std::string name;  // what follows the format
};

// Reads a file name. "<seq>-" is taken off only where the first character is a
// digit; the format is the text up to the next "-".
// Errors: EINVAL if a part is missing, the number does not fit 64 bits, or the
// format is neither "rpm" nor "tlv"; the message says which.
// Threads: pure function.
Result<ListName> ParseListName(std::string_view file_name);

// Returns the name without its number: "rpm-x" of "5-rpm-x". What ParseListName
// refuses comes back as it is. Threads: pure function.
std::string WithoutNumber(std::string_view file_name);

// The loading order of two files of one folder: numbered ones first, by
// number, then the others; equals by the bytes of the whole name. A strict
// weak order over all names, also those ParseListName refuses (they count as
// not numbered).
bool LoadsBefore(std::string_view left, std::string_view right);

}  // namespace assayfs
