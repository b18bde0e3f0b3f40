// SPDX-License-Identifier: Apache-2.0
#include "app/scenario/mounted/mount_runner.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/scenario/alone/alone_runner.h"
#include "app/scenario/mounted/scenario_folder.h"
#include "app/scenario/mounted/scenario_mount.h"
#include "app/scenario/mounted/step_traces.h"
#include "app/scenario/stop_request.h"
#include "base/bytes.h"
#include "base/files.h"
#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tpm/ima_log.h"
#include "tpm/log_file.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;
using ::testing::StartsWith;
using testing::TempDir;

constexpr char kFiles[] =
    "measure func=DIGEST_LIST_CHECK\n"
    "appraise func=DIGEST_LIST_CHECK\n"
    "appraise func=FILE_CHECK mask=^MAY_READ\n"
    "appraise func=BPRM_CHECK\n";
const std::string kContainer(64, 'c');

// A tree with "/known", which list "base" knows, and "/strange".
Scenario Simple(std::string policy) {
  Scenario scenario;
  scenario.name = "simple";
  scenario.policy = std::move(policy);
  scenario.tree["/known"] = {.content = "known", .mode = 0755};
  scenario.tree["/strange"] = {.content = "strange", .mode = 0755};
  scenario.lists["base"].files = {"/known"};
  return scenario;
}

Step Open(std::string path, Mask mask = kMayRead, uid_t uid = 0) {
  Step step;
  step.path = std::move(path);
  step.mask = mask;
  step.uid = uid;
  return step;
}

Step Do(Step::Action action, std::string path, std::string text = "") {
  Step step;
  step.action = action;
  step.path = std::move(path);
  step.text = std::move(text);
  return step;
}

Step OfList(Step::Action action, std::string list) {
  Step step;
  step.action = action;
  step.list = std::move(list);
  return step;
}

// "VERDICT REASON LINE", "-" for a step that has none, and an error behind it.
std::string TextOf(const StepResult& result) {
  std::string text = "-";
  if (!result.verdict.empty()) {
    text = result.verdict + " " + result.reason + " " +
           std::to_string(result.line);
  }
  return result.error.empty() ? text : text + ": " + result.error;
}

std::vector<std::string> TextsOf(const std::vector<StepResult>& results) {
  std::vector<std::string> texts;
  for (const StepResult& result : results) texts.push_back(TextOf(result));
  return texts;
}

void AppendRecord(const std::string& log_path, const std::string& path) {
  auto log = Must(LogFile::Open(log_path));
  const auto lock = Must(log.Acquire());
  static_cast<void>(Must(log.ReadOn()));
  const auto digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes(path)));
  Must(log.Append(Must(MakeImaNgRecord(12, digest, path))));
}

class MountRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string why = MountRunner::WhyImpossible();
    if (!why.empty()) GTEST_SKIP() << why;
  }
  // Nothing may stay but keys.
  void TearDown() override {
    for (const std::string& name : Must(NamesIn(dir_.path().string()))) {
      EXPECT_THAT(name, StartsWith("vendor"));
    }
  }

  Result<std::vector<StepResult>> Run(const Scenario& scenario) {
    return runner_.Run(scenario);
  }
  std::vector<StepResult> MustRun(const Scenario& scenario) {
    auto results = Run(scenario);
    EXPECT_TRUE(results) << results.error().message();
    return results ? *results : std::vector<StepResult>(scenario.steps.size());
  }

  TempDir dir_;
  TestKeys keys_{dir_.path()};
  MountRunner runner_{keys_};
};

TEST_F(MountRunnerTest, VerdictsRecordsAndMeasurementsAreThoseOfTheMount) {
  Scenario scenario = Simple(kFiles);
  scenario.policy += "measure func=FILE_CHECK mask=^MAY_READ pcr=11\n";
  scenario.steps = {Open("/known"), Open("/strange", kMayRead, 5)};
  scenario.steps[0].expect.measured = {"12 list base", "11 /known"};
  const auto results = MustRun(scenario);
  EXPECT_THAT(TextsOf(results),
              ElementsAre("allow known 3", "deny unknown-content 3"));
  EXPECT_THAT(results[0].records, IsEmpty());
  EXPECT_THAT(results[1].records,
              ElementsAre(StartsWith("denied /strange for read by uid 5: "
                                     "unknown-content (sha256:")));
  EXPECT_THAT(results[0].measured, ElementsAre("12 list base", "11 /known"));
}

