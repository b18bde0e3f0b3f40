// SPDX-License-Identifier: Apache-2.0
// The parts of the `policy` verb, one file each.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace assayfs {

// Each adds its part to policy. When it runs, it sets exit_status, which must
// outlive policy.
void AddPolicyCheck(CLI::App& policy, int& exit_status);
void AddPolicyShow(CLI::App& policy, int& exit_status);
void AddPolicyTest(CLI::App& policy, int& exit_status);
void AddPolicyReplay(CLI::App& policy, int& exit_status);
void AddPolicyLearn(CLI::App& policy, int& exit_status);
void AddPolicySign(CLI::App& policy, int& exit_status);

}  // namespace assayfs
