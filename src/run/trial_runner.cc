#include "run/trial_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <future>
#include <optional>

#include "base/rng.h"
#include "base/sha256.h"
#include "load/player.h"
#include "protocol/request_renderer.h"
#include "run/greedy_set.h"
#include "run/trial_calibration.h"
#include "run/trial_telemetry.h"
#include "run/warmth.h"

namespace tokamark::run {

namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

/// Longest that the warm-up waits for its request count, as a multiple of its time.
constexpr double kLongestWarmup = 10.0;
constexpr double kLeastLongestWarmup_s = 120.0;
/// Longest window as a multiple of the asked one, when the study does not say.
constexpr double kLongestWindow = 10.0;

protocol::RequestShape request_shape(const study::WorkloadSpec& workload,
                                     const engine::Target& target, const net::Endpoint& endpoint) {
  protocol::RequestShape shape;
  shape.host_header = endpoint.host_header;
  shape.path = endpoint.path_prefix +
               (target.api == "completions" ? "/v1/completions" : "/v1/chat/completions");
  shape.api = target.api;
  shape.model = target.model;
  shape.headers = target.headers;
  shape.temperature = workload.temperature;
  shape.stream_usage = target.fields.stream_usage;
  shape.continuous_usage = target.fields.continuous_usage;
  shape.exact_length = workload.output_rule == study::OutputRule::exact;
  shape.ignore_eos = target.fields.ignore_eos;
  shape.min_tokens = target.fields.min_tokens;
  shape.cache_prompt_off = target.fields.cache_prompt_off;
  shape.endless_generation_config = target.fields.endless_generation_config;
  return shape;
}

load::Timeouts timeouts(const study::TimeoutSpec& spec) {
  return {base::from_seconds(spec.connect_s), base::from_seconds(spec.first_byte_s),
          base::from_seconds(spec.inter_chunk_s), base::from_seconds(spec.total_s)};
}

load::WindowRule window_rule(const study::WindowSpec& spec, const workload::LoadShape& load) {
  load::WindowRule rule;
  rule.warmup = base::from_seconds(spec.warmup_s);
  // An open load has no stated number in flight; its warm-up is a matter of time alone.
  const std::uint32_t twice = load.kind == workload::LoadKind::closed ? 2 * load.concurrency : 0;
  rule.warmup_requests = spec.warmup_requests.value_or(twice);
  rule.longest_warmup =
      base::from_seconds(std::max(kLeastLongestWarmup_s, kLongestWarmup * spec.warmup_s));
  rule.least = base::from_seconds(spec.seconds);
  rule.least_requests = spec.requests;
  rule.longest = base::from_seconds(std::max(
      spec.seconds, spec.max_seconds > 0 ? spec.max_seconds : kLongestWindow * spec.seconds));
  return rule;
}

load::PinRule pin_rule(const study::ClientSpec& client) {
  using Kind = load::PinRule::Kind;
  const Kind kind = client.pin == study::ClientPin::listed ? Kind::listed
                    : client.pin == study::ClientPin::none ? Kind::none
                                                           : Kind::automatic;
  return {kind, client.cpus};
}

load::Receiving receiving(const study::ClientSpec& client) {
  return client.receive == study::ClientReceive::io_uring ? load::Receiving::io_uring
                                                          : load::Receiving::epoll;
}

/// A cost counts only when every load thread has it.
void add_client_costs(const load::PlayResult& played, analysis::TrialFacts& facts) {
  bool delays = true, switches = true, counted = true;
  double in_flight = 0.0;
  base::Nanos run_delay{0};
  std::int64_t voluntary = 0, involuntary = 0;
  for (const load::ThreadCost& cost : played.threads) {
    facts.client_cpu_s += cost.cpu_s;
    facts.client_window_cpu_s += cost.window_cpu_s;
    delays = delays && cost.window_run_delay.has_value();
    switches = switches && cost.window_voluntary_switches.has_value();
    counted = counted && cost.window_in_flight.has_value();
    in_flight += cost.window_in_flight.value_or(0.0);
    run_delay += cost.window_run_delay.value_or(base::Nanos(0));
    voluntary += cost.window_voluntary_switches.value_or(0);
    involuntary += cost.window_involuntary_switches.value_or(0);
  }
  if (delays) facts.client_run_delay_s = base::to_seconds(run_delay);
  if (switches) {
    facts.client_context_switches_voluntary = voluntary;
    facts.client_context_switches_involuntary = involuntary;
  }
  if (counted) facts.in_flight_mean = in_flight;
  facts.scheduling = played.realtime ? "realtime" : "normal";
  facts.pinning = played.pinning;
  facts.receive = load::to_word(played.receiving);
  facts.client_cpus = played.cpus;
}

/// Everything one trial is made of, built before its load starts.
class TrialRunner {
 public:
  TrialRunner(const study::Study& study, const study::PlannedTrial& trial,
              engine::RunningEngine& engine, const std::atomic<bool>& stop)
      : study_(study),
        trial_(trial),
        workload_(study.workloads[trial.workload]),
        engine_(engine),
        stop_(stop) {}

