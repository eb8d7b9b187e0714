#include "load/request_feed.h"

#include <utility>

#include "base/assert.h"

namespace tokamark::load {

RequestFeed::RequestFeed(const Options& options) : options_(options), next_(options.first) {
  TOKAMARK_ASSERT(options.schedule != nullptr && options.renderer != nullptr);
  TOKAMARK_ASSERT(!options.schedule->requests.empty() && options.stride > 0);
  refill();
}

bool RequestFeed::exhausted() const {
  if (options_.most > 0 && next_ >= options_.most) return true;
  return options_.schedule->load.kind == workload::LoadKind::open &&
         next_ >= options_.schedule->requests.size();
}

void RequestFeed::refill() {
  while (ready_.size() < options_.ahead && !exhausted()) render_one();
}

void RequestFeed::render_one() {
  const workload::Schedule& schedule = *options_.schedule;
  const auto index = static_cast<std::uint32_t>(next_ % schedule.requests.size());
  const workload::PlannedRequest& planned = schedule.requests[index];
  Ready ready;
  ready.sequence = next_;
  ready.schedule_index = index;
  ready.output_tokens = planned.output_tokens;
  ready.offset = planned.offset;
  if (!spare_.empty()) {
    ready.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  options_.renderer->render({planned.prompt, planned.output_tokens, next_, schedule.salt(next_)},
                            ready.bytes);
  ready_.push_back(std::move(ready));
  next_ += options_.stride;
}

base::Nanos RequestFeed::next_offset() {
  TOKAMARK_ASSERT(!empty());
  if (ready_.empty()) render_one();
  return ready_.front().offset;
}

RequestFeed::Ready RequestFeed::take() {
  TOKAMARK_ASSERT(!empty());
  if (ready_.empty()) render_one();
  Ready ready = std::move(ready_.front());
  ready_.pop_front();
  return ready;
}

void RequestFeed::give_back(std::string bytes) {
  if (spare_.size() < options_.ahead) spare_.push_back(std::move(bytes));
}

}  // namespace tokamark::load
