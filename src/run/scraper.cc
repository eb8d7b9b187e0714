#include "run/scraper.h"

#include <algorithm>
#include <utility>

namespace tokamark::run {

namespace {

constexpr const char* kGivenUp = "not answered before the load had ended";

}  // namespace

Scraper::Scraper(Ask ask, base::TimePoint zero, ScrapeRule rule)
    : ask_(std::move(ask)), zero_(zero), rule_(rule) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Scraper::~Scraper() { give_up_ = true; }

void Scraper::ask_now() {
  const std::lock_guard lock(mutex_);
  wanted_ = true;
  changed_.notify_all();
}

std::vector<Scrape> Scraper::finish() {
  give_up_ = true;
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  const auto told = std::find_if(scrapes_.rbegin(), scrapes_.rend(),
                                 [](const Scrape& s) { return s.error != kGivenUp; });
  const bool answers = told != scrapes_.rend() && told->error.empty();
  if (answers) scrapes_.push_back(scrape(rule_.last_timeout, nullptr));
  return std::move(scrapes_);
}

void Scraper::run(const std::stop_token& stop) {
  // Real time paces the thread; the injected clock only stamps.
  auto due = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wanted_ = false;
    lock.unlock();
    scrapes_.push_back(scrape(rule_.timeout, &give_up_));
    const Scrape& last = scrapes_.back();
    const bool seldom = last.metrics.family == "llama.cpp" || !last.error.empty();
    lock.lock();
    // A slow answer moves the questions after it, so that they never bunch.
    due += seldom ? rule_.seldom : rule_.period;
    due = std::max(due, std::chrono::steady_clock::now());
    changed_.wait_until(lock, stop, due, [&] { return wanted_; });
  }
}

Scrape Scraper::scrape(std::chrono::milliseconds timeout, const std::atomic<bool>* stop) {
  Scrape scrape;
  scrape.asked = base::now() - zero_;
  auto answer = ask_({timeout, stop});
  scrape.answered = base::now() - zero_;
  if (answer.has_value()) {
    scrape.metrics = std::move(answer.value());
    if (scrape.metrics.family.empty()) scrape.error = "the page has none of the metrics known here";
  } else {
    const bool given_up = answer.error().kind == base::ErrorKind::interrupted;
    scrape.error = given_up ? kGivenUp : answer.error().message;
  }
  return scrape;
}

}  // namespace tokamark::run