  base::Result<TrialOutput> run(const TrialTick& tick) {
    TrialTelemetry telemetry(engine_);
    TOKAMARK_TRY(const std::string cache, engine_.reset_caches());
    TOKAMARK_TRY(schedule_, study::make_schedule(study_, trial_));
    TOKAMARK_TRY(endpoint_, net::resolve(engine_.target().base_url));
    telemetry.begin("probes");
    TOKAMARK_TRY_VOID(probe());
    json greedy{{"before", greedy_set(stop_)}};
    telemetry.begin("calibration");
    json calibration = calibrate_with(pace_);

    const json before = counters();
    telemetry.begin_load();
    TOKAMARK_TRY(load::PlayResult played, play(telemetry, tick));
    TelemetryOutput seen = telemetry.finish(played);
    greedy["after"] = greedy_set(end_now_);

    TrialOutput output;
    output.schedule_text = schedule_.canonical_text();
    output.telemetry_text = std::move(seen.text);
    output.facts = facts(played);
    if (stopped_.empty() && calibration.is_object()) {
      json again = calibrate_with(pace_of(played.records));
      calibration = {{"before", calibration}, {"after", std::move(again)}};
    } else if (calibration.is_object()) {
      calibration = {{"before", calibration}, {"after", {{"skipped", "the trial was stopped"}}}};
    }
    output.facts.calibration = std::move(calibration);
    output.facts.schedule_sha256 = base::sha256_hex(output.schedule_text);
    output.facts.resources = std::move(seen.resources);
    output.facts.server = std::move(seen.server);
    json info = engine_.info();
    info["simulated"] = engine_.simulated();
    info["cache_reset"] = cache;
    info["greedy"] = std::move(greedy);
    info["counters_before"] = before;
    info["counters_after"] = std::move(seen.counters_after);
    output.facts.engine_info = std::move(info);
    output.records = std::move(played.records);
    return output;
  }

 private:
  /// The simulated engine computes no answers that could be compared.
  json greedy_set(const std::atomic<bool>& stop) {
    if (study_.engines[trial_.engine].kind == "simulated") return json::array();
    return ask_greedy_set(engine_, stop);
  }

  /// The load generator against the null engine, under this trial's load at this pace; null when
  /// the study does not want it.
  json calibrate_with(const Pace& pace) {
    if (study_.client.calibration_s <= 0 || stop_) return nullptr;
    auto shape = calibration_shape(trial_.load, pace, study_.client.threads,
                                   base::from_seconds(study_.client.calibration_s));
    shape.receiving = receiving(study_.client);
    auto calibrating =
        std::async(std::launch::async, [this, &shape] { return calibrate_trial(shape, end_now_); });
    while (calibrating.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
      if (stopped_.empty()) watch();
    }
    return calibrating.get();
  }

  /// Single requests before the load: the engine must answer, and its first, slow answers stay
  /// out of the load. Their prompts come from another seed than the trial's.
  base::Result<void> probe() {
    std::size_t count = std::max<std::uint32_t>(study_.window.probes, 1);
    std::vector<double> per_token;
    for (;;) {
      TOKAMARK_TRY_VOID(probe_batch(count, per_token));
      if (study_.window.probes < 2 * kWarmWindow || stop_ ||
          is_warm(per_token, study_.validity.settled_share)) {
        return base::ok();
      }
      if (probes_sent_ >= kMostWarmProbes) break;
      count = kWarmWindow;
    }
    never_warm_ = true;
    return base::ok();
  }

  /// One batch of probes, one at a time; adds the time per output token of each that succeeded.
  base::Result<void> probe_batch(std::size_t count, std::vector<double>& per_token) {
    workload::Schedule schedule = schedule_;
    schedule.load = {};
    schedule.seed = base::derive_seed(trial_.seed, fmt::format("probe {}", probes_sent_));
    load::PlayOptions options;
    options.most_requests = count;
    options.window.least_requests = static_cast<std::uint32_t>(count);
    options.window.longest =
        base::from_seconds(study_.timeouts.total_s) * options.window.least_requests;
    options.stop = &stop_;
    TOKAMARK_TRY(const load::PlayResult played, play_schedule(schedule, options));
    probes_sent_ += count;
    pace_ = pace_of(played.records);
    std::size_t succeeded = 0;
    std::string why = "no answer before the timeout";
    for (const record::RequestRecord& record : played.records) {
      if (record.status == record::RequestStatus::succeeded) {
        ++succeeded;
        const auto tokens = static_cast<double>(std::max<std::int64_t>(record.output_tokens, 1));
        per_token.push_back(base::to_ms(record.last_token - record.sent) / tokens);
      } else if (!record.error_message.empty()) {
        why = fmt::format("{} ({})", record.error_message, record::to_word(record.error));
        if (record.http_status != 0) why = fmt::format("HTTP {}: {}", record.http_status, why);
      }
    }
    if (succeeded > 0) return base::ok();
    if (stop_) return Error{ErrorKind::interrupted, "stopped"};
    return Error{ErrorKind::engine, "no probe request succeeded: " + why};
  }

