#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>

#include "base/files.h"
#include "calibration/calibrate.h"
#include "calibration/null_engine.h"
#include "cli/commands.h"
#include "run/stop.h"

namespace tokamark::cli {

namespace {

using base::Error;
using base::ErrorKind;
using calibration::Calibration;
using calibration::CalibrationShape;
using nlohmann::json;

struct CalibrateFlags {
  std::vector<std::uint32_t> concurrency;
  std::vector<double> rates;
  double ttft_ms = 50.0, itl_ms = 10.0, seconds = 3.0;
  std::uint32_t output_tokens = 100, tokens_per_chunk = 1, bursts = 0, threads = 1;
  bool cold = false;
  std::string receive = "epoll";
  std::string json_file;
};

void print_head(std::FILE* out) {
  fmt::print(out, "The load generator against a server that knows when it wrote every token.\n");
  fmt::print(out,
             "Errors are measured minus true: median of the signed one, p99 and max of its "
             "size.\n\n");
  fmt::print(out, "{:<12} {:>9} {:>26} {:>26} {:>9} {:>9} {:>7} {:>7}  {}\n", "load", "requests",
             "TTFT error ms p50/p99/max", "ITL error ms p50/p99/max", "late p99", "own p99",
             "shared", "us/tok", "trusted");
}

std::string three(const record::ClientError& e) {
  return fmt::format("{:.3f}/{:.3f}/{:.3f}", e.p50.value_or(0), e.p99.value_or(0),
                     e.max.value_or(0));
}

void print_row(std::FILE* out, const Calibration& c, const std::string& why) {
  const calibration::InstrumentError& e = c.error;
  fmt::print(out, "{:<12} {:>9} {:>26} {:>26} {:>9.3f} {:>9.3f} {:>6.1f}% {:>7.1f}  {}\n",
             c.shape.load.label(), e.requests, three(e.ttft_error_ms), three(e.itl_error_ms),
             e.lateness_ms.p99.value_or(0), e.receive_delay_ms.p99.value_or(0),
             100.0 * e.shared_read_share, c.cpu_us_per_token, why.empty() ? "yes" : "no: " + why);
  std::fflush(out);
}

/// One calibration command: plays levels, prints rows, remembers what could be trusted.
class Calibrating {
 public:
  Calibrating(const CalibrateFlags& flags, const std::atomic<bool>& stop)
      : flags_(flags), stop_(stop), out_(flags.json_file == "-" ? stderr : stdout) {
    rule_.ttft_ms = flags.ttft_ms;
    rule_.itl_ms = flags.itl_ms * flags.tokens_per_chunk;
  }

  base::Result<void> run() {
    print_head(out_);
    const base::Result<void> played = play_all();
    // What was measured before an interruption is written too.
    TOKAMARK_TRY_VOID(write_json());
    TOKAMARK_TRY_VOID(played);
    if (distrusted_.empty()) return base::ok();
    return Error{ErrorKind::measurement,
                 "this machine's load generator cannot be trusted there: " + distrusted_ +
                     "; stop other work, add client cores, or lower the load"};
  }

 private:
  base::Result<void> play_all() {
    if (!flags_.rates.empty()) {
      for (const double rate : flags_.rates) TOKAMARK_TRY_VOID(play(open(rate)));
    } else if (!flags_.concurrency.empty()) {
      for (const std::uint32_t streams : flags_.concurrency)
        TOKAMARK_TRY_VOID(play(closed(streams)));
    } else {
      TOKAMARK_TRY_VOID(search());
    }
    return base::ok();
  }

  static workload::LoadShape closed(std::uint32_t streams) {
    workload::LoadShape load;
    load.kind = workload::LoadKind::closed;
    load.concurrency = streams;
    return load;
  }
  static workload::LoadShape open(double rate_per_s) {
    workload::LoadShape load;
    load.kind = workload::LoadKind::open;
    load.rate_per_s = rate_per_s;
    return load;
  }

