// SPDX-License-Identifier: Apache-2.0
// The files that a measurement log tells of, in the text form of Linux IMA or
// in its binary form.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tpm/ima_log.h"

namespace assayfs {

// Returns digest and path of each measured file, in the order of the log.
//
// The binary form is that of ParseImaLog, of which ima-ng records count. The
// text form is that of ascii_runtime_measurements:
//   line   = [" "] pcr " " template-digest " " template " " data "\n"
//   data   = digest " " path                     ima-ng
//          | digest " " path [" " [signature]]   ima-sig
//          | type ":" digest " " path            ima-ngv2; type: ima, verity
//          | type ":" digest " " path [" " [signature]]   ima-sigv2
//   digest = algorithm ":" hexadecimal digits
// The kernel writes "_" for a space in a path, so a space ends it.
// Left out are records of other templates, violations and other digests of
// zeros, digests of fs-verity, which are not those of the content, and names
// that do not begin with "/", such as boot_aggregate. The template digests of
// the text form are not compared with the data.
//
// bytes: a whole log; empty is a log without records. Not kept.
// Errors: EBADMSG, naming the line or record by its number, for what is none of
// these, a PCR above 31, a path over 4096 bytes, or a digest of the wrong
// length; EOPNOTSUPP, naming the line, for an algorithm that is not known.
// Threads: pure function. Source: Linux, security/integrity/ima/ima_fs.c,
// ima_template.c and ima_template_lib.c.
Result<std::vector<ImaNgFields>> ParseMeasuredFiles(Bytes bytes);

}  // namespace assayfs
