#include "sim/truth_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"

namespace tokamark::sim {
namespace {

using testing::HasSubstr;

base::TimePoint ns(std::int64_t count) { return base::TimePoint{base::Nanos{count}}; }

std::filesystem::path temporary_file() {
  return std::filesystem::path(testing::TempDir()) /
         ("truth-" + std::to_string(::getpid()) + ".jsonl");
}

TEST(TruthLog, LineHoldsTheIdTheArrivalAndEveryEmission) {
  TruthRecord record;
  record.request_id = "r\"1";
  record.arrival = ns(1000);
  record.prompt_tokens = 7;
  record.emissions = {ns(2000), ns(3500)};
  EXPECT_EQ(truth_line(record),
            R"({"simulated":true,"request_id":"r\"1","outcome":"finished","prompt_tokens":7,)"
            R"("arrival_ns":1000,"emissions_ns":[2000,3500]})"
            "\n");
  record.outcome = Outcome::aborted;
  EXPECT_THAT(truth_line(record), HasSubstr(R"("outcome":"aborted")"));
}

TEST(TruthLog, WritesOnlyAtFlush) {
  const auto path = temporary_file();
  auto log = TruthLog::open(path);
  ASSERT_TRUE(log.has_value());
  log.value().add(TruthRecord{});
  EXPECT_EQ(base::read_file(path, base::ErrorKind::output).value(), "");
  ASSERT_TRUE(log.value().flush().has_value());
  EXPECT_EQ(base::read_file(path, base::ErrorKind::output).value(), truth_line(TruthRecord{}));
  std::filesystem::remove(path);
}

TEST(TruthLog, UnwritableFileIsNamed) {
  const auto log = TruthLog::open("/no/such/folder/truth.jsonl");
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().kind, base::ErrorKind::output);
  EXPECT_THAT(log.error().message, HasSubstr("/no/such/folder/truth.jsonl"));
}

TEST(TruthLog, FullDiskIsReportedAndStaysReported) {
  auto log = TruthLog::open("/dev/full");
  ASSERT_TRUE(log.has_value());
  log.value().add(TruthRecord{});
  EXPECT_THAT(log.value().flush().error().message, HasSubstr("/dev/full: No space left"));
  EXPECT_FALSE(log.value().flush().has_value());
}

TEST(TruthLog, LogWithoutAFileKeepsNothing) {
  TruthLog log;
  log.add(TruthRecord{});
  EXPECT_TRUE(log.flush().has_value());
}

}  // namespace
}  // namespace tokamark::sim