  base::Result<void> play(const workload::LoadShape& load) {
    CalibrationShape shape;
    shape.load = load;
    shape.first_token = base::from_seconds(flags_.ttft_ms / 1000.0);
    shape.token_gap = base::from_seconds(flags_.itl_ms / 1000.0);
    shape.output_tokens = flags_.output_tokens;
    shape.tokens_per_chunk = flags_.tokens_per_chunk;
    shape.bursts = flags_.bursts;
    shape.threads = flags_.threads;
    if (flags_.receive == "io_uring") shape.receiving = load::Receiving::io_uring;
    shape.start = flags_.cold ? CalibrationShape::Start::cold : CalibrationShape::Start::warm;
    shape.length = base::from_seconds(flags_.seconds);
    TOKAMARK_TRY(const Calibration result, calibration::calibrate(shape, stop_));
    why_ = calibration::distrust(result.error, rule_);
    print_row(out_, result, why_);
    json entry = calibration::to_json(result);
    entry["trusted"] = why_.empty();
    entry["distrust"] = why_;
    levels_.push_back(std::move(entry));
    if (!why_.empty()) distrusted_ = load.label() + ": " + why_;
    return base::ok();
  }

  /// Levels 1, 2, 5, 10, ... until one cannot be trusted.
  base::Result<void> search() {
    std::uint32_t trusted = 0;
    const std::uint32_t most = calibration::most_streams();
    for (std::uint32_t decade = 1; why_.empty(); decade *= 10) {
      for (const std::uint32_t step : {1U, 2U, 5U}) {
        if (!why_.empty() || decade * step > most) return conclude(trusted);
        TOKAMARK_TRY_VOID(play(closed(decade * step)));
        if (why_.empty()) trusted = decade * step;
      }
    }
    return conclude(trusted);
  }

  base::Result<void> conclude(std::uint32_t trusted) {
    trusted_ = trusted;
    if (trusted == 0) return base::ok();
    distrusted_.clear();  // the level beyond the answer is not a failure of a search
    fmt::print(out_,
               "\nThis machine, as it was loaded just now, can be trusted for {} streams at {:.4g} "
               "tokens/s each\n(p99 errors under 1 ms and under 2 % of TTFT {:.4g} ms and ITL "
               "{:.4g} ms).\n",
               trusted, 1000.0 / flags_.itl_ms, rule_.ttft_ms, rule_.itl_ms);
    return base::ok();
  }

  base::Result<void> write_json() {
    json document = {{"trusted_concurrency", trusted_ ? json(*trusted_) : json(nullptr)},
                     {"levels", levels_}};
    const std::string text = document.dump(2) + "\n";
    if (flags_.json_file == "-") {
      std::cout << text << std::flush;
    } else if (!flags_.json_file.empty()) {
      TOKAMARK_TRY_VOID(base::write_file_atomic(flags_.json_file, text));
    }
    return base::ok();
  }

