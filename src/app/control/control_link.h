// SPDX-License-Identifier: Apache-2.0
// ControlLink: shows clients the way to a socket at an unusual place.
#pragma once

#include <string>

namespace assayfs {

// A symbolic link at the usual place of a control socket, for as long as this
// lives. Where it cannot be made, clients have to be given --control.
class ControlLink {
 public:
  // link: empty for none. A link that is there already is replaced; anything
  // else stays.
  ControlLink(std::string link, std::string socket);
  ~ControlLink();
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

 private:
  bool IsOurs() const;

  std::string link_;
  std::string socket_;
};

}  // namespace assayfs
