// SPDX-License-Identifier: Apache-2.0
// Floors: the oldest version of each package that still counts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

struct LoadedList;

// A package's floor is the oldest version of which a list is loaded. It never
// falls: once the list of an old version is gone, that version is behind the
// floor. So several versions may be installed side by side, and during an
// update old and new ones count.
// Threads: safe, as it never changes.
class Floors {
 public:
  Floors() = default;

  // Reads the form that Text gives: a line "NAME VERSION" for each package.
  // Errors: EBADMSG for anything else, naming the line.
  static Result<Floors> Parse(std::string_view text);
  std::string Text() const;

  // Returns the floor of a package; empty if it has none.
  std::string Of(const std::string& package) const;

  // Says whether version is behind the floor of its package.
  bool IsBehind(const std::string& package, const std::string& version) const;

  // Returns the floors once these lists are loaded. Lists behind their floor do
  // not count, nor do those without a good signature or without a package.
  // exempt: packages whose floor follows the lists down as well.
  Floors RaisedBy(const std::vector<std::shared_ptr<const LoadedList>>& lists,
                  const std::set<std::string>& exempt) const;

  // Returns them with another floor for one name, unless that would lower it.
  Floors RaisedTo(const std::string& name, const std::string& version) const;

  std::size_t size() const { return floors_.size(); }
  friend bool operator==(const Floors&, const Floors&) = default;

 private:
  std::map<std::string, std::string, std::less<>> floors_;  // name to version
};

}  // namespace assayfs
