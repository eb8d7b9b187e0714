#include "doctor/host_needs.h"

#include <gtest/gtest.h>

namespace tokamark::doctor {
namespace {

using probe::HostNeeds;

HostNeeds needs_of(const std::string& engines, const std::string& rest) {
  const study::Study study =
      study::parse_study("engines:\n" + engines +
                             "workloads: [{name: w, input_tokens: 32, output_tokens: 8}]\n" +
                             "window: {requests: 0}\n" + rest,
                         "s.yaml", ".", {})
          .value();
  return host_needs(study, study::make_plan(study, {}).value());
}

const std::string kHere = "  - {name: a, kind: openai, url: \"http://localhost:1\"}\n";
const std::string kThere = "  - {name: b, kind: openai, url: \"http://10.0.0.7:1\"}\n";

TEST(HostNeeds, AreThoseOfTheGreatestLoad) {
  const HostNeeds closed = needs_of(kHere, "load: {concurrency: [4, 900]}\n");
  EXPECT_EQ(closed.concurrency, 900U);
  EXPECT_EQ(closed.expected_in_flight, 0.0);
  EXPECT_EQ(closed.engines, HostNeeds::Where::here);
  const HostNeeds open = needs_of(kThere, "load: {rate_per_s: [3, 20]}\n");
  EXPECT_EQ(open.rate_per_s, 20.0);
  EXPECT_EQ(open.expected_in_flight, 200.0);  // 20 a second, 10 s each
  EXPECT_EQ(open.engines, HostNeeds::Where::elsewhere);
  const HostNeeds limited =
      needs_of(kHere + kThere, "load: {rate_per_s: 20}\nslo: {e2e_ms: 500}\n");
  EXPECT_EQ(limited.expected_in_flight, 10.0);
  EXPECT_EQ(limited.engines, HostNeeds::Where::both);
}

TEST(HostNeeds, IncludeWhatTheClientReceivesWith) {
  EXPECT_FALSE(needs_of(kHere, "load: {concurrency: 1}\n").io_uring);
  EXPECT_TRUE(needs_of(kHere, "load: {concurrency: 1}\nclient: {receive: io_uring}\n").io_uring);
}

}  // namespace
}  // namespace tokamark::doctor
