#include "engine/running.h"

#include <fmt/format.h>

#include <thread>

#include "engine/counters.h"
#include "engine/greedy_answer.h"
#include "engine/log_tail.h"
#include "engine/port.h"

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPortPatience{10000};
constexpr const char* kPrometheusPath = "/prometheus/metrics";

Json to_json(const RequestFields& fields) {
  return {{"stream_usage", fields.stream_usage},
          {"continuous_usage", fields.continuous_usage},
          {"ignore_eos", fields.ignore_eos},
          {"min_tokens", fields.min_tokens},
          {"cache_prompt_off", fields.cache_prompt_off},
          {"endless_generation_config", fields.endless_generation_config}};
}

class Running final : public RunningEngine {
 public:
  explicit Running(RunningParts parts)
      : parts_(std::move(parts)), plane_(parts_.target.base_url, parts_.target.headers, nullptr) {}
  ~Running() override { static_cast<void>(stop()); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] const Target& target() const override { return parts_.target; }

  [[nodiscard]] bool simulated() const override {
    return parts_.adapter->simulated() || parts_.readiness.says_simulated;
  }

  [[nodiscard]] Json info() const override {
    const bool attached = parts_.command.argv.empty();
    Json info{{"kind", parts_.spec.kind},
              {"command", attached ? Json() : Json(parts_.command.shell_line())},
              {"effective_config", parts_.facts.effective_config},
              {"settings", to_json(parts_.settings)},
              {"image", parts_.image},
              {"startup_s", attached ? Json::object() : Json(parts_.readiness.startup_s)},
              {"fields", to_json(parts_.target.fields)},
              {"warnings", parts_.readiness.warnings},
              {"simulated", simulated()}};
    info["version"] = parts_.facts.version.empty() ? Json() : Json(parts_.facts.version);
    return info;
  }

  base::Result<std::string> reset_caches() override {
    return parts_.adapter->reset_caches(plane_, parts_.spec);
  }

  base::Result<CounterSnapshot> counters() override {
    TOKAMARK_TRY(const ServerMetrics read, metrics({}));
    return read.counters;
  }

  base::Result<ServerMetrics> metrics(const ScrapePatience& patience) override {
    const std::string path =
        below_prometheus_ ? kPrometheusPath : parts_.adapter->metrics_path(parts_.spec);
    TOKAMARK_TRY(HttpResponse answer, scrape(path, patience));
    // TensorRT-LLM gives JSON there, and forgets what it gave; its Prometheus page is elsewhere.
    if (answer.status == 200 && !answer.body.empty() && answer.body.front() == '[') {
      below_prometheus_ = true;
      TOKAMARK_TRY(answer, scrape(kPrometheusPath, patience));
    }
    if (answer.status != 200) {
      return Error{ErrorKind::network,
                   fmt::format("{}{} answers HTTP {}; no counters", plane_.base_url(),
                               below_prometheus_ ? kPrometheusPath : path, answer.status)};
    }
    TOKAMARK_TRY(const MetricsPage page, parse_prometheus(answer.body));
    return named_metrics(page);
  }

  base::Result<Json> ask(const std::string& prompt, int tokens) override {
    return greedy_answer(plane_, parts_.target, prompt, tokens);
  }

  [[nodiscard]] std::vector<pid_t> processes() const override {
    return parts_.process ? parts_.process->processes() : std::vector<pid_t>{};
  }

  [[nodiscard]] std::optional<std::string> ended() override {
    if (!parts_.process) return std::nullopt;
    const auto end = parts_.process->end();
    if (!end) return std::nullopt;
    return fmt::format("engine \"{}\" ({}) {}: {}", parts_.spec.name, parts_.spec.kind, end->text(),
                       quote_log(parts_.log_path, parts_.log_ready));
  }

  base::Result<void> stop() override {
    if (!parts_.process || stopped_) return base::ok();
    stopped_ = true;
    const auto outcome = parts_.process->stop();
    if (outcome.has_error()) {
      return Error{ErrorKind::engine,
                   fmt::format("engine \"{}\": {}", parts_.spec.name, outcome.error().message)};
    }
    if (outcome.value() == StopOutcome::killed) {
      parts_.readiness.warnings.push_back(
          "some of its processes did not end on SIGTERM and were killed");
    }
    return await_port();
  }

 private:
  base::Result<void> await_port() const {
    const auto deadline = SteadyClock::now() + kPortPatience;
    while (!port_bindable(parts_.spec.host, parts_.spec.port)) {
      if (SteadyClock::now() >= deadline) {
        return check_port_free(parts_.spec.host, parts_.spec.port);
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
    return base::ok();
  }

  [[nodiscard]] base::Result<HttpResponse> scrape(const std::string& path,
                                                  const ScrapePatience& patience) const {
    HttpRequest request = plane_.request(path);
    request.timeout = patience.timeout;
    request.stop = patience.stop;
    return http_send(request);
  }

  RunningParts parts_;
  ControlPlane plane_;
  std::atomic<bool> below_prometheus_{false};  ///< this server's metrics are at kPrometheusPath
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<RunningEngine> make_running_engine(RunningParts parts) {
  return std::make_unique<Running>(std::move(parts));
}

}  // namespace tokamark::engine
