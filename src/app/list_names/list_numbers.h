// SPDX-License-Identifier: Apache-2.0
// Numbers in front of the names of lists, which decide their loading order.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace assayfs {

struct NumberedLists {
  std::size_t renamed = 0;     // or given a link that was missing
  std::size_t kept = 0;        // had the right name and link already
  std::size_t unnumbered = 0;  // of both, those without a number now
};

// Renames the lists of a folder to "0-NAME", "1-NAME" and so on, in the order
// in which used names them first. Each leaves behind a symbolic link under its
// name without number. Lists that used does not name lose their number and
// link. What is no list by its name, or is hidden, is left alone.
//
// used: names or paths of lists, numbered or not, as a measurement log writes
// them (see OneColumn); only what follows the last "/" counts.
// After every single step all lists can be loaded, each once. A run that was
// interrupted is completed by another one. Nothing is ever replaced but links
// that numbering made.
// Errors, before anything is changed: EEXIST if two lists have one name without
// number, or something else is in the way; ENAMETOOLONG; ENOENT if used names
// no list of the folder; those of opening and reading the folder. Later: those
// of renameat2(2), symlink(2) and unlink(2), with the name.
Result<NumberedLists> NumberLists(const std::string& folder,
                                  const std::vector<std::string>& used);

// Takes numbers and links away. Errors: as NumberLists.
Result<NumberedLists> UnnumberLists(const std::string& folder);

}  // namespace assayfs
