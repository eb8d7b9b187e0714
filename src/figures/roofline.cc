#include <fmt/format.h>

#include <algorithm>

#include "figures/over_load.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using report::Reading;
using workload::LoadKind;

Measure share_measure(const char* name, const char* key) {
  return {name, "%", "", [key](const record::TrialResult& trial) -> Reading {
            const auto& light = trial.speed_of_light;
            if (light.is_object() && light.contains(key) && light[key].is_number()) {
              return {light[key].get<double>() * 100.0, ""};
            }
            const auto reason = report::text_at(light, {"reason"});
            return {std::nullopt, reason.empty() ? "not recorded" : reason};
          }};
}

/// The share of each bound that was reached, one plot a bound.
void add_shares(const Frame& frame, LoadKind kind, FigureSet& set) {
  const auto levels = loads(frame.workload, kind);
  if (levels.empty()) return;
  Figure figure{
      fmt::format("roofline-{}-{}", kind == LoadKind::closed ? "concurrency" : "rate", frame.key),
      frame.title(fmt::format("Share of the roofline over {}", load_name(kind))), "",
      Section::over_time, nullptr};
  const std::vector<Measure> measures{share_measure("Output", "output_fraction"),
                                      share_measure("Decode (TPOT)", "tpot_fraction"),
                                      share_measure("Prefill (TTFT)", "ttft_fraction")};
  const auto rows = rows_of(frame, kind);
  std::vector<LoadData> parts;
  std::vector<Value> values;
  double most = 0.0, shown = 0.0;
  for (const auto& measure : measures) {
    parts.push_back(load_data(frame, kind, measure));
    for (const double number : parts.back().numbers) most = std::max(most, number);
    values.insert(values.end(), parts.back().values.begin(), parts.back().values.end());
    shown += parts.back().rows.empty() ? 0.0 : 1.0;
  }
  if (levels.size() < 2 || values.empty()) {
    set.left_out.push_back(figure.title + ": " +
                           (levels.size() < 2
                                ? "it needs at least two loads."
                                : "no row has a number." + missing_text(frame, rows, measures)));
    return;
  }
  figure.caption =
      "100 % is the least time, or the most output, that the model's bytes and FLOPs allow "
      "on the GPU's published peaks. " +
      marks_text(values) + basis_text(rows) + invalid_text(rows) +
      missing_text(frame, rows, measures);
  const Grid grid{1, shown, shown, {95, 115, 180}};
  auto spec = panel_view(frame, figure, grid);
  const auto x = load_axis(levels);
  const auto y = axis_from_zero("Share (%)", most);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].rows.empty()) continue;
    auto plot = panel(measures[i].name, grid, parts[i].rows);
    plot["layer"] = load_layers(frame, parts[i], x, y);
    add_limit(plot["layer"], Side::y, 100.0, y, "bound");
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace

void add_roofline(const Frame& frame, FigureSet& set) {
  for (const auto kind : {LoadKind::closed, LoadKind::open}) add_shares(frame, kind, set);
}

}  // namespace tokamark::figures
