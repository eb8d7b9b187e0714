#include "report/self_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/text.h"

namespace tokamark::report {
namespace {

using record::TrialResult;
using Value = std::optional<double>;

enum class Show { milliseconds, share, cores };
/// Which value is the worst; `none` where a check has no limit and the largest is told.
enum class Worst { largest, smallest, furthest_from_zero };

struct SelfCheck {
  const char* name;
  const char* limit;                    ///< the default one, in words
  std::array<const char*, 2> codes;     ///< verdict codes that say it failed; null = none
  std::array<const char*, 2> settings;  ///< keys of `validity` that move the limit
  Show show;
  Worst worst;
  Value (*read)(const TrialResult& trial);
  /// What the evidence of the code holds when it is this check that failed, where checks share a
  /// code; the first that fails raises it, and the others are not judged any more.
  const char* evidence = nullptr;
};

Value late(const TrialResult& t) { return t.client.lateness_ms.p99; }
Value late_share(const TrialResult& t) { return t.client.late_share; }
Value cpu(const TrialResult& t) { return t.client.cpu_share; }
Value no_core(const TrialResult& t) { return t.client.run_delay_share; }
Value stamps(const TrialResult& t) { return t.client.kernel_stamp_share; }
Value shared(const TrialResult& t) { return t.client.shared_read_share; }
Value cached(const TrialResult& t) { return t.checks.cached_share; }
Value slowdown(const TrialResult& t) { return t.resources.gpu_slowdown_share; }

Value relative(Value value, Value to) {
  constexpr double kRounding = 1e-9;  // what adding up many doubles leaves
  if (!value || !to || *to == 0.0) return std::nullopt;
  const double difference = *value / *to - 1.0;
  return std::abs(difference) < kRounding ? 0.0 : difference;
}

Value sent(const TrialResult& t) {
  if (t.load.kind != workload::LoadKind::open) return std::nullopt;
  return relative(static_cast<double>(t.counts.sent), static_cast<double>(t.counts.scheduled));
}

Value ttft_excess(const TrialResult& t) {
  return relative(t.metrics.ttft_ms.p99, t.metrics.ttft_wire_ms.p99);
}

Value held(const TrialResult& t) {
  return relative(t.checks.in_flight_mean, t.checks.in_flight_asked);
}

Value littles_law(const TrialResult& t) {
  return relative(t.checks.littles_law_mean, t.checks.in_flight_mean);
}

Value tokens(const TrialResult& t) {
  if (!t.checks.server_tokens || !t.checks.client_tokens) return std::nullopt;
  return relative(static_cast<double>(*t.checks.server_tokens),
                  static_cast<double>(*t.checks.client_tokens));
}

Value errors(const TrialResult& t) {
  if (t.counts.scheduled == 0) return std::nullopt;
  return static_cast<double>(t.counts.failed + t.counts.timed_out) /
         static_cast<double>(t.counts.scheduled);
}

/// The larger p99 error of the calibrations before and after.
Value calibration(const TrialResult& t, const char* name) {
  Value worst;
  if (!t.calibration.is_object()) return worst;
  for (const char* when : {"before", "after"}) {
    const auto part = t.calibration.find(when);
    if (part == t.calibration.end() || !part->is_object()) continue;
    const auto error = part->find(name);
    if (error == part->end() || !error->is_object()) continue;
    const auto p99 = error->find("p99");
    if (p99 == error->end() || !p99->is_number()) continue;
    worst = std::max(worst.value_or(0.0), p99->get<double>());
  }
  return worst;
}
Value ttft_error(const TrialResult& t) { return calibration(t, "ttft_error_ms"); }
Value itl_error(const TrialResult& t) { return calibration(t, "itl_error_ms"); }

constexpr std::array kChecks{
    SelfCheck{"Send lateness, p99",
              "1 ms, or 1 % of TTFT p50 if more",
              {"client_late", nullptr},
              {"lateness_p99_ms", "lateness_p99_share_of_ttft"},
              Show::milliseconds,
              Worst::largest,
              late,
              "p99 lateness"},
    SelfCheck{"Requests over 5 ms late",
              "0.1 %",
              {"client_late", nullptr},
              {"late_share", nullptr},
              Show::share,
              Worst::largest,
              late_share,
              "more than 5 ms late"},
    SelfCheck{"Open loads: sent against scheduled",
              "1 %, or one request",
              {"client_late", nullptr},
              {"rate_error_share", nullptr},
              Show::share,
              Worst::furthest_from_zero,
              sent,
              "were scheduled"},
    SelfCheck{"Closed loads: in flight against asked",
              "5 % below",
              {"client_limited", nullptr},
              {"held_share", nullptr},
              Show::share,
              Worst::smallest,
              held,
              "in flight on average"},
    SelfCheck{"TTFT against TTFT from the send, p99",
              "2 % above",
              {"client_limited", nullptr},
              {"ttft_excess_share", nullptr},
              Show::share,
              Worst::largest,
              ttft_excess,
              "from the send"},
    SelfCheck{"Little's law: records against load threads",
              "5 %",
              {"littles_law", nullptr},
              {"littles_law_share", nullptr},
              Show::share,
              Worst::furthest_from_zero,
              littles_law},
    SelfCheck{"Calibration error of TTFT, p99",
              "0.05 ms, or 2 % of the median if more",
              {"client_inaccurate", nullptr},
              {"calibration_error_ms", "calibration_error_share"},
              Show::milliseconds,
              Worst::largest,
              ttft_error,
              "ttft_error_ms"},
    SelfCheck{"Calibration error of ITL, p99",
              "0.05 ms, or 2 % of the median if more",
              {"client_inaccurate", nullptr},
              {"calibration_error_ms", "calibration_error_share"},
              Show::milliseconds,
              Worst::largest,
              itl_error,
              "itl_error_ms"},
    SelfCheck{"Events stamped by the kernel",
              nullptr,
              {nullptr, nullptr},
              {nullptr, nullptr},
              Show::share,
              Worst::smallest,
              stamps},
    SelfCheck{"Events read together with a later one",
              "5 %",
              {"shared_reads", nullptr},
              {"shared_read_share", nullptr},
              Show::share,
              Worst::largest,
              shared},
    SelfCheck{"Answers that came all at once",
              "half of those of 32 tokens and more",
              {"not_streaming", nullptr},
              {"unstreamed_share", nullptr},
              Show::share,
              Worst::largest,
              nullptr},
    SelfCheck{"Client CPU, cores in use",
              nullptr,
              {nullptr, nullptr},
              {nullptr, nullptr},
              Show::cores,
              Worst::largest,
              cpu},
    SelfCheck{"Client ready and without a core",
              nullptr,
              {nullptr, nullptr},
              {nullptr, nullptr},
              Show::share,
              Worst::largest,
              no_core},
    SelfCheck{"Tokens: server's counter against client",
              "2 %, and failed requests",
              {"token_count_mismatch", nullptr},
              {"token_count_share", nullptr},
              Show::share,
              Worst::furthest_from_zero,
              tokens,
              "the engine counted"},
    SelfCheck{"Tokens: usage against the answer's events",
              "2 % of answers",
              {"token_count_mismatch", nullptr},
              {"token_count_share", nullptr},
              Show::share,
              Worst::largest,
              nullptr,
              "the usage is not what"},
    SelfCheck{"Prompt tokens from a cache, where new",
              "1 %",
              {"cache_warm", nullptr},
              {"cached_share", nullptr},
              Show::share,
              Worst::largest,
              cached},
    SelfCheck{"Failed and timed-out requests",
              "1 %",
              {"errors", nullptr},
              {"error_share", nullptr},
              Show::share,
              Worst::largest,
              errors},
    SelfCheck{"GPU clocks slowed by the hardware",
              "1 % of samples",
              {"clock_confounded", nullptr},
              {"gpu_slowdown_share", nullptr},
              Show::share,
              Worst::largest,
              slowdown,
              "slowed its clocks"},
    SelfCheck{"SM clocks of the engines of a repeat alike",
              "1 % apart",
              {"clock_confounded", nullptr},
              {"sm_clock_share", nullptr},
              Show::share,
              Worst::largest,
              nullptr,
              "mean SM clocks"},
    SelfCheck{"Wall clock was not set",
              "1 ms between readings",
              {"clock_stepped", nullptr},
              {nullptr, nullptr},
              Show::share,
              Worst::largest,
              nullptr},
    SelfCheck{"Answers as long as asked",
              "1 % of answers",
              {"unequal_output", nullptr},
              {"off_length_share", nullptr},
              Show::share,
              Worst::largest,
              nullptr},
    SelfCheck{"Load and latency steady (open loads)",
              "rise of TTFT by 25 %",
              {"unstable", nullptr},
              {"trend_p", "ttft_rise_share"},
              Show::share,
              Worst::largest,
              nullptr},
    SelfCheck{"Machine was the engine's alone",
              "no other process, 3 degrees",
              {"dirty_machine", nullptr},
              {"start_temperature_c", nullptr},
              Show::share,
              Worst::largest,
              nullptr},
    SelfCheck{"Engine had settled; enough requests",
              "as the study asks",
              {"never_warm", "too_few_requests"},
              {"settled_share", nullptr},
              Show::share,
              Worst::largest,
              nullptr},
};

bool worse(Worst worst, double a, double b) {
  if (worst == Worst::largest) return a > b;
  return worst == Worst::smallest ? a < b : std::abs(a) > std::abs(b);
}

TableCell value_cell(const SelfCheck& check, Value value) {
  if (!value) return number_cell(value);
  if (check.show == Show::share) {
    const bool signed_share = check.worst == Worst::furthest_from_zero || check.read == held;
    TableCell cell = share_cell(value);
    if (signed_share && *value > 0.0) cell.text.insert(0, "+");
    return cell;
  }
  TableCell cell = number_cell(value);
  cell.text += check.show == Show::milliseconds ? " ms" : "";
  return cell;
}

enum class Outcome { pass, fail, not_judged };

Outcome outcome_of(const SelfCheck& check, const TrialResult& trial) {
  auto outcome = Outcome::pass;
  for (const auto& code : trial.codes) {
    const bool ours = std::any_of(check.codes.begin(), check.codes.end(), [&](const char* name) {
      return name != nullptr && code.code == name;
    });
    if (!ours) continue;
    const bool told =
        check.evidence == nullptr || code.evidence.find(check.evidence) != std::string::npos;
    if (told) return Outcome::fail;
    outcome = Outcome::not_judged;
  }
  return outcome;
}

/// The limit, and where the study set another one.
std::string limit_text(const SelfCheck& check, const record::StudyResult& result) {
  if (check.limit == nullptr) return "none";
  std::string text = check.limit;
  if (!result.manifest.is_object()) return text;
  const auto changed = result.manifest.find("validity_changed");
  if (changed == result.manifest.end() || !changed->is_object()) return text;
  for (const char* key : check.settings) {
    const auto found = key == nullptr ? changed->end() : changed->find(key);
    if (found == changed->end() || !found->is_object()) continue;
    text +=
        fmt::format("; the study set {} {}", key, found->value("value", nlohmann::json()).dump());
  }
  return text;
}

TableRow row_of(const SelfCheck& check, const record::StudyResult& result) {
  Value worst;
  std::string trial_id = "-";
  std::size_t failures = 0, unjudged = 0, judged = 0;
  for (const TrialResult& trial : result.trials) {
    const auto outcome = outcome_of(check, trial);
    failures += outcome == Outcome::fail ? 1 : 0;
    unjudged += outcome == Outcome::not_judged ? 1 : 0;
    judged += trial.verdict != record::Verdict::incomplete ? 1 : 0;
    const Value value = check.read == nullptr ? Value() : check.read(trial);
    if (!value || !std::isfinite(*value) || (worst && !worse(check.worst, *value, *worst)))
      continue;
    worst = value;
    trial_id = trial.id;
  }
  // A check whose value results.json lacks may not have applied at all.
  std::string outcome = check.read == nullptr ? "not raised" : "pass";
  if (failures > 0) {
    outcome = fmt::format("FAIL in {} of {}", failures, count_of(result.trials.size(), "trial"));
  } else if (check.limit == nullptr) {
    outcome = worst ? "told, no limit" : "not recorded";
  } else if (judged == 0 || (check.read != nullptr && !worst)) {
    outcome = "not checked: nothing to compare";
  } else if (unjudged > 0) {
    outcome = fmt::format("pass, but not judged in {} of {}", unjudged,
                          count_of(result.trials.size(), "trial"));
  }
  return {{text_cell(check.name), text_cell(limit_text(check, result)), value_cell(check, worst),
           text_cell(trial_id), text_cell(outcome)},
          failures > 0 ? RowState::bad : RowState::plain};
}

}  // namespace

Table self_check_table(const record::StudyResult& result) {
  Table table;
  table.id = "self-check";
  table.title = std::string("Client self-check") + (result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = {{"", "Check", Align::left, "check", ""},
                   {"", "Limit", Align::left, "limit", ""},
                   {"", "Worst seen", Align::right, "worst", ""},
                   {"", "In trial", Align::left, "trial", ""},
                   {"", "Result", Align::left, "result", ""}};
  for (const SelfCheck& check : kChecks) table.rows.push_back(row_of(check, result));
  table.notes = {
      "Pass and fail are the verdicts of the trials. \"Not raised\" is a check without a value in "
      "results.json, which no trial failed; \"not judged\" is one whose verdict code another check "
      "had raised already. A trial that was cut short is judged by nothing else. docs/METRICS.md "
      "has the rules."};
  return table;
}

}  // namespace tokamark::report
