// SPDX-License-Identifier: Apache-2.0
// DerTree: DER as a tree that can be changed and written with lengths that fit
// again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace assayfs::fuzz {

struct DerNode {
  std::uint8_t tag = 0;
  ByteVector value;               // of a primitive node
  std::vector<DerNode> children;  // of a constructed one
  bool constructed = false;
  int length_error = 0;  // is added to the length that is written
};

// Reads definite lengths and tags of one byte; nothing for anything else.
inline std::optional<std::vector<DerNode>> ReadDer(Bytes bytes, int depth) {
  std::vector<DerNode> nodes;
  ByteReader in(bytes);
  while (!in.empty()) {
    DerNode node;
    node.tag = in.TakeU8().value_or(0);
    std::size_t length = in.TakeU8().value_or(0);
    const std::size_t size = length & 0x7f;
    if (length >= 0x80) {
      length = 0;
      for (std::size_t i = 0; i < size; ++i) {
        length = length * 256 + in.TakeU8().value_or(0);
      }
    }
    const auto value = in.Take(length);
    if (!value) return std::nullopt;
    node.constructed = (node.tag & 0x20) != 0 && depth > 0;
    if (node.constructed) {
      auto children = ReadDer(*value, depth - 1);
      if (!children) return std::nullopt;
      node.children = std::move(*children);
    } else {
      node.value = ToVector(*value);
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

inline ByteVector WriteDer(const std::vector<DerNode>& nodes) {
  ByteVector out;
  for (const DerNode& node : nodes) {
    const ByteVector value =
        node.constructed ? WriteDer(node.children) : node.value;
    const auto length = static_cast<std::uint32_t>(
        static_cast<int>(value.size()) + node.length_error);
    out.push_back(std::byte{node.tag});
    if (length < 0x80) {
      out.push_back(std::byte(length));
    } else if (length < 0x100) {
      out.push_back(std::byte{0x81});
      out.push_back(std::byte(length));
    } else if (length < 0x10000) {
      out.push_back(std::byte{0x82});
      AppendBe16(out, static_cast<std::uint16_t>(length));
    } else {
      out.push_back(std::byte{0x84});
      AppendBe32(out, length);
    }
    AppendBytes(out, value);
  }
  return out;
}

// All lists of siblings that are not empty, outer ones first. Valid until the
// tree is changed.
inline void CollectSiblings(std::vector<DerNode>& nodes,
                            std::vector<std::vector<DerNode>*>& lists) {
  if (nodes.empty()) return;
  lists.push_back(&nodes);
  for (DerNode& node : nodes) CollectSiblings(node.children, lists);
}

}  // namespace assayfs::fuzz
