#include "calibration/null_engine.h"

#include <gtest/gtest.h>

#include "calibration/null_wire.h"
#include "protocol/response_parser.h"

namespace tokamark::calibration {
namespace {

using std::chrono::milliseconds;

constexpr base::TimePoint kOrigin{std::chrono::seconds(1)};

TEST(NullEngine, WithoutBurstsEveryStreamHasItsOwnPhase) {
  NullEngineOptions options;
  EXPECT_EQ(first_due(options, kOrigin, kOrigin + milliseconds(3), 9), kOrigin + milliseconds(53));
}

TEST(NullEngine, BurstsShareAGrid) {
  NullEngineOptions options;
  options.bursts = 2;
  // Group 0 is due at 0, 10, 20 ... ms, group 1 at 5, 15, 25 ... ms after the origin.
  EXPECT_EQ(first_due(options, kOrigin, kOrigin + milliseconds(3), 4), kOrigin + milliseconds(60));
  EXPECT_EQ(first_due(options, kOrigin, kOrigin + milliseconds(3), 5), kOrigin + milliseconds(55));
  EXPECT_EQ(first_due(options, kOrigin, kOrigin + milliseconds(10), 4), kOrigin + milliseconds(60));
  options.tokens_per_chunk = 4;  // the grid of group 0 is then 0, 40, 80 ms
  EXPECT_EQ(first_due(options, kOrigin, kOrigin + milliseconds(3), 4), kOrigin + milliseconds(80));
}

TEST(NullEngine, AnEventIsOneHttpChunkOfAboutTheSizeOfARealOne) {
  const NullWire wire(Route::chat, 4);
  EXPECT_GT(wire.tokens(1).size(), 200U);
  EXPECT_LT(wire.tokens(1).size(), 280U);
  EXPECT_NE(wire.tokens(4).find(R"("content":" tok tok tok tok")"), std::string::npos);
  EXPECT_NE(wire.last(2).find(R"("finish_reason":"length")"), std::string::npos);
  EXPECT_NE(NullWire::end(7, true).find(R"("completion_tokens":7)"), std::string::npos);
  EXPECT_EQ(NullWire::end(7, false).find("usage"), std::string::npos);
}

TEST(NullEngine, AnAddressInUseIsAnErrorThatNamesIt) {
  auto first = NullEngine::start({});
  ASSERT_TRUE(first.has_value());
  NullEngineOptions options;
  options.port = first.value()->port();
  const auto second = NullEngine::start(options);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, base::ErrorKind::engine);
  EXPECT_NE(second.error().message.find(std::to_string(options.port)), std::string::npos);
}

}  // namespace
}  // namespace tokamark::calibration
