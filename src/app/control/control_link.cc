// SPDX-License-Identifier: Apache-2.0
// ControlLink: shows clients the way to a socket at an unusual place.
#include "app/control/control_link.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

namespace assayfs {

ControlLink::ControlLink(std::string link, std::string socket)
    : link_(std::move(link)), socket_(std::move(socket)) {
  if (link_.empty()) return;
  struct stat info {};
  if (::lstat(link_.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) {
    ::unlink(link_.c_str());
  }
  if (::symlink(socket_.c_str(), link_.c_str()) != 0) link_.clear();
}

ControlLink::~ControlLink() {
  if (!link_.empty() && IsOurs()) ::unlink(link_.c_str());
}

bool ControlLink::IsOurs() const {
  std::error_code error;
  return std::filesystem::read_symlink(link_, error) == socket_ && !error;
}

}  // namespace assayfs