TEST_F(MountRunnerTest, AFileMayBeExecutedWrittenChangedRenamedAndRemoved) {
  Scenario scenario = Simple(kFiles);
  scenario.steps = {Open("/known", kMayExec, 5),
                    Open("/known", kMayWrite),
                    Open("/known", kMayRead | kMayWrite),
                    Do(Step::Action::kRename, "/known"),
                    Open("/moved", kMayExec),
                    Do(Step::Action::kChange, "/moved", "other"),
                    Open("/moved"),
                    Do(Step::Action::kWrite, "/moved", "known"),
                    Open("/moved"),
                    Do(Step::Action::kSetOwner, "/moved"),
                    Do(Step::Action::kRemove, "/moved")};
  scenario.steps[3].to = "/moved";
  scenario.steps[9].owner = 7;
  EXPECT_THAT(
      TextsOf(MustRun(scenario)),
      ElementsAre("allow known 4", "unjudged dont-appraise 0", "allow known 3",
                  "-", "allow known 4", "-", "deny unknown-content 3",
                  "unjudged dont-appraise 0", "allow known 3", "-", "-"));
}

TEST_F(MountRunnerTest, AProgramIsDeniedAsAnotherFileIs) {
  Scenario scenario = Simple(
      "appraise func=BPRM_CHECK\n"
      "appraise func=DIGEST_LIST_CHECK\n");
  scenario.tree["/strange"].content = "#!/nowhere\n";
  scenario.tree["/known"].content = "#!/nowhere/else\n";
  scenario.steps = {Open("/strange", kMayExec), Open("/known", kMayExec)};
  EXPECT_THAT(TextsOf(MustRun(scenario)),
              ElementsAre("deny unknown-content 1", "allow known 1"));
}

TEST_F(MountRunnerTest, AProgramIsStoppedBeforeItDoesAnything) {
  Scenario scenario = Simple(kFiles);
  const std::string trace = dir_ / "vendor-was-here";
  scenario.tree["/known"].content = "#!/bin/sh\n: > " + trace + "\n";
  scenario.steps = {Open("/known", kMayExec), Open("/known", kMayExec, 5)};
  EXPECT_THAT(TextsOf(MustRun(scenario)),
              ElementsAre("allow known 4", "allow known 4"));
  EXPECT_FALSE(std::filesystem::exists(trace));
}

TEST_F(MountRunnerTest, ListsComeAndGoAndAreRevoked) {
  Scenario scenario = Simple(kFiles);
  scenario.more_lists["more"].files = {"/strange"};
  scenario.steps = {OfList(Step::Action::kAddList, "more"),
                    Open("/strange"),
                    Do(Step::Action::kRevoke, "", "digest %/strange%"),
                    Open("/strange"),
                    OfList(Step::Action::kRemoveList, "more"),
                    OfList(Step::Action::kRemoveList, "base"),
                    Open("/known")};
  const auto results = MustRun(scenario);
  EXPECT_THAT(TextsOf(results),
              ElementsAre("-", "allow known 3", "-", "deny revoked 3", "-", "-",
                          "deny unknown-content 3"));
  EXPECT_THAT(results[0].measured, ElementsAre("12 list base", "12 list more"));
}

TEST_F(MountRunnerTest, AnotherPolicyIsTakenIfItIsSound) {
  Scenario scenario = Simple("files");
  scenario.steps = {Open("/strange"),
                    Do(Step::Action::kReload, "", "appraise what=ever\n"),
                    Open("/strange"),
                    Do(Step::Action::kReload, "",
                       "measure func=POLICY_CHECK\naudit func=FILE_CHECK\n"),
                    Open("/strange"),
                    Do(Step::Action::kReload, "")};
  const auto results = MustRun(scenario);
  ASSERT_EQ(results.size(), 6U);
  EXPECT_EQ(TextOf(results[0]), "deny unknown-content 4");
  EXPECT_THAT(results[1].error, HasSubstr("policy:1:"));
  EXPECT_THAT(results[1].error, Not(HasSubstr(dir_.path().string())));
  EXPECT_EQ(TextOf(results[2]), "deny unknown-content 4");
  EXPECT_EQ(TextOf(results[3]), "-");
  EXPECT_THAT(results[3].measured, ElementsAre("12 list base", "12 policy"));
  EXPECT_EQ(TextOf(results[4]), "unjudged dont-appraise 2");
  EXPECT_THAT(results[4].records,
              ElementsAre(StartsWith("used /strange for read by uid 0: ")));
  EXPECT_EQ(TextOf(results[5]), "-");
}

