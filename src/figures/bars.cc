#include <fmt/format.h>

#include <algorithm>

#include "figures/figures_internal.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;
using report::Quantity;

struct Panel {
  std::string load;
  json rows = json::array();
  double most = 0.0;
};

/// The rows of one load; those of one percentile lie together.
Panel collect(const Frame& frame, const std::string& load, const std::vector<Quantity>& quantities,
              const Scale& scale, std::vector<Value>& values) {
  Panel panel{load, json::array(), 0.0};
  for (const auto quantity : quantities) {
    for (const auto* row : rows_at(frame, load)) {
      auto value = value_of(frame, *row, measure(quantity));
      if (!value.median) continue;
      auto datum = make_datum(frame, *row, measure(quantity), value, scale);
      datum["part"] = report::info(quantity).part;
      panel.most = std::max({panel.most, value.high * scale.factor, *value.median * scale.factor});
      panel.rows.push_back(std::move(datum));
      values.push_back(std::move(value));
    }
  }
  return panel;
}

json bar_layers(const Frame& frame, const Axis& axis) {
  const json x{{"field", "part"},
               {"type", "nominal"},
               {"sort", nullptr},
               {"axis", {{"title", nullptr}, {"labelAngle", 0}}}};
  const json offset{{"field", "engine"},
                    {"type", "nominal"},
                    {"sort", nullptr},
                    {"scale", {{"domain", frame.names}}}};
  json bar{
      {"params", pick_param()},
      {"mark",
       {{"type", "bar"},
        {"stroke", {{"expr", "datum.colour"}}},
        {"strokeWidth", 1},
        {"strokeDash", {{"expr", "datum.valid ? [] : [3, 2]"}}}}},
      {"encoding",
       {{"x", x},
        {"xOffset", offset},
        {"y", channel("value", axis)},
        {"color", engine_colour(frame)},
        {"opacity", picked()},
        {"fillOpacity", {{"condition", {{"test", "datum.valid"}, {"value", 1}}}, {"value", 0.12}}},
        {"tooltip", usual_tooltip()}}}};
  bar["encoding"]["color"]["legend"]["symbolType"] = "square";
  json rule{{"mark", {{"type", "rule"}, {"color", "#222"}, {"strokeWidth", 1}}},
            {"encoding",
             {{"x", x},
              {"xOffset", offset},
              {"y", quiet_channel("low", axis)},
              {"y2", {{"field", "high"}}},
              {"opacity", picked()}}}};
  auto cross = cross_layer(x, quiet_channel("value", axis));
  cross["encoding"]["xOffset"] = offset;
  cross["mark"]["baseline"] = "line-bottom";
  return json::array({std::move(bar), std::move(rule), std::move(cross)});
}

/// Percentiles of one latency as bars, one plot a load with its own axis from zero.
void add_group(const Frame& frame, const char* id, const std::vector<Quantity>& quantities,
               FigureSet& set) {
  const std::string group = report::info(quantities.front()).group;
  Figure figure{fmt::format("percentiles-{}-{}", id, frame.key),
                frame.title(group + " by engine and load"), "", Section::distribution, nullptr};
  std::vector<Measure> measures;
  double most = 0.0;
  const auto rows = all_rows(frame);
  for (const auto quantity : quantities) {
    measures.push_back(measure(quantity));
    for (const auto* row : rows) {
      most = std::max(most, value_of(frame, *row, measures.back()).median.value_or(0.0));
    }
  }
  const auto scale = choose_scale("ms", most);
  std::vector<Panel> panels;
  std::vector<Value> values;
  for (const auto& load : loads(frame.workload)) {
    auto panel = collect(frame, load.label(), quantities, scale, values);
    if (!panel.rows.empty()) panels.push_back(std::move(panel));
  }
  if (panels.empty()) {
    set.left_out.push_back(figure.title + ": no row has a number." +
                           missing_text(frame, rows, measures));
    return;
  }
  figure.caption = "One plot a load, each with its own axis from zero. " + marks_text(values) +
                   basis_text(rows) + invalid_text(rows) + missing_text(frame, rows, measures);
  const auto count = static_cast<double>(panels.size());
  const Grid grid{1, std::min(count, 2.0), std::min(count, 3.0), {85, 100, 170}};
  auto spec = panel_view(frame, figure, grid);
  for (const auto& one : panels) {
    auto plot = panel(one.load, grid, one.rows);
    plot["layer"] =
        bar_layers(frame, axis_from_zero(fmt::format("{} ({})", group, scale.unit), one.most));
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace

void add_bars(const Frame& frame, FigureSet& set) {
  add_group(frame, "ttft", {Quantity::ttft_p50, Quantity::ttft_p95, Quantity::ttft_p99}, set);
  add_group(frame, "tpot", {Quantity::tpot_p50, Quantity::tpot_p95, Quantity::tpot_p99}, set);
  add_group(frame, "e2e", {Quantity::e2e_p50, Quantity::e2e_p95, Quantity::e2e_p99}, set);
}

}  // namespace tokamark::figures
