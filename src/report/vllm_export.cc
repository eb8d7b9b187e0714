#include "report/vllm_export.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "record/json_text.h"
#include "report/rows.h"

namespace tokamark::report {
namespace {

using record::Phase;
using record::RequestRecord;
using record::RequestStatus;

std::vector<const RequestRecord*> measured(const std::vector<RequestRecord>& requests) {
  std::vector<const RequestRecord*> kept;
  for (const auto& request : requests) {
    if (request.phase == Phase::measured && request.status != RequestStatus::cut_off) {
      kept.push_back(&request);
    }
  }
  return kept;
}

bool succeeded(const RequestRecord& r) {
  return r.status == RequestStatus::succeeded && r.sent.count() >= 0 && r.first_token >= r.sent;
}

std::int64_t tokens(std::int64_t count) { return std::max<std::int64_t>(count, 0); }

double ttft_s(const RequestRecord& r) { return base::to_seconds(r.first_token - r.sent); }

/// That program ends a request at its last token.
double latency_s(const RequestRecord& r) { return base::to_seconds(r.last_token - r.sent); }

std::vector<double> gaps_s(const RequestRecord& r) {
  const std::vector<record::Chunk> chunks = r.chunks.unpacked();
  std::vector<double> gaps;
  for (std::size_t i = 1; i < chunks.size(); ++i) {
    gaps.push_back(base::to_seconds(chunks[i].time - chunks[i - 1].time));
  }
  return gaps;
}

/// Linear interpolation between order statistics, Hyndman & Fan 1996, definition 7 (NumPy's).
double interpolated(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(at));
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - static_cast<double>(low));
}

/// mean_X_ms, median_X_ms, std_X_ms and p99_X_ms of values in seconds; 0 when there are none, as
/// that program has it.
void add_statistics(nlohmann::ordered_json& json, const std::string& name,
                    std::vector<double> values) {
  if (values.empty()) {
    values.push_back(0.0);
  }
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  json["mean_" + name + "_ms"] = 1e3 * mean;
  json["median_" + name + "_ms"] = 1e3 * interpolated(values, 0.5);
  json["std_" + name + "_ms"] = 1e3 * std::sqrt(squares / n);
  json["p99_" + name + "_ms"] = 1e3 * interpolated(values, 0.99);
}

/// Sums and extremes over the measured requests.
struct Totals {
  std::int64_t completed = 0, failed = 0, input_tokens = 0, output_tokens = 0;
  base::Nanos first_sent{-1}, last_ended{-1};

  [[nodiscard]] double duration_s() const {
    return first_sent.count() < 0 ? 0.0 : base::to_seconds(last_ended - first_sent);
  }
  [[nodiscard]] double per_second(std::int64_t count) const {
    return duration_s() > 0.0 ? static_cast<double>(count) / duration_s() : 0.0;
  }
};

Totals make_totals(const std::vector<const RequestRecord*>& requests) {
  Totals totals;
  for (const auto* r : requests) {
    if (succeeded(*r)) {
      ++totals.completed;
      totals.input_tokens += tokens(r->input_tokens);
      totals.output_tokens += tokens(r->output_tokens);
    } else {
      ++totals.failed;
    }
    if (r->sent.count() >= 0) {
      totals.first_sent =
          totals.first_sent.count() < 0 ? r->sent : std::min(totals.first_sent, r->sent);
    }
    totals.last_ended = std::max(totals.last_ended, r->ended);
  }
  return totals;
}

/// The most requests in flight at once; an end at the same instant as a start comes first.
std::int64_t most_in_flight(const std::vector<const RequestRecord*>& requests) {
  std::vector<std::pair<std::int64_t, int>> changes;
  for (const auto* r : requests) {
    if (r->sent.count() >= 0 && r->ended >= r->sent) {
      changes.emplace_back(r->sent.count(), 1);
      changes.emplace_back(r->ended.count(), -1);
    }
  }
  std::sort(changes.begin(), changes.end());
  std::int64_t now = 0;
  std::int64_t most = 0;
  for (const auto& change : changes) {
    now += change.second;
    most = std::max(most, now);
  }
  return most;
}