TEST_F(MountRunnerTest, IncludesAreReadBesideThePolicy) {
  Scenario scenario = Simple("include more\nmeasure func=POLICY_CHECK\n");
  scenario.includes["more"] =
      "appraise func=FILE_CHECK\n"
      "appraise func=DIGEST_LIST_CHECK\n";
  scenario.policy_signer = "vendor";
  scenario.steps = {Open("/strange")};
  const auto results = MustRun(scenario);
  EXPECT_THAT(TextsOf(results), ElementsAre("deny unknown-content 1"));
  EXPECT_THAT(results[0].measured, ElementsAre("12 policy", "12 policy more"));
}

TEST_F(MountRunnerTest, RulesSeeWhoAsks) {
  Scenario scenario = Simple(
      "dont_appraise uid=5 euid=6 gid=7 egid=8\n"
      "appraise func=FILE_CHECK\n"
      "appraise func=DIGEST_LIST_CHECK\n");
  scenario.steps = {Open("/strange", kMayRead, 5),
                    Open("/strange", kMayRead, 5)};
  scenario.steps[1].euid = 6;
  scenario.steps[1].gid = 7;
  scenario.steps[1].egid = 8;
  EXPECT_THAT(
      TextsOf(MustRun(scenario)),
      ElementsAre("deny unknown-content 2", "unjudged dont-appraise 1"));
}

TEST_F(MountRunnerTest, RulesSeeTheProgramOfWhoAsks) {
  Scenario scenario = Simple(
      "dont_appraise exe=/opt/tool/bin/run\n"
      "dont_appraise exe=/usr/bin/rpm\n"
      "appraise func=FILE_CHECK\n"
      "appraise func=DIGEST_LIST_CHECK\n");
  scenario.steps = {Open("/strange", kMayRead, 5), Open("/strange"),
                    Open("/strange"), Open("/strange"), Open("/known")};
  scenario.steps[0].exe = "/opt/tool/bin/run";
  scenario.steps[1].exe = "/usr/bin/rpm";
  scenario.steps[2].exe = "/opt/tool/bin/runs";
  scenario.steps[4].exe = "/opt/other";
  EXPECT_THAT(TextsOf(MustRun(scenario)),
              ElementsAre("unjudged dont-appraise 1",
                          "unjudged dont-appraise 2", "deny unknown-content 3",
                          "deny unknown-content 3", "allow known 3"));
}

TEST_F(MountRunnerTest, ProgramsThatCannotBeThereAreAnError) {
  for (const char* path : {"/proc/x", "/bin/sh", "/not/there/at/all"}) {
    Scenario scenario = Simple(kFiles);
    scenario.steps = {Open("/known")};
    scenario.steps[0].exe = path;
    EXPECT_THAT(Run(scenario), FailsSaying(EINVAL, "no program can be put"));
  }
}

TEST_F(MountRunnerTest, RulesSeeTheContainerOfWhoAsks) {
  Scenario scenario = Simple("dont_appraise container=" + kContainer +
                             "\n"
                             "appraise func=FILE_CHECK\n"
                             "appraise func=DIGEST_LIST_CHECK\n");
  scenario.steps = {Open("/strange"), Open("/strange", kMayRead, 5),
                    Open("/strange")};
  scenario.steps[1].container = kContainer;
  scenario.steps[2].container = std::string(64, 'd');
  const auto results = Run(scenario);
  if (!results && results.error().code() == kNotOnThisMachine) {
    GTEST_SKIP() << results.error().message();
  }
  EXPECT_THAT(TextsOf(Must(results)),
              ElementsAre("deny unknown-content 2", "unjudged dont-appraise 1",
                          "deny unknown-content 2"));
}

TEST_F(MountRunnerTest, ReadsOfAReadOnlyMountAreJudged) {
  Scenario scenario = Simple("files");
  scenario.read_only = true;
  scenario.steps = {Open("/known"), Open("/strange"),
                    Do(Step::Action::kRevoke, "", "digest %/known%"),
                    Open("/known"), Do(Step::Action::kRemove, "/known")};
  const auto results = MustRun(scenario);
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(TextOf(results[0]), "allow known 4");
  EXPECT_EQ(TextOf(results[1]), "deny unknown-content 4");
  EXPECT_THAT(results[1].records, ElementsAre(StartsWith("denied /strange")));
  EXPECT_EQ(TextOf(results[3]), "deny revoked 4");
  EXPECT_THAT(results[4].error, HasSubstr("Read-only"));
}

