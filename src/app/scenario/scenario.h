// SPDX-License-Identifier: Apache-2.0
// Scenario: what happens to a tree under a policy, and what is expected of it.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "policy/match.h"

namespace assayfs {

// The code of an error that says: this machine has not what the scenario needs.
// Nothing else here fails with it.
inline constexpr int kNotOnThisMachine = ENOPKG;

// The name of the policy's file, beside which its includes are.
inline constexpr char kScenarioPolicy[] = "policy";

// One file, folder or symbolic link of the tree. Folders above it come into
// being by themselves, with mode 0755 and owned by root.
struct TreeEntry {
  enum class Kind { kFile, kFolder, kLink };
  Kind kind = Kind::kFile;
  std::string content;  // of a file; of a link, where it leads
  mode_t mode = 0644;   // permission bits
  uid_t owner = 0;
  gid_t group = 0;
};

// One digest list, made and signed when it is needed.
struct ScenarioList {
  std::string signer = "vendor";  // the name of a key; "" for none
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  // Names of tree files, whose content at the start it knows under their path.
  std::vector<std::string> files;
  // Further paths with content that need not be in the tree.
  std::map<std::string, std::string> contents;
  // What makes it a list of a package: an RPM header with this name and version
  // instead of a TLV list, which has the files' modes and owners too.
  std::string package;
  std::string version = "1";
  uid_t owner = 0;  // of the list file
};

// Where rules stand, for what is said of their lines.
struct RulesPlace {
  std::string file;
  unsigned line = 0;    // of the first
  bool spread = false;  // each has a line of its own; else all are there
};

// What is compared after a step. What is not set is not compared.
struct Expectation {
  std::optional<std::string> verdict;  // "allow", "deny", "unjudged", "error"
  std::optional<std::string> reason;   // as ReasonName
  std::optional<unsigned> line;        // of the rule that decided; 0: none did
  // Lines that were recorded in this step, as RecordText gives them for "/".
  std::optional<std::vector<std::string>> records;
  // All that was measured so far, in order: "PCR list NAME", "PCR policy" or
  // "PCR PATH".
  std::optional<std::vector<std::string>> measured;
  // Part of the message; nothing: there is none. For reload, and for what is
  // done to files.
  std::optional<std::string> error;
};

struct Step {
  enum class Action {
    kOpen,         // path: use it as mask says, as asker
    kWrite,        // path, text: replace its content through the mount
    kChange,       // path, text: replace its content below the mount
    kRename,       // path, to: through the mount
    kRemove,       // path: through the mount
    kSetOwner,     // path, owner: below the mount
    kAddList,      // list
    kReplaceList,  // list, to: its file has what another list says
    kRemoveList,   // list
    kRevoke,       // text: a line as in a file of revocations; "%PATH%" stands
              // for the digest of what the tree file PATH had at the start,
              // "%KEY NAME%" for the fingerprint of a key
    kReload,  // text: another policy; empty: the same
  };
  Action action = Action::kOpen;
  unsigned line = 0;  // in the scenario file
  std::string path;   // in the tree, begins with "/"
  std::string to;
  std::string list;
  std::string text;
  Mask mask = kMayRead;
  uid_t uid = 0;
  gid_t gid = 0;
  std::optional<uid_t> euid;  // nothing: uid
  std::optional<gid_t> egid;  // nothing: gid
  std::string exe;            // path of the asker's program; "": any
  std::string container;      // id of the asker's container; "": none
  uid_t owner = 0;
  std::string signed_by;  // a policy to reload: the key that signs it
  Expectation expect;
};

struct Scenario {
  std::string name;           // of its file, without folder and ".toml"
  std::string title;          // what it shows, one line
  std::string policy;         // rules, or the name of a built-in policy
  std::string policy_file;    // where they are to be taken from; empty: here
  std::string policy_signer;  // the key that signs it; "" for none
  // Further files, by name; none of them is called kScenarioPolicy.
  std::map<std::string, std::string> includes;
  // Where all of these stand, by name; of the policy, kScenarioPolicy.
  std::map<std::string, RulesPlace> rules;
  std::string mode = "enforce";
  std::string bind;  // as --bind
  bool read_only = false;
  bool floors = false;  // keep floors, of packages and policies
  std::uint32_t pcr = 12;
  std::vector<std::string> trusted = {"vendor"};  // names of keys
  std::map<std::string, TreeEntry> tree;          // by path
  std::map<std::string, ScenarioList> lists;      // by name, there at the start
  std::map<std::string, ScenarioList> more_lists;  // for steps to add
  std::vector<Step> steps;
  // Why it runs in one way only; empty: in both.
  std::string only_alone;
  std::string only_mounted;
};

// What a step did, by one way of running it. The same members as Expectation.
struct StepResult {
  std::string verdict;
  std::string reason;
  unsigned line = 0;
  std::vector<std::string> records;
  std::vector<std::string> measured;
  std::string error;

  bool operator==(const StepResult&) const = default;
};

// Runs scenarios. Threads: one at a time.
class ScenarioRunner {
 public:
  virtual ~ScenarioRunner() = default;
  // Returns a result for each step. What cannot be done to a file, and a policy
  // that is refused, is the error of its step.
  // Errors: kNotOnThisMachine; whatever else keeps it from running: a policy
  // that cannot be loaded, a list that is not there, no FUSE, no TPM.
  virtual Result<std::vector<StepResult>> Run(const Scenario& scenario) = 0;
};

}  // namespace assayfs
