// SPDX-License-Identifier: Apache-2.0
// What a policy may ask of the process that wants to use a file.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "policy/match.h"

namespace assayfs {

// Puts what is needed of the thread use.pid into use: its ids, the path of its
// program, its container. What cannot be read is left out. Reads /proc, some
// 10 to 20 us for each of the three.
//
// The thread waits for our answer, so that it is there; what it says of itself
// is as trustworthy as the user it runs as: see assayfs-policy(5) on exe= and
// container=.
void DescribeAsker(const Needs& needs, Use& use);

// Returns the id or name of the container whose control group this is, as in
// /proc/PID/cgroup; nothing for one of no container. That is the last part of
// the path which is 64 hexadecimal digits, alone or between "-" and ".scope",
// or that is "machine-NAME.scope" or "lxc.payload.NAME": what docker, podman,
// cri-o and containerd, systemd-nspawn, and LXC name their groups.
// Threads: pure function.
std::string ContainerOf(std::string_view cgroup);

}  // namespace assayfs
