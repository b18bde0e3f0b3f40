// SPDX-License-Identifier: Apache-2.0
// Doing independent work on all processors.
#pragma once

#include <cstddef>
#include <functional>

namespace assayfs {

// Calls work(0) to work(count - 1), each once and in any order, on this thread
// and on as many others as there are processors, at most 16; fewer if they
// cannot be started. Returns when all are done.
// work: must be safe to be called by several threads at once, and not throw.
void ForAllInParallel(std::size_t count,
                      const std::function<void(std::size_t)>& work);

}  // namespace assayfs
