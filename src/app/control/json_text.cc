// SPDX-License-Identifier: Apache-2.0
// Reading JSON from another process without ever throwing.
#include "app/control/json_text.h"

#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace assayfs {

const nlohmann::json& MemberOf(const nlohmann::json& object, const char* name) {
  static const nlohmann::json null;
  if (!object.is_object()) return null;
  const auto member = object.find(name);
  return member == object.end() ? null : *member;
}

std::string TextOf(const nlohmann::json& object, const char* name) {
  const nlohmann::json& member = MemberOf(object, name);
  if (member.is_null()) return {};
  if (member.is_string()) {
    return Printable(member.get_ref<const std::string&>());
  }
  return LineOf(member);
}

std::string LineOf(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace assayfs
