#include "engine/readiness.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "engine/first_token.h"
#include "engine/log_tail.h"

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTurn{100};
/// SGLang's /health runs a generation and sleeps a second before it answers.
constexpr milliseconds kHealthTimeout{25000};
constexpr milliseconds kAttachedTimeout{10000};
constexpr milliseconds kTokenTimeout{600000};
/// Tries of a request that fails in another way than "not yet".
constexpr int kPatience = 3;
constexpr int kAttachedPatience = 3;

/// Goes through the stages; each `step` makes one request.
class Waiter {
 public:
  explicit Waiter(const ReadinessTask& task) : task_(task) {
    found_.fields = task.fields;
    // Not every server has /health, and SGLang's costs a generation: an attached one is not asked.
    if (attached()) stage_ = Stage::models;
  }

  base::Result<Readiness> run() {
    while (stage_ != Stage::done) {
      TOKAMARK_TRY_VOID(check_still_wanted());
      const Stage before = stage_;
      TOKAMARK_TRY_VOID(step());
      if (stage_ == before) std::this_thread::sleep_for(kTurn);
    }
    return std::move(found_);
  }

 private:
  enum class Stage { health, models, token, done };

  [[nodiscard]] bool attached() const { return task_.process == nullptr; }
  [[nodiscard]] double elapsed_s() const {
    return base::to_seconds(SteadyClock::now() - task_.begun);
  }

  [[nodiscard]] Error error(const std::string& text) const {
    return Error{ErrorKind::engine,
                 fmt::format("engine \"{}\" ({}): {}", task_.spec->name, task_.spec->kind, text)};
  }
  /// The text, with what the log says of it when the engine is ours.
  [[nodiscard]] Error error_with_log(const std::string& text) const {
    if (attached()) return error(text);
    return error(fmt::format("{}: {}", text, quote_log(task_.log_path, task_.log_from)));
  }

  base::Result<void> check_still_wanted() {
    const StartOptions& options = *task_.options;
    if (options.stop != nullptr && options.stop->load()) return interrupted();
    if (!attached()) {
      if (const auto end = task_.process->end()) {
        return error_with_log(
            fmt::format("{} after {:.1f} s, before it was ready", end->text(), elapsed_s()));
      }
    }
    if (elapsed_s() >= base::to_seconds(task_.spec->start_timeout)) {
      Error late = error_with_log(fmt::format("not ready within {} s ({})",
                                              task_.spec->start_timeout.count(), waiting_for_));
      late.message += "; if it only needs longer, raise `start_timeout_s`";
      return late;
    }
    if (options.progress) {
      options.progress(elapsed_s(),
                       attached() ? waiting_for_ : last_log_line(task_.log_path, task_.log_from));
    }
    return base::ok();
  }

  [[nodiscard]] Error interrupted() const {
    return Error{ErrorKind::interrupted,
                 fmt::format("interrupted while engine \"{}\" started", task_.spec->name)};
  }

  base::Result<void> step() {
    switch (stage_) {
      case Stage::health:
        return step_health();
      case Stage::models:
        return step_models();
      case Stage::token:
        return step_token();
      case Stage::done:
        break;
    }
    return base::ok();
  }

  void mark(const char* phase) { found_.startup_s.emplace(phase, elapsed_s()); }

  [[nodiscard]] milliseconds bounded(milliseconds timeout) const {
    const auto left = task_.spec->start_timeout -
                      std::chrono::duration_cast<milliseconds>(SteadyClock::now() - task_.begun);
    return std::clamp(left, milliseconds(100), timeout);
  }

  /// One GET of a stage. Empty when there was no answer and another turn is due.
  base::Result<std::optional<HttpResponse>> look(const std::string& path) {
    HttpRequest request = task_.plane->request(path);
    request.timeout = bounded(attached() ? kAttachedTimeout : kHealthTimeout);
    auto answer = http_send(request);
    if (answer.has_error()) {
      waiting_for_ = answer.error().message;
      if (answer.error().kind == ErrorKind::interrupted) return interrupted();
      if (attached() && ++unanswered_ >= kAttachedPatience) return unreachable();
      return std::optional<HttpResponse>();
    }
    mark("port_answers");
    if (answer.value().headers.count("x-tokamark-simulated") > 0) found_.says_simulated = true;
    waiting_for_ = answer.value().status == 200
                       ? path + " is good"
                       : fmt::format("{} answers HTTP {}: {}", path, answer.value().status,
                                     error_text(answer.value()));
    return std::optional<HttpResponse>(std::move(answer.value()));
  }

  [[nodiscard]] Error unreachable() const {
    return error(
        fmt::format("{} does not answer ({}); check that the server runs and that `curl "
                    "{}/v1/models` works from this machine",
                    task_.plane->base_url(), waiting_for_, task_.plane->base_url()));
  }

  base::Result<void> step_health() {
    TOKAMARK_TRY(const auto answer, look("/health"));
    if (!answer) return base::ok();
    // A version without the route is as good as healthy: the token decides.
    if (answer->status >= 500) return base::ok();
    mark("healthy");
    stage_ = Stage::models;
    return base::ok();
  }