  /// Plays a schedule against the engine; the caller has set the window, the stop flag and what
  /// else differs between probes and load.
  base::Result<load::PlayResult> play_schedule(const workload::Schedule& schedule,
                                               load::PlayOptions options) {
    const engine::Target& target = engine_.target();
    TOKAMARK_TRY(const protocol::RequestRenderer renderer,
                 protocol::RequestRenderer::make(request_shape(workload_, target, endpoint_),
                                                 schedule.prompts));
    options.endpoint = endpoint_;
    options.schedule = &schedule;
    options.renderer = &renderer;
    options.counting = target.fields.continuous_usage ? load::ChunkCounting::continuous_usage
                                                      : load::ChunkCounting::one_each;
    options.timeouts = timeouts(study_.timeouts);
    options.threads = study_.client.threads;
    options.pin = pin_rule(study_.client);
    options.receiving = receiving(study_.client);
    return load::play(options);
  }

  /// Plays the trial's load on another thread; this one shows it and watches over the engine.
  base::Result<load::PlayResult> play(TrialTelemetry& telemetry, const TrialTick& tick) {
    load::LiveStats live;
    std::atomic<bool> window_opened{false};
    load::PlayOptions options;
    options.window = window_rule(study_.window, trial_.load);
    options.stop = &end_now_;
    options.live = &live;
    options.window_opened = &window_opened;
    auto playing =
        std::async(std::launch::async, [&] { return play_schedule(schedule_, options); });
    const base::TimePoint start = std::chrono::steady_clock::now();
    bool warmed = false;
    while (playing.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
      const double elapsed_s = base::to_seconds(std::chrono::steady_clock::now() - start);
      if (window_opened && !warmed) {
        telemetry.window_opened();
        warmed = true;
      }
      const std::string enough = tick ? tick(elapsed_s, warmed, live) : std::string();
      if (stopped_.empty()) watch(enough);
    }
    return playing.get();
  }

  /// Ends the trial when the user, the tick (`enough`) or the engine's end says so.
  void watch(const std::string& enough = {}) {
    if (stop_) {
      stopped_ = "stopped by the user";
    } else if (!enough.empty()) {
      stopped_ = enough;
    } else if (const auto ended = engine_.ended()) {
      stopped_ = *ended;
    }
    if (!stopped_.empty()) end_now_ = true;
  }

  json counters() {
    const auto read = engine_.counters();
    return read.has_value() ? json(read.value()) : json(nullptr);
  }

  [[nodiscard]] analysis::TrialFacts facts(const load::PlayResult& played) const {
    analysis::TrialFacts facts;
    facts.id = trial_.id;
    facts.engine = study_.engines[trial_.engine].name;
    facts.workload = workload_.name;
    facts.load = trial_.load;
    facts.repeat = trial_.repeat;
    facts.run = trial_.run;
    facts.window_start = played.window_start;
    facts.window_end = played.window_end;
    facts.least_requests = study_.window.requests;
    facts.validity = study_.validity;
    facts.slo = {study_.slo.ttft_ms, study_.slo.tpot_ms, study_.slo.e2e_ms};
    facts.output_length = workload_.output_rule == study::OutputRule::exact
                              ? analysis::OutputLength::exact
                              : analysis::OutputLength::natural;
    facts.cold_cache = workload_.salt == workload::Salting::on;
    add_client_costs(played, facts);
    facts.clock_stepped = played.clock_stepped;
    facts.probes = static_cast<std::uint32_t>(probes_sent_);
    facts.never_warm = never_warm_;
    facts.stopped = stopped_;
    return facts;
  }

  const study::Study& study_;
  const study::PlannedTrial& trial_;
  const study::WorkloadSpec& workload_;
  engine::RunningEngine& engine_;
  const std::atomic<bool>& stop_;
  std::atomic<bool> end_now_{false};
  std::string stopped_;
  std::size_t probes_sent_ = 0;
  Pace pace_;                ///< of the last probes
  bool never_warm_ = false;  ///< the probes did not settle (methodology M14)
  workload::Schedule schedule_;
  net::Endpoint endpoint_;
};

}  // namespace

base::Result<TrialOutput> run_trial(const study::Study& study, const study::PlannedTrial& trial,
                                    engine::RunningEngine& engine, const std::atomic<bool>& stop,
                                    const TrialTick& tick) {
  return TrialRunner(study, trial, engine, stop).run(tick);
}

}  // namespace tokamark::run
