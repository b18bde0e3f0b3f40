// SPDX-License-Identifier: Apache-2.0
// What the verbs that ask the daemons of whole mounts share.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

// Which mounts a verb is about, from the command line.
struct MountQuery {
  std::string mount_point;  // empty: all of ours
  std::string control;      // socket; empty: at the usual place
};

// Adds the arguments that fill in query, which must outlive verb.
void AddMountQuery(CLI::App& verb, MountQuery& query);

// Sends {"verb": verb} to each mount of the query and hands every answer to
// print. What fails is reported, and the other mounts are asked all the same.
// Returns the exit status: kExitNo if nothing is mounted.
int AskMounts(const char* verb, const MountQuery& query,
              const std::function<void(const nlohmann::json&)>& print);

}  // namespace assayfs
