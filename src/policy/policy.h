// SPDX-License-Identifier: Apache-2.0
// Policy: which uses of which files are judged, in the words of Linux IMA.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/rule.h"
#include "policy/rule_index.h"

namespace assayfs {

// Something that is accepted, but does not mean all that IMA means by it.
struct PolicyWarning {
  std::string file;
  unsigned line = 0;    // from 1
  unsigned column = 0;  // in bytes, from 1
  std::string text;
};

// What has to be found out of a use before rules can be matched. What is not
// found out is never to the benefit of the use: see Match.
struct Needs {
  bool elf = false;          // what the file begins with
  bool path = false;         // of the file
  bool owner = false;        // of the file, and whether it lends them
  bool file_system = false;  // kind and UUID
  bool ids = false;          // the numbers of the asker, beside Use::uid
  bool exe = false;          // the program of the asker
  bool container = false;    // the container of the asker

  bool asker() const { return ids || exe || container; }
};

enum class Extent { kNone, kSome, kAll };

struct Policy {
  std::string name;
  // All that was read; before each included file a line with its length and
  // name. Its SHA-256 identifies the policy.
  std::string text;
  std::vector<Rule> rules;
  std::vector<PolicyWarning> warnings;
  // Of each file that names one.
  struct Version {
    std::uint32_t number = 0;
    unsigned line = 0;
  };
  std::map<std::string, Version> versions;

  // Of a file; 0 if it names none.
  std::uint32_t VersionOf(const std::string& file) const {
    const auto found = versions.find(file);
    return found == versions.end() ? 0 : found->second.number;
  }
  std::uint32_t version() const { return VersionOf(name); }

  // What follows is made by Compile. How rules are found; shared by copies.
  std::shared_ptr<const RuleIndex> index;
  Needs needs;
  // Which lists pass what the policy asks of them; kSome: look at each.
  Extent appraised_lists = Extent::kNone;
};

// Prepares rules that were put in to be matched. What they bind may change
// later without it.
void Compile(Policy& policy);

// Returns policy with this binding in every rule that appraises files, beside
// its own.
Policy Bind(Policy policy, const Binding& binding);

// What some rule binds.
Binding BindingOf(const Policy& policy);

// Says whether some rule for reading binds links: others bind none.
bool BindsLinks(const Policy& policy);

// Says whether the answer for one and the same content may depend on who opens
// it, whether it is executed, or what path or owner it has: then it has to be
// given at each open.
bool DependsOnOpen(const Policy& policy);

// Which uses for reading are appraised.
Extent AppraisedReads(const Policy& policy);

// Says whether some rule appraises files.
bool AppraisesFiles(const Policy& policy);

// The PCRs that rules name.
std::vector<std::uint32_t> PcrsOf(const Policy& policy);

}  // namespace assayfs