TEST_F(MountRunnerTest, PackagesBindAndHaveFloors) {
  Scenario scenario = Simple(kFiles);
  scenario.bind = "path,mode,owner";
  scenario.floors = true;
  scenario.lists["base"].package = "base";
  scenario.lists["base"].version = "2";
  ScenarioList& old = scenario.more_lists["old"];
  old.files = {"/strange"};
  old.package = "base";
  old.version = "1";
  scenario.steps = {Open("/known"), Do(Step::Action::kSetOwner, "/known"),
                    Open("/known"), OfList(Step::Action::kAddList, "old"),
                    Open("/strange")};
  scenario.steps[1].owner = 7;
  EXPECT_THAT(TextsOf(MustRun(scenario)),
              ElementsAre("allow known 3", "-", "deny metadata-mismatch 3", "-",
                          "deny rolled-back 3"));
}

TEST_F(MountRunnerTest, WhatTheKernelRefusesByItselfIsNoVerdict) {
  Scenario scenario = Simple(kFiles);
  scenario.tree["/known"].mode = 0600;
  scenario.tree["/strange"].mode = 0600;
  scenario.tree["/folder"].kind = TreeEntry::Kind::kFolder;
  scenario.tree["/folder"].mode = 0755;
  scenario.steps = {Open("/known", kMayRead, 5), Open("/strange", kMayRead, 5),
                    Open("/folder"), Open("/absent"), Open("/known", kMayExec)};
  scenario.steps[1].exe = "/opt/tool";
  const auto results = MustRun(scenario);
  EXPECT_THAT(TextsOf(results),
              ElementsAre("-: /known: Permission denied",
                          "-: /strange: Permission denied",
                          "-: /folder: Is a directory",
                          "-: /absent: No such file or directory",
                          "-: /known: Permission denied"));
  EXPECT_THAT(results.back().records, IsEmpty());
}

TEST_F(MountRunnerTest, TheSamePolicyAgainIsTheOneLoadedLast) {
  Scenario scenario = Simple("files");
  scenario.steps = {
      Do(Step::Action::kReload, "", "appraise func=DIGEST_LIST_CHECK\n"),
      Do(Step::Action::kReload, "", "nonsense\n"),
      Do(Step::Action::kReload, ""), Open("/strange")};
  const auto results = MustRun(scenario);
  EXPECT_EQ(results[1].error.empty(), false);
  EXPECT_EQ(results[2].error, "");
  EXPECT_EQ(TextOf(results[3]), "unjudged dont-appraise 0");
}

TEST_F(MountRunnerTest, InModeLogWhatWouldBeDeniedIsUsed) {
  Scenario scenario = Simple(kFiles);
  scenario.mode = "log";
  scenario.steps = {Open("/strange")};
  const auto results = MustRun(scenario);
  EXPECT_THAT(TextsOf(results), ElementsAre("deny unknown-content 3"));
  EXPECT_THAT(results[0].records,
              ElementsAre(StartsWith("would deny /strange")));
}

TEST_F(MountRunnerTest, APcrThatTheLogDoesNotExplainIsNoticed) {
  const Scenario scenario = Simple(kFiles);
  Materials materials(scenario, keys_);
  ScenarioFolder folder(keys_.folder(), scenario, materials);
  Must(folder.Fill());
  const auto mount = Must(ScenarioMount::Start(scenario, folder, keys_));
  Must(mount->Stop());
  Must(mount->CheckPcrs());
  AppendRecord(mount->log_path(), "/x");
  EXPECT_THAT(mount->CheckPcrs(), FailsSaying(EIO, "PCR 12 is not what"));
}

TEST_F(MountRunnerTest, WhatCannotBeDoneIsAnErrorThatNamesTheStep) {
  Scenario scenario = Simple(kFiles);
  scenario.more_lists["more"].files = {"/strange"};
  scenario.steps = {OfList(Step::Action::kRemoveList, "more")};
  scenario.steps[0].line = 17;
  EXPECT_THAT(Run(scenario), FailsSaying(ENOENT, "step at line 17: "));
}

