// SPDX-License-Identifier: Apache-2.0
// The -o string of mount(8) and fstab.
#pragma once

#include <string_view>

#include "app/settings/named_values.h"
#include "base/result.h"

namespace assayfs {

struct MountOptions {
  unsigned long flags = 0;  // MS_* bits for mount(2)
  NamedValues values;       // lists=..., keys=... and so on
};

// Reads "ro,nosuid,lists=/a,lists=/b": flags of mount(2), options that only
// mount(8) and systemd care about (left out), and NAME=VALUE for every option
// of `assayfs mount` that takes a value. A NAME given again adds a value, so a
// value cannot hold a comma.
// sloppy: kAllow leaves unknown options out, as mount -s asks.
// Errors: EINVAL, naming the option, for one that is not known or whose value
// is missing. Threads: pure function.
enum class Sloppy { kRefuse, kAllow };
Result<MountOptions> ParseMountOptions(std::string_view text,
                                       Sloppy sloppy = Sloppy::kRefuse);

}  // namespace assayfs
