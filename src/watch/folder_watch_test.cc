#include "watch/folder_watch.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.h"

namespace tokamark::watch {
namespace {

namespace fs = std::filesystem;

class Watched : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tokamark-watch-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root = pattern;
    run::StudyInputs inputs;
    inputs.study_text = "model: {name: m}\n";
    inputs.study = {{"name", "s"}, {"model", {{"name", "m"}}}};
    inputs.plan = {{"trial_ids", {"t1", "t2"}}};
    inputs.manifest = {{"host", {{"cpu", "a cpu"}}}};
    auto made = run::ResultsFolder::create(root / "r", inputs);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    folder = std::make_unique<run::ResultsFolder>(std::move(made.value()));
  }
  void TearDown() override { fs::remove_all(root); }

  void finish(const std::string& id) {
    run::TrialOutput output;
    output.facts.id = id;
    output.facts.engine = "a";
    output.facts.workload = "chat";
    output.facts.engine_info = {{"version", "1"}};
    output.schedule_text = output.telemetry_text = "{}\n";
    ASSERT_TRUE(folder->write_trial(output).has_value());
  }
  void write(const record::Progress& progress) {
    ASSERT_TRUE(
        base::replace_file(root / "r/progress.json", record::to_json(progress).dump()).has_value());
  }

  fs::path root;
  std::unique_ptr<run::ResultsFolder> folder;  ///< holds the lock, as a run does
};

TEST_F(Watched, SeesTrialsAndProgressAsTheyCome) {
  auto watch = FolderWatch::open(root / "r");
  ASSERT_TRUE(watch.has_value()) << watch.error().message;
  record::Progress progress;
  progress.process = base::this_process();
  progress.trials_total = 2;
  write(progress);
  watch.value().poll(0);
  const Snapshot& seen = watch.value().snapshot();
  EXPECT_EQ(seen.study, "s");
  EXPECT_EQ(seen.model, "m");
  EXPECT_EQ(seen.hardware, "a cpu");
  EXPECT_EQ(seen.state, State::running);
  EXPECT_EQ(seen.planned, 2);
  EXPECT_TRUE(watch.value().finished().empty());
  finish("t1");
  watch.value().poll(0);
  ASSERT_EQ(watch.value().finished().size(), 1U);
  EXPECT_EQ(watch.value().finished()[0].id, "t1");
  EXPECT_EQ(watch.value().latest().size(), 1U);
  watch.value().poll(0);
  EXPECT_EQ(watch.value().finished().size(), 1U) << "once";
  finish("t2");
  progress.exit_code = 5;
  write(progress);
  watch.value().poll(0);
  EXPECT_EQ(watch.value().finished().size(), 2U);
  EXPECT_EQ(seen.state, State::finished);
  EXPECT_EQ(seen.valid + seen.invalid + seen.incomplete, 2);
}

TEST_F(Watched, ASummaryThatWasJudgedAgainIsToldAgain) {
  finish("t1");
  auto watch = FolderWatch::open(root / "r");
  watch.value().poll(0);
  const fs::path summary = root / "r/trials/t1/summary.json";
  auto trial = record::read_trial_file(summary).value();
  ASSERT_TRUE(record::write_trial_file(summary, trial).has_value());
  ASSERT_TRUE(base::write_file_atomic(root / "r/results.json", "{}").has_value());
  watch.value().poll(0);
  EXPECT_EQ(watch.value().finished().size(), 1U) << "the same as before";
  trial.codes.push_back({"clock_confounded", "1 MHz", "advice"});
  ASSERT_TRUE(record::write_trial_file(summary, trial).has_value());
  ASSERT_TRUE(base::write_file_atomic(root / "r/results.json", "{ }").has_value());
  watch.value().poll(0);
  ASSERT_EQ(watch.value().finished().size(), 2U);
  EXPECT_EQ(watch.value().finished()[1].codes.back().first, "clock_confounded");
}

TEST_F(Watched, ATrialBeingWrittenIsNone) {
  fs::create_directories(root / "r/trials/.t1.part");
  auto watch = FolderWatch::open(root / "r");
  watch.value().poll(0);
  EXPECT_TRUE(watch.value().finished().empty());
}

// A run that starts or goes on in this folder must find its lock free.
TEST_F(Watched, TakesNoLock) {
  folder.reset();
  auto watch = FolderWatch::open(root / "r");
  watch.value().poll(0);
  auto other = run::ResultsFolder::open(root / "r");
  EXPECT_TRUE(other.value().lock().has_value());
}

TEST_F(Watched, DamagedProgressKeepsWhatWasKnown) {
  record::Progress progress;
  progress.process = base::this_process();
  progress.trials_done = 1;
  write(progress);
  auto watch = FolderWatch::open(root / "r");
  watch.value().poll(0);
  ASSERT_TRUE(base::replace_file(root / "r/progress.json", "{").has_value());
  watch.value().poll(0);
  ASSERT_TRUE(watch.value().snapshot().progress.has_value());
  EXPECT_EQ(watch.value().snapshot().progress->trials_done, 1);
}

TEST_F(Watched, AFolderWithoutStudyIsRefused) {
  const auto watch = FolderWatch::open(root);
  ASSERT_FALSE(watch.has_value());
  EXPECT_EQ(watch.error().kind, base::ErrorKind::usage);
  EXPECT_NE(watch.error().message.find("is not a results folder"), std::string::npos);
}

}  // namespace
}  // namespace tokamark::watch
