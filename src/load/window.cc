#include "load/window.h"

namespace tokamark::load {

void Window::advance(base::Nanos now) {
  if (closed()) return;
  if (!opened()) {
    const bool warm = now >= rule_.warmup &&
                      ended_before_.load(std::memory_order_relaxed) >= rule_.warmup_requests;
    const bool overdue = rule_.longest_warmup.count() > 0 && now >= rule_.longest_warmup;
    if (!warm && !overdue) return;
    std::int64_t unset = -1;
    start_ns_.compare_exchange_strong(unset, now.count(), std::memory_order_acq_rel);
    return;
  }
  const base::Nanos open_for = now - start();
  const bool enough = open_for >= rule_.least &&
                      ended_inside_.load(std::memory_order_relaxed) >= rule_.least_requests;
  if (!enough && open_for < rule_.longest) return;
  std::int64_t unset = -1;
  end_ns_.compare_exchange_strong(unset, now.count(), std::memory_order_acq_rel);
}

void Window::count_ended(base::Nanos scheduled) {
  if (!opened()) {
    ended_before_.fetch_add(1, std::memory_order_relaxed);
  } else if (contains(scheduled)) {
    ended_inside_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace tokamark::load
