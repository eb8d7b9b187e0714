#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

namespace tokamark::run {

/// One look at the server's metrics page.
struct Scrape {
  base::Nanos asked{0}, answered{0};  ///< after the telemetry's start
  engine::ServerMetrics metrics;      ///< empty when it failed
  std::string error;                  ///< why it failed; empty = it did not
};

/// How often a server is asked, and how long it is waited for.
struct ScrapeRule {
  std::chrono::milliseconds period{1000};
  /// llama.cpp answers between two steps of its engine and sets its rate gauges back, so it is
  /// asked less often; so is a server that did not answer.
  std::chrono::milliseconds seldom{5000};
  std::chrono::milliseconds timeout{5000};
  std::chrono::milliseconds last_timeout{2000};  ///< of the scrape that `finish` makes
};

/// Asks a server for its metrics on a thread of its own, since the answer may take seconds: from
/// construction to `finish`, at most one question at a time. `ask_now` and `finish` may be called
/// from any thread.
class Scraper {
 public:
  /// Called on the scraper's thread, and by `finish` on its caller's, never at the same time.
  using Ask =
      std::function<base::Result<engine::ServerMetrics>(const engine::ScrapePatience& patience)>;

  /// Times are counted from `zero`.
  Scraper(Ask ask, base::TimePoint zero, ScrapeRule rule = {});
  ~Scraper();
  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;

  /// Has the next question asked at once, or when the one that is out was answered. Does not wait.
  void ask_now();

  /// Gives up the question that is out, asks a last time if the server answered the one before, and
  /// hands everything over. Waits no longer than `last_timeout` and 100 ms. Call once.
  std::vector<Scrape> finish();

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] Scrape scrape(std::chrono::milliseconds timeout, const std::atomic<bool>* stop);

  Ask ask_;
  base::TimePoint zero_;
  ScrapeRule rule_;
  std::vector<Scrape> scrapes_;  ///< the thread's own until it has ended
  std::atomic<bool> give_up_{false};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool wanted_ = false;  ///< guarded by mutex_
  std::jthread thread_;  ///< last, so that it sees everything above alive
};

}  // namespace tokamark::run
