#include "run/results_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "record/request_file.h"

namespace tokamark::run {
namespace {

namespace fs = std::filesystem;

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tokamark-results-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root = pattern;
    inputs.study_text = "model: {name: m}\n";
    inputs.study = {{"name", "s"}};
    inputs.plan = {{"trial_ids", {"t1", "t2"}}};
    inputs.manifest = {{"tokamark", "x"}};
  }
  void TearDown() override { fs::remove_all(root); }

  static TrialOutput trial(const std::string& id, const std::string& stopped = "") {
    TrialOutput output;
    output.facts.id = id;
    output.facts.engine = "a";
    output.facts.stopped = stopped;
    output.facts.engine_info = {{"version", "1"}, {"greedy", nlohmann::json::object()}};
    record::RequestRecord record;
    record.scheduled = base::Nanos(5);
    output.records.push_back(record);
    output.schedule_text = "{}\n";
    output.telemetry_text = "{}\n";
    return output;
  }
  fs::path root;
  StudyInputs inputs;
};

TEST_F(Folder, HoldsATrialWholeAndRebuildsItFromTheRawFiles) {
  auto folder = ResultsFolder::create(root / "r", inputs);
  ASSERT_TRUE(folder.has_value()) << folder.error().message;
  EXPECT_FALSE(folder.value().has_complete_trial("t1"));
  ASSERT_TRUE(folder.value().write_trial(trial("t1")).has_value());
  EXPECT_TRUE(folder.value().has_complete_trial("t1"));
  const auto rebuilt = folder.value().rebuild();
  ASSERT_TRUE(rebuilt.has_value()) << rebuilt.error().message;
  ASSERT_EQ(rebuilt.value().trials.size(), 1U);
  EXPECT_EQ(rebuilt.value().trials[0].id, "t1");
  EXPECT_EQ(rebuilt.value().manifest["engines"]["a"]["version"], "1");
  EXPECT_FALSE(rebuilt.value().manifest["engines"]["a"].contains("greedy")) << "a trial's own";
  EXPECT_TRUE(rebuilt.value().trials[0].engine_info.contains("greedy"));
  for (const char* name : {"facts.json", "summary.json", "requests.jsonl.zst", "schedule.jsonl.zst",
                           "telemetry.jsonl.zst"}) {
    EXPECT_TRUE(fs::exists(root / "r/trials/t1" / name)) << name;
  }
}

TEST_F(Folder, SummariesAloneGiveTheSameResult) {
  auto folder = ResultsFolder::create(root / "r", inputs);
  ASSERT_TRUE(folder.value().write_trial(trial("t1")).has_value());
  const auto rebuilt = folder.value().rebuild();
  fs::remove(root / "r/trials/t1/requests.jsonl.zst");
  const auto summarised = folder.value().summarised();
  ASSERT_TRUE(summarised.has_value()) << summarised.error().message;
  EXPECT_EQ(record::to_text(summarised.value()), record::to_text(rebuilt.value()));
}

TEST_F(Folder, AnInterruptedTrialIsKeptAsideWhenItIsRunAgain) {
  auto folder = ResultsFolder::create(root / "r", inputs);
  ASSERT_TRUE(folder.value().write_trial(trial("t1", "stopped by the user")).has_value());
  EXPECT_FALSE(folder.value().has_complete_trial("t1"));
  const auto before =
      base::read_file(root / "r/trials/t1/requests.jsonl.zst", base::ErrorKind::study);
  ASSERT_TRUE(folder.value().write_trial(trial("t1")).has_value());
  EXPECT_TRUE(folder.value().has_complete_trial("t1"));
  EXPECT_EQ(base::read_file(root / "r/superseded/t1-1/requests.jsonl.zst", base::ErrorKind::study)
                .value(),
            before.value());
}

TEST_F(Folder, AHalfWrittenTrialOfAKilledProcessIsNoTrial) {
  auto folder = ResultsFolder::create(root / "r", inputs);
  fs::create_directories(root / "r/trials/.t1.part");
  EXPECT_FALSE(folder.value().has_complete_trial("t1"));
  EXPECT_TRUE(folder.value().rebuild().value().trials.empty());
  ASSERT_TRUE(folder.value().write_trial(trial("t1")).has_value());
  EXPECT_FALSE(fs::exists(root / "r/trials/.t1.part"));
}

TEST_F(Folder, RefusesAFolderThatIsNotEmptyAndSaysHowToResume) {
  ASSERT_TRUE(base::write_file_atomic(root / "something", "x").has_value());
  const auto folder = ResultsFolder::create(root, inputs);
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().kind, base::ErrorKind::output);
  EXPECT_NE(folder.error().message.find("--resume"), std::string::npos);
}

TEST_F(Folder, RefusesAFileInPlaceOfAFolder) {
  ASSERT_TRUE(base::write_file_atomic(root / "file", "x").has_value());
  const auto folder = ResultsFolder::create(root / "file", inputs);
  ASSERT_FALSE(folder.has_value());
  EXPECT_NE(folder.error().message.find("is a file"), std::string::npos);
}

TEST_F(Folder, RefusesASecondProcess) {
  const auto first = ResultsFolder::create(root / "r", inputs);
  ASSERT_TRUE(first.has_value());
  auto second = ResultsFolder::open(root / "r");
  ASSERT_TRUE(second.has_value());
  const auto locked = second.value().lock();
  ASSERT_FALSE(locked.has_value());
  EXPECT_NE(locked.error().message.find("another tokamark"), std::string::npos);
}

TEST_F(Folder, SaysWhenAFolderHoldsNoResults) {
  const auto folder = ResultsFolder::open(root);
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().kind, base::ErrorKind::usage);
}

TEST_F(Folder, SaysWhyEnginesFailedUntilNoneDid) {
  auto folder = ResultsFolder::create(root / "r", inputs);
  ASSERT_TRUE(folder.value().write_failures({}).has_value());
  EXPECT_FALSE(fs::exists(root / "r/failures.json"));
  ASSERT_TRUE(folder.value().write_failures({"engine \"b\": exited"}).has_value());
  EXPECT_EQ(folder.value().rebuild().value().manifest["engine_failures"],
            nlohmann::json::array({"engine \"b\": exited"}));
  ASSERT_TRUE(folder.value().write_failures({}).has_value());
  EXPECT_EQ(folder.value().rebuild().value().manifest["engine_failures"], nlohmann::json::array());
  ASSERT_TRUE(base::write_file_atomic(root / "r/failures.json", "[").has_value());
  EXPECT_NE(folder.value().rebuild().error().message.find("failures.json"), std::string::npos);
}

TEST_F(Folder, ADamagedFileIsAnErrorThatNamesIt) {
  auto folder = ResultsFolder::create(root / "r", inputs);
  ASSERT_TRUE(folder.value().write_trial(trial("t1")).has_value());
  ASSERT_TRUE(base::write_file_atomic(root / "r/trials/t1/facts.json", "{").has_value());
  const auto rebuilt = folder.value().rebuild();
  ASSERT_FALSE(rebuilt.has_value());
  EXPECT_NE(rebuilt.error().message.find("facts.json"), std::string::npos);
}

}  // namespace
}  // namespace tokamark::run
