#include "advice/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <tuple>

#include "advice/facts.h"
#include "base/assert.h"

namespace tokamark::advice {

namespace {

struct NamedMetric {
  std::string_view name, words, family;
};

constexpr std::array kNamed{
    NamedMetric{"output_tokens_per_s", "output tokens/s", "throughput"},
    NamedMetric{"requests_per_s", "requests/s", "throughput"},
    NamedMetric{"goodput_requests_per_s", "goodput", "throughput"},
    NamedMetric{"slo_attainment", "SLO attainment", "other"},
    NamedMetric{"fluidity_index", "fluidity index", "other"},
    NamedMetric{"gpu_energy_per_output_token_j", "GPU energy per output token", "energy"},
    NamedMetric{"cost_per_million_output_tokens_usd", "cost per output token", "cost"},
};

const NamedMetric* named(std::string_view metric) {
  const auto* const found = std::find_if(
      kNamed.begin(), kNamed.end(), [metric](const NamedMetric& m) { return m.name == metric; });
  return found == kNamed.end() ? nullptr : found;
}

/// Value of the better engine over that of the other, with the interval's ends.
struct Advantage {
  double ratio, low, high;
};

Advantage advantage(const PairRow& row) {
  TOKAMARK_ASSERT(row.verdict == PairVerdict::different);
  if (row.better == row.a) return {*row.ratio, *row.low, *row.high};
  return {1.0 / *row.ratio, 1.0 / *row.high, 1.0 / *row.low};
}

}  // namespace

std::string metric_words(std::string_view metric) {
  if (const NamedMetric* found = named(metric)) return std::string(found->words);
  const std::string family = metric_family(metric);
  if (family == "other") return std::string(metric);
  std::string words = family;
  std::transform(words.begin(), words.end(), words.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto part = metric.substr(family.size() + 1);
  return words + " " + std::string(part.substr(0, part.find('_')));
}

std::string metric_family(std::string_view metric) {
  if (const NamedMetric* found = named(metric)) return std::string(found->family);
  for (const std::string_view family : {"ttft", "tpot", "itl", "e2e"}) {
    const bool begins = metric.substr(0, family.size()) == family;
    if (begins && metric.substr(family.size(), 2) == "_p") return std::string(family);
  }
  return "other";
}

Margin margin_of(const std::vector<const PairRow*>& rows) {
  TOKAMARK_ASSERT(!rows.empty());
  Margin margin;
  bool first = true;
  for (const PairRow* row : rows) {
    const Advantage ahead = advantage(*row);
    const bool lower = ahead.ratio < 1.0;
    const double point = lower ? 1.0 - ahead.ratio : ahead.ratio - 1.0;
    const double low = lower ? 1.0 - ahead.high : ahead.low - 1.0;
    const double high = lower ? 1.0 - ahead.low : ahead.high - 1.0;
    if (first) margin = {lower, point, point, low, high};
    first = false;
    margin.least = std::min(margin.least, point);
    margin.most = std::max(margin.most, point);
    margin.interval_low = std::min(margin.interval_low, low);
    margin.interval_high = std::max(margin.interval_high, high);
  }
  return margin;
}

std::string margin_size_text(const std::vector<const PairRow*>& rows) {
  const Margin margin = margin_of(rows);
  return share_range_text(margin.least, margin.most) + (margin.lower ? " lower" : " higher");
}

std::string margin_proof_text(const std::vector<const PairRow*>& rows) {
  const Margin margin = margin_of(rows);
  return fmt::format("95 % {} {}, {}", rows.size() == 1 ? "interval" : "intervals within",
                     share_range_text(margin.interval_low, margin.interval_high),
                     blocks_text(rows));
}

std::string margin_text(const std::vector<const PairRow*>& rows) {
  return margin_size_text(rows) + " (" + margin_proof_text(rows) + ")";
}

std::string blocks_text(const std::vector<const PairRow*>& rows) {
  const auto fewer = [](const PairRow* a, const PairRow* b) { return a->blocks < b->blocks; };
  const auto [least, most] = std::minmax_element(rows.begin(), rows.end(), fewer);
  if ((*least)->blocks == (*most)->blocks) {
    return fmt::format("{} block{}", (*most)->blocks, (*most)->blocks == 1 ? "" : "s");
  }
  return fmt::format("{} to {} blocks", (*least)->blocks, (*most)->blocks);
}

std::string share_range_text(double low, double high) {
  const std::string first = share_text(low);
  const std::string last = share_text(high);
  if (first == last && high - low >= 0.0005) {
    return fmt::format("{:.1f} % to {:.1f} %", 100.0 * low, 100.0 * high);
  }
  return first == last ? first : first + " to " + last;
}

std::string loads_text(const std::vector<std::string>& labels,
                       const std::vector<std::string>& all) {
  const auto start = labels.empty() ? all.end() : std::find(all.begin(), all.end(), labels.front());
  const bool follows = labels.size() >= 3 &&
                       labels.size() <= static_cast<std::size_t>(std::distance(start, all.end())) &&
                       std::equal(labels.begin(), labels.end(), start);
  return follows ? labels.front() + " to " + labels.back() : list_text(labels);
}

std::string list_text(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool last = i + 1 == items.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + items[i];
  }
  return text;
}

bool lighter(const workload::LoadShape& a, const workload::LoadShape& b) {
  const auto key = [](const workload::LoadShape& load) {
    const bool closed = load.kind == workload::LoadKind::closed;
    return std::tuple(static_cast<int>(load.kind), closed ? load.concurrency : 0U,
                      closed ? 0.0 : load.rate_per_s);
  };
  return key(a) < key(b);
}

}  // namespace tokamark::advice