/// Output tokens in the busiest second after the first send, one a chunk unless counted.
double busiest_second(const std::vector<const RequestRecord*>& requests, base::Nanos start) {
  std::map<std::int64_t, double> seconds;
  for (const auto* r : requests) {
    for (const auto& chunk : r->chunks) {
      seconds[(chunk.time - start).count() / 1'000'000'000] += std::max<double>(chunk.tokens, 1.0);
    }
  }
  double most = 0.0;
  for (const auto& second : seconds) {
    most = std::max(most, second.second);
  }
  return most;
}

/// That program's burstiness is the shape of the gamma distribution of gaps: 1 / CV^2.
nlohmann::ordered_json burstiness(const workload::LoadShape& load) {
  const bool open = load.kind == workload::LoadKind::open;
  if (open && load.arrivals == workload::Arrivals::constant) {
    return "inf";
  }
  const bool gamma = open && load.arrivals == workload::Arrivals::gamma;
  return gamma ? 1.0 / (load.gamma_cv * load.gamma_cv) : 1.0;
}

void add_head(nlohmann::ordered_json& json, const record::StudyResult& result,
              const record::TrialResult& trial, std::size_t requests) {
  const auto model = text_at(result.study, {"model", "name"});
  const bool closed = trial.load.kind == workload::LoadKind::closed;
  json["date"] = text_at(result.manifest, {"started_utc"});
  json["endpoint_type"] = trial.engine;
  json["backend"] = trial.engine;
  json["label"] = trial.id;
  json["model_id"] = model;
  json["tokenizer_id"] = model;
  json["num_prompts"] = requests;
  json["request_rate"] =
      closed ? nlohmann::ordered_json("inf") : nlohmann::ordered_json(trial.load.rate_per_s);
  json["burstiness"] = burstiness(trial.load);
  json["max_concurrency"] =
      closed ? nlohmann::ordered_json(trial.load.concurrency) : nlohmann::ordered_json(nullptr);
  json["simulated"] = result.simulated;
  json["verdict"] = record::to_word(trial.verdict);
}

void add_totals(nlohmann::ordered_json& json, const record::TrialResult& trial,
                const Totals& totals) {
  json["duration"] = totals.duration_s();
  json["completed"] = totals.completed;
  json["failed"] = totals.failed;
  json["total_input_tokens"] = totals.input_tokens;
  json["total_output_tokens"] = totals.output_tokens;
  json["request_throughput"] = totals.per_second(totals.completed);
  const auto& goodput = trial.metrics.goodput_requests_per_s;
  json["request_goodput"] = goodput && std::isfinite(*goodput) ? nlohmann::ordered_json(*goodput)
                                                               : nlohmann::ordered_json(nullptr);
  json["output_throughput"] = totals.per_second(totals.output_tokens);
  json["total_token_throughput"] = totals.per_second(totals.input_tokens + totals.output_tokens);
}

/// One entry a request, in the order played; 0 and an empty list for what did not happen.
void add_details(nlohmann::ordered_json& json, const std::vector<const RequestRecord*>& requests) {
  for (const char* key :
       {"input_lens", "output_lens", "ttfts", "itls", "start_times", "generated_texts", "errors"}) {
    json[key] = nlohmann::ordered_json::array();
  }
  for (const auto* r : requests) {
    const bool good = succeeded(*r);
    json["input_lens"].push_back(tokens(r->input_tokens));
    json["output_lens"].push_back(good ? tokens(r->output_tokens) : 0);
    json["ttfts"].push_back(good ? ttft_s(*r) : 0.0);
    json["itls"].push_back(good ? gaps_s(*r) : std::vector<double>{});
    json["start_times"].push_back(base::to_seconds(std::max(r->sent, base::Nanos(0))));
    json["generated_texts"].push_back("");
    const std::string message =
        r->error_message.empty() ? record::to_word(r->error) : r->error_message;
    json["errors"].push_back(good ? "" : record::valid_utf8(message));
  }
}

void add_latencies(nlohmann::ordered_json& json,
                   const std::vector<const RequestRecord*>& requests) {
  std::vector<double> ttft;
  std::vector<double> tpot;
  std::vector<double> itl;
  std::vector<double> e2el;
  for (const auto* r : requests) {
    if (!succeeded(*r)) {
      continue;
    }
    ttft.push_back(ttft_s(*r));
    e2el.push_back(latency_s(*r));
    if (r->output_tokens > 1) {
      tpot.push_back((e2el.back() - ttft.back()) / static_cast<double>(r->output_tokens - 1));
    }
    const auto gaps = gaps_s(*r);
    itl.insert(itl.end(), gaps.begin(), gaps.end());
  }
  add_statistics(json, "ttft", std::move(ttft));
  add_statistics(json, "tpot", std::move(tpot));
  add_statistics(json, "itl", std::move(itl));
  add_statistics(json, "e2el", std::move(e2el));
}

}  // namespace

std::string export_vllm(const record::StudyResult& result, const record::TrialResult& trial,
                        const std::vector<record::RequestRecord>& requests) {
  const auto kept = measured(requests);
  const auto totals = make_totals(kept);
  nlohmann::ordered_json json;
  add_head(json, result, trial, kept.size());
  add_totals(json, trial, totals);
  add_details(json, kept);
  json["max_output_tokens_per_s"] = busiest_second(kept, totals.first_sent);
  json["max_concurrent_requests"] = most_in_flight(kept);
  add_latencies(json, kept);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tokamark::report