  base::Result<void> step_models() {
    TOKAMARK_TRY(const auto answer, look("/v1/models"));
    if (!answer || answer->status == 502 || answer->status == 503) return base::ok();
    if (answer->status == 401 || answer->status == 403) return denied(waiting_for_);
    std::vector<std::string> names;
    if (answer->status == 200) names = listed_names(answer->body);
    TOKAMARK_TRY_VOID(choose_model(names, answer->status));
    stage_ = Stage::token;
    return base::ok();
  }

  static std::vector<std::string> listed_names(const std::string& body) {
    std::vector<std::string> names;
    const Json json = Json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("data") || !json["data"].is_array()) return names;
    for (const Json& entry : json["data"]) {
      if (entry.is_object() && entry.contains("id") && entry["id"].is_string()) {
        names.push_back(entry["id"].get<std::string>());
      }
    }
    return names;
  }

  base::Result<void> choose_model(const std::vector<std::string>& names, long status) {
    found_.model = task_.wanted_model;
    if (names.empty()) {
      if (found_.model.empty()) {
        return error(fmt::format("{}/v1/models lists no model (HTTP {}); name the model",
                                 task_.plane->base_url(), status));
      }
      found_.warnings.push_back(fmt::format(
          "/v1/models gave no list (HTTP {}); the model's name was not checked", status));
      return base::ok();
    }
    if (found_.model.empty()) found_.model = names.front();
    if (std::find(names.begin(), names.end(), found_.model) != names.end()) return base::ok();
    return error(fmt::format("{} does not serve model \"{}\"; it serves {}; correct `model.name`",
                             task_.plane->base_url(), found_.model,
                             fmt::format("\"{}\"", fmt::join(names, "\", \""))));
  }

  [[nodiscard]] Error denied(const std::string& detail) const {
    return error(
        fmt::format("{}; give the key in an environment variable and name it with "
                    "`api_key_env`",
                    detail));
  }

  base::Result<void> step_token() {
    const std::string body = probe_body(task_.spec->api, found_.model, found_.fields);
    const ProbeOutcome outcome =
        send_probe(*task_.plane, task_.spec->api, body, bounded(kTokenTimeout),
                   [this] { mark("first_token"); });
    waiting_for_ = outcome.detail;
    switch (outcome.kind) {
      case ProbeOutcome::Kind::token:
        stage_ = Stage::done;
        return base::ok();
      case ProbeOutcome::Kind::interrupted:
        return interrupted();
      case ProbeOutcome::Kind::denied:
        return denied(outcome.detail);
      case ProbeOutcome::Kind::refused:
        return send_less(outcome.detail);
      case ProbeOutcome::Kind::bad_model:
        return error(outcome.detail + "; correct `model.name`, or choose the other `api`");
      case ProbeOutcome::Kind::not_ready:
        if (!attached()) return base::ok();
        [[fallthrough]];
      case ProbeOutcome::Kind::failed:
        break;
    }
    if (++failures_ < kPatience) return base::ok();
    return error_with_log(fmt::format("no token could be generated: {}", outcome.detail));
  }

  /// Leaves out optional fields that an attached server may not know: first those that fix the
  /// output's length, then the usage, then both.
  base::Result<void> send_less(const std::string& detail) {
    struct Variant {
      bool exact_length, usage;
      const char* missing;
    };
    static constexpr Variant kLess[] = {
        {false, true, "ignore_eos and min_tokens"},
        {true, false, "stream_options"},
        {false, false, "ignore_eos, min_tokens and stream_options"}};
    const Variant* next = variant_ < std::size(kLess) ? &kLess[variant_++] : nullptr;
    if (!attached() || next == nullptr) {
      return error(fmt::format("it refuses the request: {}{}", first_refusal(detail),
                               task_.spec->api == "chat"
                                   ? "; a model without a chat template needs `api: completions`"
                                   : ""));
    }
    if (refusal_.empty()) refusal_ = detail;
    found_.fields = task_.fields;
    found_.fields.ignore_eos = found_.fields.ignore_eos && next->exact_length;
    found_.fields.min_tokens = found_.fields.min_tokens && next->exact_length;
    found_.fields.stream_usage = found_.fields.stream_usage && next->usage;
    found_.fields.continuous_usage = found_.fields.continuous_usage && next->usage;
    if (warned_) found_.warnings.pop_back();
    warned_ = true;
    found_.warnings.push_back(
        fmt::format("the server refuses {}, which are not sent ({})", next->missing, refusal_));
    // A change of fields is progress: no pause, and the next turn asks at once.
    return step_token();
  }

  [[nodiscard]] const std::string& first_refusal(const std::string& detail) const {
    return refusal_.empty() ? detail : refusal_;
  }

  const ReadinessTask& task_;
  Readiness found_;
  Stage stage_ = Stage::health;
  /// What the server said last, for messages.
  std::string waiting_for_ = "its port does not answer yet";
  int unanswered_ = 0;
  int failures_ = 0;
  std::size_t variant_ = 0;
  std::string refusal_;
  bool warned_ = false;
};

}  // namespace

base::Result<Readiness> await_ready(const ReadinessTask& task) { return Waiter(task).run(); }

}  // namespace tokamark::engine