TEST_F(MountRunnerTest, ASignalStopsItBetweenSteps) {
  Scenario scenario = Simple(kFiles);
  scenario.steps = {Open("/known")};
  AloneRunner alone(keys_);
  {
    const StopRequest stop;
    ::raise(SIGTERM);
    EXPECT_EQ(StopRequest::Signal(), SIGTERM);
    EXPECT_THAT(alone.Run(scenario), FailsWith(EINTR));
    EXPECT_THAT(Run(scenario), FailsWith(EINTR));
  }
  EXPECT_TRUE(alone.Run(scenario));
  EXPECT_THAT(TextsOf(MustRun(scenario)), ElementsAre("allow known 3"));
}

TEST_F(MountRunnerTest, WhatCannotBeMountedIsAnError) {
  EXPECT_THAT(Run(Simple("nonsense\n")), FailsSaying(EINVAL, "policy:1:"));
}

// Writes what a daemon would, later than it usually does.
class StepTracesTest : public ::testing::Test {
 protected:
  void Record(const std::string& line) {
    std::ofstream(places_.records, std::ios::app) << line << "\n";
  }
  void Measure(const std::string& path) { AppendRecord(places_.log, path); }

  TempDir dir_;
  StepTraces::Places places_ = {.records = dir_.Write("records", ""),
                                .log = dir_ / "log",
                                .mount_point = dir_ / "mount",
                                .lists = dir_ / "lists",
                                .policies = dir_ / "policies"};
  StepTraces traces_ = Must(StepTraces::Open(places_));
};

TEST_F(StepTracesTest, WhatComesLateIsOfTheStepThatUsedTheFile) {
  Measure(dir_ / "lists/tlv-base");
  Must(traces_.Read());
  traces_.Begin("/a");
  traces_.Begin("/b");
  Record("assayfs: denied " + places_.mount_point +
         "/a for read by uid 0: modified");
  Record("assayfs: used " + places_.mount_point +
         "/b for exec by uid 0: known");
  Measure("/a");
  Measure("/b");
  Must(traces_.Read());
  EXPECT_THAT(traces_.RecordsOf(0),
              ElementsAre("denied /a for read by uid 0: modified"));
  EXPECT_THAT(traces_.RecordsOf(1),
              ElementsAre("used /b for exec by uid 0: known"));
  EXPECT_THAT(traces_.MeasuredBy(0), ElementsAre("12 list base", "12 /a"));
  EXPECT_THAT(traces_.MeasuredBy(1),
              ElementsAre("12 list base", "12 /a", "12 /b"));
}

TEST_F(StepTracesTest, WhatIsToldOfALinkIsOfTheStepThatFollowedIt) {
  traces_.Begin("/link");
  traces_.Begin("/a", {"/link"});
  Record("assayfs: denied " + places_.mount_point +
         "/link for read by uid 0: metadata-mismatch");
  Must(traces_.Read());
  EXPECT_THAT(traces_.RecordsOf(0), IsEmpty());
  EXPECT_THAT(traces_.RecordsOf(1),
              ElementsAre("denied /link for read by uid 0: "
                          "metadata-mismatch"));
}

TEST_F(StepTracesTest, OnlyWholeLinesAboutUsesAreRecords) {
  traces_.Begin(std::nullopt);
  Record("assayfs: warning: list tlv-x: no key");
  Record("assayfs: withdrawn, but in use by process 1 (x): /x");
  std::ofstream(places_.records, std::ios::app) << "assayfs: denied /x";
  Must(traces_.Read());
  EXPECT_THAT(traces_.RecordsOf(0), IsEmpty());
  Record(" for read by uid 0: modified");
  Must(traces_.Read());
  EXPECT_THAT(traces_.RecordsOf(0),
              ElementsAre("denied /x for read by uid 0: modified"));
}

TEST_F(StepTracesTest, PoliciesAreMeasuredByTheirNames) {
  Measure(dir_ / "policies/policy");
  Measure(dir_ / "policies/more");
  Measure("built-in tcb");
  Must(traces_.Read());
  traces_.Begin(std::nullopt);
  EXPECT_THAT(traces_.MeasuredBy(0),
              ElementsAre("12 policy", "12 policy more", "12 built-in tcb"));
}

}  // namespace
}  // namespace assayfs
