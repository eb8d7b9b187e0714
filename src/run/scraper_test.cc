#include "run/scraper.h"

#include <gtest/gtest.h>

#include <future>

namespace tokamark::run {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::hours;
using std::chrono::milliseconds;

engine::ServerMetrics page(double running) {
  engine::ServerMetrics metrics;
  metrics.family = "vllm";
  metrics.counters["requests_running"] = running;
  return metrics;
}

/// A server that counts how often it was asked.
struct Counting {
  std::atomic<int> asked{0};
  base::Result<engine::ServerMetrics> operator()(const engine::ScrapePatience&) {
    return page(++asked);
  }
};

void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::yield();
}

TEST(Scraper, AsksAtOnceWhenToldAndOnceMoreAtTheEnd) {
  Counting server;
  ScrapeRule rule;
  rule.period = hours(1);
  Scraper scraper([&](const auto& patience) { return server(patience); }, base::now(), rule);
  wait_until([&] { return server.asked == 1; });
  scraper.ask_now();
  wait_until([&] { return server.asked == 2; });
  const std::vector<Scrape> scrapes = scraper.finish();
  ASSERT_EQ(scrapes.size(), 3U);
  for (std::size_t i = 0; i < scrapes.size(); ++i) {
    EXPECT_TRUE(scrapes[i].error.empty());
    EXPECT_DOUBLE_EQ(scrapes[i].metrics.counters.at("requests_running"),
                     static_cast<double>(i + 1));
    EXPECT_LE(scrapes[i].asked, scrapes[i].answered);
    if (i > 0) {
      EXPECT_LE(scrapes[i - 1].answered, scrapes[i].asked);
    }
  }
}

TEST(Scraper, GoesOnByItself) {
  Counting server;
  ScrapeRule rule;
  rule.period = milliseconds(1);
  Scraper scraper([&](const auto& patience) { return server(patience); }, base::now(), rule);
  wait_until([&] { return server.asked >= 3; });
  EXPECT_GE(scraper.finish().size(), 4U);
}

// Without the stop flag this test would not end.
TEST(Scraper, APageThatHangsDoesNotHoldUpTheEnd) {
  std::promise<void> hanging;
  int asked = 0;
  const auto hang = [&](const engine::ScrapePatience& patience) {
    if (asked++ == 0) hanging.set_value();
    while (!*patience.stop) std::this_thread::yield();
    return base::Result<engine::ServerMetrics>(Error{ErrorKind::interrupted, "given up"});
  };
  Scraper scraper(hang, base::now());
  hanging.get_future().wait();
  const std::vector<Scrape> scrapes = scraper.finish();
  ASSERT_EQ(scrapes.size(), 1U);
  EXPECT_EQ(scrapes[0].error, "not answered before the load had ended");
  EXPECT_EQ(asked, 1) << "a server that never answered is not asked a last time";
}

TEST(Scraper, AQuestionThatIsOutAtTheEndIsAskedOnceMoreWhereTheServerHadAnswered) {
  std::promise<void> hanging;
  int asked = 0;
  ScrapeRule rule;
  rule.period = milliseconds(1);
  const auto second_hangs = [&](const engine::ScrapePatience& patience) {
    if (++asked != 2) return base::Result<engine::ServerMetrics>(page(asked));
    hanging.set_value();
    while (!*patience.stop) std::this_thread::yield();
    return base::Result<engine::ServerMetrics>(Error{ErrorKind::interrupted, "given up"});
  };
  Scraper scraper(second_hangs, base::now(), rule);
  hanging.get_future().wait();
  const std::vector<Scrape> scrapes = scraper.finish();
  ASSERT_EQ(scrapes.size(), 3U);
  EXPECT_FALSE(scrapes[1].error.empty());
  EXPECT_DOUBLE_EQ(scrapes[2].metrics.counters.at("requests_running"), 3);
}

TEST(Scraper, AFailureAndAPageOfAnotherProgramAreRowsThatSaySo) {
  int asked = 0;
  ScrapeRule rule;
  rule.seldom = milliseconds(1);
  std::promise<void> enough;
  const auto fail = [&](const engine::ScrapePatience&) -> base::Result<engine::ServerMetrics> {
    if (++asked == 3) enough.set_value();
    if (asked == 1) return Error{ErrorKind::network, "HTTP 404"};
    return engine::ServerMetrics{};
  };
  Scraper scraper(fail, base::now(), rule);
  enough.get_future().wait();
  const std::vector<Scrape> scrapes = scraper.finish();
  ASSERT_GE(scrapes.size(), 3U);
  EXPECT_EQ(scrapes[0].error, "HTTP 404");
  EXPECT_TRUE(scrapes[0].metrics.counters.empty());
  EXPECT_EQ(scrapes[1].error, "the page has none of the metrics known here");
}

}  // namespace
}  // namespace tokamark::run