  const CalibrateFlags& flags_;
  const std::atomic<bool>& stop_;
  std::FILE* out_;
  calibration::TrustRule rule_;
  std::string why_, distrusted_;
  std::optional<std::uint32_t> trusted_;
  json levels_ = json::array();
};

base::Result<void> serve_null(const calibration::NullEngineOptions& options) {
  const std::atomic<bool>& stop = run::install_stop_handlers("");
  TOKAMARK_TRY(const auto engine, calibration::NullEngine::start(options));
  fmt::print("SIMULATED null engine on {}\n", engine->base_url());
  std::fflush(stdout);
  while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  TOKAMARK_TRY(const auto rest, engine->stop());
  (void)rest;
  return base::ok();
}

}  // namespace

void add_calibrate(CLI::App& program, Action& action) {
  auto flags = std::make_shared<CalibrateFlags>();
  CLI::App* command = program.add_subcommand(
      "calibrate", "Measure how wrong this machine's load generator is, and up to which load");
  auto* streams = command
                      ->add_option("-c,--concurrency", flags->concurrency,
                                   "Closed loads to try (default: 1, 2, 5, 10, ... until one "
                                   "cannot be trusted)")
                      ->delimiter(',')
                      ->check(CLI::Range(1U, 50'000U))
                      ->type_name("N,...");
  command->add_option("--rate", flags->rates, "Open loads to try, in requests per second")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->excludes(streams)
      ->type_name("R,...");
  command->add_option("--ttft-ms", flags->ttft_ms, "Time to first token to be resolved")
      ->check(CLI::Range(1e-6, 3.6e6))
      ->capture_default_str();
  command->add_option("--itl-ms", flags->itl_ms, "Time between tokens to be resolved")
      ->check(CLI::Range(0.001, 3.6e6))
      ->capture_default_str();
  command->add_option("--output-tokens", flags->output_tokens, "Length of every answer")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  command->add_option("--tokens-per-chunk", flags->tokens_per_chunk, "Tokens in each event")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  command
      ->add_option("--bursts", flags->bursts,
                   "Write tokens in so many bursts a token gap, as engine steps do; 0 = spread")
      ->capture_default_str();
  command->add_flag("--cold", flags->cold, "Measure the burst too with which a closed load starts");
  command->add_option("--threads", flags->threads, "Threads of the load generator")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  command->add_option("--receive", flags->receive, "How they receive: epoll or io_uring")
      ->check(CLI::IsMember({"epoll", "io_uring"}))
      ->capture_default_str();
  command->add_option("--seconds", flags->seconds, "Length of each measurement")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  command->add_option("--json", flags->json_file, "Write the figures; - for standard output")
      ->type_name("FILE");
  command->callback([flags, &action] {
    action = [flags]() -> base::Result<void> {
      const std::atomic<bool>& stop = run::install_stop_handlers("");
      return Calibrating(*flags, stop).run();
    };
  });
}

void add_null_engine(CLI::App& program, Action& action) {
  auto options = std::make_shared<calibration::NullEngineOptions>();
  auto times_ms = std::make_shared<std::pair<double, double>>(50.0, 10.0);
  auto truth = std::make_shared<std::string>();
  options->port = 8991;
  CLI::App* command = program.add_subcommand(
      "null-engine",
      "Serve fixed tokens at known times, to measure clients against; everything is SIMULATED");
  command->add_option("--host", options->host, "IPv4 address to listen on")->capture_default_str();
  command->add_option("--port", options->port, "Port to listen on; 0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--ttft-ms", times_ms->first, "From a request's arrival to its first token")
      ->check(CLI::Range(0.0, 3.6e6))
      ->capture_default_str();
  command->add_option("--itl-ms", times_ms->second, "Between tokens")
      ->check(CLI::Range(0.001, 3.6e6))
      ->capture_default_str();
  command
      ->add_option("--tokens", options->output_tokens,
                   "Tokens of every answer; 0 = what the request asks for")
      ->check(CLI::Range(0U, 1'000'000U))
      ->capture_default_str();
  command->add_option("--tokens-per-chunk", options->tokens_per_chunk, "Tokens in each event")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  command
      ->add_option("--bursts", options->bursts,
                   "Write tokens in so many bursts a token gap, as engine steps do; 0 = spread")
      ->capture_default_str();
  command->add_flag("--early-role", options->early_role,
                    "Send the role event with the headers, not with the first token");
  command
      ->add_option("--truth-file", *truth,
                   "Write the true emission time of every token, one JSON line per request")
      ->type_name("FILE");
  command->callback([options, times_ms, truth, &action] {
    action = [options, times_ms, truth] {
      options->first_token = base::from_seconds(times_ms->first / 1000.0);
      options->token_gap = base::from_seconds(times_ms->second / 1000.0);
      options->truth_file = *truth;
      return serve_null(*options);
    };
  });
}

}  // namespace tokamark::cli
