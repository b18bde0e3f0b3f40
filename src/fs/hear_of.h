// SPDX-License-Identifier: Apache-2.0
// What changes below a mount mean for what the kernel keeps of it.
#pragma once

#include "fs/folder_watcher.h"

namespace assayfs {

struct Server;

// Takes back from the kernel what may be other since a change. May block: for
// the thread of the watcher.
void HearOf(Server& server, const FolderWatcher::Change& change);

}  // namespace assayfs
