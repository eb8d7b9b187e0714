#include "calibration/calibrate.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "calibration/null_engine.h"
#include "load/player.h"
#include "protocol/request_renderer.h"
#include "workload/arrivals.h"

namespace tokamark::calibration {

namespace {

using nlohmann::json;

constexpr std::uint64_t kSeed = 1;
/// Added to one answer's time for every timeout: a calibration never waits for a hanging server.
constexpr std::chrono::seconds kPatience{20};

base::Nanos answer_time(const CalibrationShape& shape) {
  return shape.first_token + shape.token_gap * (shape.output_tokens + shape.tokens_per_chunk);
}

workload::Schedule make_schedule(const CalibrationShape& shape) {
  workload::Schedule schedule;
  schedule.load = shape.load;
  schedule.seed = kSeed;
  schedule.prompts.push_back({"null", "Say something.", "", 0});
  if (shape.load.kind == workload::LoadKind::closed) {
    schedule.requests.assign(shape.load.concurrency, {base::Nanos(0), 0, shape.output_tokens});
    return schedule;
  }
  // Arrivals go on while the last measured request ends, so that the load is held (M15).
  const base::Nanos length = shape.length + answer_time(shape) + std::chrono::seconds(1);
  for (const base::Nanos offset : workload::arrival_offsets(shape.load, length, kSeed)) {
    schedule.requests.push_back({offset, 0, shape.output_tokens});
  }
  return schedule;
}

json error_json(const record::ClientError& error) {
  const auto number = [](const std::optional<double>& v) { return v ? json(*v) : json(nullptr); };
  return {{"p50", number(error.p50)}, {"p99", number(error.p99)}, {"max", number(error.max)}};
}

}  // namespace

std::uint32_t most_streams() {
  constexpr rlim_t kMost = 50'000;
  constexpr rlim_t kSpare = 100;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 400;
  const rlim_t pairs = limit.rlim_max / 2;
  return pairs > kSpare ? static_cast<std::uint32_t>(std::min(pairs - kSpare, kMost)) : 1;
}

base::Result<Calibration> calibrate(const CalibrationShape& shape, const std::atomic<bool>& stop) {
  if (shape.load.kind == workload::LoadKind::closed && shape.load.concurrency > most_streams()) {
    return base::Error{base::ErrorKind::usage,
                       fmt::format("{} streams and the server beside them need two descriptors "
                                   "each; the limit allows {} streams: raise the hard limit of "
                                   "open files (ulimit -Hn)",
                                   shape.load.concurrency, most_streams())};
  }
  NullEngineOptions engine_options;
  engine_options.first_token = shape.first_token;
  engine_options.token_gap = shape.token_gap;
  engine_options.tokens_per_chunk = shape.tokens_per_chunk;
  engine_options.bursts = shape.bursts;
  TOKAMARK_TRY(const auto engine, NullEngine::start(engine_options));

  const workload::Schedule schedule = make_schedule(shape);
  if (schedule.requests.empty()) {
    return base::Error{base::ErrorKind::usage,
                       "at this rate no request falls into the calibration: raise the rate or "
                       "the length"};
  }
  load::PlayOptions options;
  TOKAMARK_TRY(options.endpoint, net::resolve(engine->base_url()));
  protocol::RequestShape request;
  request.host_header = options.endpoint.host_header;
  request.path = "/v1/chat/completions";
  request.api = "chat";
  request.model = "null";
  TOKAMARK_TRY(const auto renderer, protocol::RequestRenderer::make(request, schedule.prompts));
  options.schedule = &schedule;
  options.renderer = &renderer;
  options.window.least = shape.length;
  options.window.longest = shape.length;
  if (shape.load.kind == workload::LoadKind::closed &&
      shape.start == CalibrationShape::Start::warm) {
    options.window.warmup_requests = shape.load.concurrency;
    options.window.longest_warmup = answer_time(shape) + kPatience;
    // Every stream once, however long its answer takes.
    options.window.least_requests = shape.load.concurrency;
    options.window.longest += 2 * answer_time(shape);
  }
  const base::Nanos patience = answer_time(shape) + kPatience;
  options.timeouts = {kPatience, patience, patience, patience};
  options.threads = shape.threads;
  options.receiving = shape.receiving;
  options.stop = &stop;
  TOKAMARK_TRY(const load::PlayResult played, load::play(options));
  if (played.stopped) return base::Error{base::ErrorKind::interrupted, "stopped"};
  TOKAMARK_TRY(const auto truth, engine->stop());

  Calibration result;
  result.shape = shape;
  result.error = compare(played.records, truth, played.start, shape.tokens_per_chunk);
  result.realtime = played.realtime;
  double cpu_s = 0.0, tokens = 0.0;
  for (const load::ThreadCost& cost : played.threads) cpu_s += cost.cpu_s;
  for (const record::RequestRecord& r : played.records) {
    tokens += static_cast<double>(r.chunks.size() * shape.tokens_per_chunk);
  }
  if (tokens > 0) result.cpu_us_per_token = 1e6 * cpu_s / tokens;
  return result;
}

json to_json(const Calibration& c) {
  const InstrumentError& e = c.error;
  return {
      {"load", record::to_json(c.shape.load)},
      {"first_token_ms", base::to_ms(c.shape.first_token)},
      {"token_gap_ms", base::to_ms(c.shape.token_gap)},
      {"output_tokens", c.shape.output_tokens},
      {"tokens_per_chunk", c.shape.tokens_per_chunk},
      {"bursts", c.shape.bursts},
      {"threads", c.shape.threads},
      {"receive", load::to_word(c.shape.receiving)},
      {"cold", c.shape.start == CalibrationShape::Start::cold},
      {"length_s", base::to_seconds(c.shape.length)},
      {"realtime", c.realtime},
      {"requests", e.requests},
      {"failed", e.failed},
      {"output_tokens_total", e.tokens},
      {"ttft_true_p50_ms", e.ttft_true_p50_ms},
      {"ttft_error_ms", error_json(e.ttft_error_ms)},
      {"itl_error_ms", error_json(e.itl_error_ms)},
      {"token_time_error_ms", error_json(e.token_time_error_ms)},
      {"lateness_ms", error_json(e.lateness_ms)},
      {"receive_delay_ms", error_json(e.receive_delay_ms)},
      {"shared_read_share", e.shared_read_share},
      {"cpu_us_per_token", c.cpu_us_per_token},
  };
}

}  // namespace tokamark::calibration
