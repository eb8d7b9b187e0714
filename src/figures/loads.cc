#include <fmt/format.h>

#include <algorithm>

#include "figures/over_load.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;
using report::Quantity;
using workload::LoadKind;

/// Why there is no line over the loads of a kind; empty when there can be one, or when the study
/// has no load of the kind, which needs no word.
std::optional<std::string> refusal(const Frame& frame, LoadKind kind,
                                   const std::vector<Measure>& measures) {
  if (loads(frame.workload, kind).size() < 2) return "it needs at least two loads.";
  const auto rows = rows_of(frame, kind);
  for (const auto& measure : measures) {
    for (const auto* row : rows) {
      if (value_of(frame, *row, measure).median) return std::nullopt;
    }
  }
  return "no row has a number." + missing_text(frame, rows, measures);
}

Figure describe(const Frame& frame, const std::string& id, const std::string& what, LoadKind kind) {
  const auto* over = kind == LoadKind::closed ? "concurrency" : "rate";
  return {fmt::format("{}-{}-{}", id, over, frame.key),
          frame.title(fmt::format("{} over {}", what, load_name(kind))), "", Section::trade_off,
          nullptr};
}

void add_throughput(const Frame& frame, LoadKind kind, FigureSet& set) {
  auto figure = describe(frame, "output", "Output throughput", kind);
  const auto output = measure(Quantity::output_tokens_per_s);
  if (const auto why = refusal(frame, kind, {output})) {
    set.left_out.push_back(figure.title + ": " + *why);
    return;
  }
  const auto data = load_data(frame, kind, output);
  const auto rows = rows_of(frame, kind);
  figure.caption = marks_text(data.values) + basis_text(rows) + invalid_text(rows) +
                   missing_text(frame, rows, {output});
  auto spec = single_view(frame, figure, {140, 190, 280});
  spec["data"]["values"] = data.rows;
  const auto most = *std::max_element(data.numbers.begin(), data.numbers.end());
  spec["layer"] = load_layers(frame, data, load_axis(loads(frame.workload, kind)),
                              axis_from_zero("Output tokens/s", most));
  add_figure(frame, std::move(figure), std::move(spec), set);
}

/// p50, p95 and p99 of one latency, one plot each, on one log axis.
void add_percentiles(const Frame& frame, LoadKind kind, const char* id,
                     const std::vector<Quantity>& quantities, FigureSet& set) {
  const std::string group = report::info(quantities.front()).group;
  auto figure = describe(frame, id, group + " percentiles", kind);
  std::vector<Measure> measures;
  for (const auto quantity : quantities) {
    measures.push_back(above_zero(measure(quantity), "0 ms, which a log axis does not have"));
  }
  if (const auto why = refusal(frame, kind, measures)) {
    set.left_out.push_back(figure.title + ": " + *why);
    return;
  }
  double largest = 0.0;
  for (const auto& one : measures) {
    for (const double number : load_data(frame, kind, one, {one.unit, 1.0}).numbers) {
      largest = std::max(largest, number);
    }
  }
  const auto scale = choose_scale("ms", largest);
  std::vector<LoadData> parts;
  std::vector<Value> values;
  double least = largest * scale.factor, most = 0.0;
  for (const auto& one : measures) {
    parts.push_back(load_data(frame, kind, one, scale));
    for (const double number : parts.back().numbers) {
      least = std::min(least, number);
      most = std::max(most, number);
    }
    values.insert(values.end(), parts.back().values.begin(), parts.back().values.end());
  }
  const auto rows = rows_of(frame, kind);
  figure.caption = "One axis for all percentiles. " + marks_text(values) + basis_text(rows) +
                   invalid_text(rows) + missing_text(frame, rows, measures);
  const auto shown = static_cast<double>(
      std::count_if(parts.begin(), parts.end(), [](const LoadData& d) { return !d.rows.empty(); }));
  const Grid grid{1, shown, shown, {100, 120, 200}};
  auto spec = panel_view(frame, figure, grid);
  const auto x = load_axis(loads(frame.workload, kind));
  const auto y = log_axis(fmt::format("{} ({}), log scale", group, scale.unit), least, most);
  const auto limit = slo_limit(frame, group == "TTFT" ? "ttft_ms" : "tpot_ms");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].rows.empty()) continue;
    auto plot = panel(report::info(quantities[i]).part, grid, parts[i].rows);
    plot["layer"] = load_layers(frame, parts[i], x, y);
    if (limit) add_limit(plot["layer"], Side::y, *limit * scale.factor, y, "SLO");
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace

void add_loads(const Frame& frame, FigureSet& set) {
  for (const auto kind : {LoadKind::closed, LoadKind::open}) {
    if (loads(frame.workload, kind).empty()) continue;
    add_throughput(frame, kind, set);
    add_percentiles(frame, kind, "ttft",
                    {Quantity::ttft_p50, Quantity::ttft_p95, Quantity::ttft_p99}, set);
    add_percentiles(frame, kind, "tpot",
                    {Quantity::tpot_p50, Quantity::tpot_p95, Quantity::tpot_p99}, set);
  }
}

}  // namespace tokamark::figures
