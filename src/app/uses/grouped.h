// SPDX-License-Identifier: Apache-2.0
// Groups of things by a name, for reports.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace assayfs {

template <typename Item>
struct NamedGroup {
  std::string name;
  std::vector<const Item*> items;  // in their order
};

// Returns pointers to the items, in their order; they borrow.
template <typename Items>
auto PointersTo(const Items& items) {
  std::vector<const typename Items::value_type*> pointers;
  pointers.reserve(items.size());
  for (const auto& item : items) pointers.push_back(&item);
  return pointers;
}

// Puts items that name_of gives one name into a group. Returns the largest
// first, those of one size by their names.
template <typename Item, typename NameOf>
std::vector<NamedGroup<Item>> GroupByName(const std::vector<const Item*>& items,
                                          NameOf name_of) {
  std::map<std::string, std::vector<const Item*>> by_name;
  for (const Item* item : items) by_name[name_of(*item)].push_back(item);
  std::vector<NamedGroup<Item>> groups;
  groups.reserve(by_name.size());
  for (auto& [name, members] : by_name) {
    groups.push_back({name, std::move(members)});
  }
  std::ranges::stable_sort(groups, [](const auto& a, const auto& b) {
    return a.items.size() > b.items.size();
  });
  return groups;
}

}  // namespace assayfs
