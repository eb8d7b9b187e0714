#include "load/player.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <latch>
#include <thread>

#include "base/assert.h"
#include "load/shard.h"

namespace tokamark::load {

namespace {

/// Asks for real-time priority for the calling thread. The thread sleeps between events, so it
/// cannot starve the machine; containers and ordinary users are refused, and the result says so.
bool become_realtime() {
  sched_param parameter{};
  parameter.sched_priority = 1;
  return ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameter) == 0;
}

/// What the load threads were granted; each adds its own before the load starts.
struct Grants {
  std::atomic<std::uint32_t> realtime{0}, pinned{0};
};

/// The shards of a load with their connections, where it is closed, open.
base::Result<std::vector<std::unique_ptr<Shard>>> make_shards(
    const PlayOptions& options, Window& window, Finish& finish,
    const std::shared_ptr<net::TlsContext>& tls) {
  std::vector<std::unique_ptr<Shard>> shards;
  for (std::uint32_t i = 0; i < options.threads; ++i) {
    shards.push_back(std::make_unique<Shard>(options, Shard::Place{i, &window, &finish}));
    Shard& shard = *shards.back();
    shard.set_tls(tls);
    if (options.receiving == Receiving::io_uring) TOKAMARK_TRY_VOID(shard.use_io_uring());
    if (shard.connect_all() > 0) {
      return base::Error{base::ErrorKind::engine,
                         "cannot connect to " + options.endpoint.host_header + ": " +
                             shard.connect_error() + "; is the server running there?"};
    }
  }
  return shards;
}

/// Prepares the calling thread for its shard.
void settle(Shard& shard, std::uint32_t index, const PinPlan& plan, Grants& grants) {
  if (index < plan.cpus.size() && stay_on(plan.cpus[index])) ++grants.pinned;
  if (become_realtime()) {
    ++grants.realtime;
    shard.sleep_only();
  }
  shard.settle();
}

/// Fills in what the load threads were granted.
void note_grants(const Grants& grants, const PinPlan& plan, PlayResult& result) {
  result.realtime = grants.realtime == result.threads.size();
  const bool all = grants.pinned == plan.cpus.size();
  result.pinning = all ? plan.word : "refused";
  if (all) result.cpus = plan.cpus;
}

/// Fills in what follows from the schedule and from the window as it finally was.
void complete_records(PlayResult& result, const workload::Schedule& schedule) {
  for (record::RequestRecord& record : result.records) {
    const std::uint32_t prompt = schedule.requests[record.schedule_index].prompt;
    record.category = schedule.prompts[prompt].category;
    const base::Nanos s = record.scheduled;
    const bool before = result.window_start.count() < 0 || s < result.window_start;
    const bool after = result.window_end.count() >= 0 && s >= result.window_end;
    record.phase = before  ? record::Phase::warmup
                   : after ? record::Phase::tail
                           : record::Phase::measured;
  }
}

/// Adds what a load thread that has ended made.
void merge(Shard& shard, PlayResult& result) {
  std::vector<record::RequestRecord> records = shard.take_records();
  std::move(records.begin(), records.end(), std::back_inserter(result.records));
  result.threads.push_back(shard.cost());
  result.clock_stepped = result.clock_stepped || shard.clock_stepped();
  result.stopped = result.stopped || shard.stopped();
}

}  // namespace

const char* to_word(Receiving receiving) {
  return receiving == Receiving::io_uring ? "io_uring" : "epoll";
}

base::Result<PlayResult> play(const PlayOptions& options) {
  TOKAMARK_ASSERT(options.schedule != nullptr && options.renderer != nullptr);
  TOKAMARK_ASSERT(options.stop != nullptr && options.threads > 0);
  std::shared_ptr<net::TlsContext> tls;
  if (options.endpoint.security == net::Security::tls) {
    TOKAMARK_TRY(tls, net::TlsContext::make());
  }
  PlayOptions checked = options;
  if (options.schedule->load.kind == workload::LoadKind::closed) {
    checked.threads = std::min(options.threads, options.schedule->load.concurrency);
  }
  Window window(options.window);
  Finish finish;
  finish.threads = checked.threads;
  TOKAMARK_TRY(const auto shards, make_shards(checked, window, finish, tls));
  base::TimePoint start{};
  const PinPlan pins = plan_pinning(options.pin, checked.threads, allowed_cpus());
  Grants grants;
  std::latch everyone(static_cast<std::ptrdiff_t>(checked.threads) + 1);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < checked.threads; ++i) {
      threads.emplace_back([&, i] {
        settle(*shards[i], i, pins, grants);
        everyone.arrive_and_wait();
        shards[i]->run(start);
      });
    }
    start = std::chrono::steady_clock::now();
    everyone.arrive_and_wait();
  }

  PlayResult result;
  result.start = start;
  result.receiving = options.receiving;
  result.window_start = window.start();
  result.window_end = window.end();
  for (const auto& shard : shards) merge(*shard, result);
  note_grants(grants, pins, result);
  std::sort(result.records.begin(), result.records.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  complete_records(result, *options.schedule);
  return result;
}

}  // namespace tokamark::load
