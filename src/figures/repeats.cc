#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"
#include "stats/quantile.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;
using report::Quantity;

struct Panel {
  std::string name;
  json rows = json::array();
};

/// The median of a row's valid runs, which need not all have the number; else why there is none.
report::Reading middle_of(const report::Row& row, const Measure& measure) {
  std::vector<double> values;
  report::Reading last;
  for (const auto* trial : row.used) {
    last = measure.read(*trial);
    if (last.value) values.push_back(*last.value);
  }
  if (values.empty()) return last;
  if (values.size() < 2) return {std::nullopt, "one valid run has it"};
  const double middle = stats::median(values);
  return middle > 0.0 ? report::Reading{middle, ""} : report::Reading{std::nullopt, "median 0"};
}

/// Every run of a row with a valid one, as a percentage of the median of those, in the order the
/// runs came.
void add_runs(const Frame& frame, const report::Row& row, const Measure& measure, Panel& panel,
              double& least, double& most, Absences& absent) {
  const auto middle = middle_of(row, measure);
  if (!middle.value) {
    absent.add(fmt::format("{} of {}", panel.name, frame.name_of(row.engine)), middle.reason);
    return;
  }
  double order = 0.0;
  for (const auto* trial : row.trials) {
    order += 1.0;
    const auto found = measure.read(*trial);
    if (!found.value) {
      absent.add(fmt::format("{} of {}", panel.name, report::plain_line(trial->id)), found.reason);
      continue;
    }
    const double percent = 100.0 * *found.value / *middle.value;
    const bool valid = trial->verdict == record::Verdict::valid;
    const auto slow = trial->resources.gpu_slowdown_share;
    auto datum = engine_datum(frame, row.engine);
    datum["x"] = order;
    datum["value"] = percent;
    datum["line"] = valid ? json(percent) : json(nullptr);
    datum["valid"] = valid;
    datum["trial"] = report::plain_line(trial->id);
    datum["shown"] = fmt::format("{} {}, {} % of the median", report::format_number(*found.value),
                                 measure.unit, report::format_number(percent));
    datum["throttled"] =
        slow ? report::format_number(*slow * 100.0) + " % of the window" : "not known";
    datum["verdict"] = record::to_word(trial->verdict);
    least = std::min(least, percent);
    most = std::max(most, percent);
    panel.rows.push_back(std::move(datum));
  }
}

}  // namespace

void add_repeats(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("repeats-{}", frame.key), frame.title("Repeats in the order they ran"),
                "", Section::honesty, nullptr};
  const auto levels = loads(frame.workload);
  auto rows =
      levels.empty() ? std::vector<const report::Row*>{} : rows_at(frame, levels.back().label());
  auto absent = absent_engines(frame, rows);
  std::erase_if(rows, [&](const report::Row* row) {
    const bool compared = row->comparable && row->used.size() > 1;
    if (!compared) {
      absent.add(frame.name_of(row->engine), row->comparable ? "one valid run" : "no valid run");
    }
    return !compared;
  });
  std::vector<Panel> panels;
  double least = 100.0, most = 100.0;
  for (const auto quantity :
       {Quantity::output_tokens_per_s, Quantity::ttft_p50, Quantity::tpot_p50}) {
    Panel panel{report::full_name(quantity), json::array()};
    for (const auto* row : rows)
      add_runs(frame, *row, measure(quantity), panel, least, most, absent);
    if (!panel.rows.empty()) panels.push_back(std::move(panel));
  }
  if (panels.empty()) {
    set.left_out.push_back(figure.title + ": it needs two valid runs of an engine at a load." +
                           absent.text());
    return;
  }
  figure.caption = fmt::format(
      "Every run at {} against the median of its engine's valid runs: a slope is drift, a cloud is "
      "noise.",
      levels.back().label());
  figure.caption +=
      all_runs_text(rows) + " Hollow and crossed: a run that is not valid." + absent.text();
  const auto count = static_cast<double>(panels.size());
  const Grid grid{1, count, count, {85, 105, 170}};
  auto spec = panel_view(frame, figure, grid);
  double last = 2.0;
  for (const auto* row : rows) last = std::max(last, static_cast<double>(row->trials.size()));
  Axis x{"Run, in order", 0.5, last + 0.5, {}, Steps::linear, ",.0f"};
  for (double i = 1.0; i <= last; i += std::max(1.0, std::ceil(last / 10.0))) x.ticks.push_back(i);
  const auto y = axis_between("Of the median (%)", least, most);
  const auto qx = quiet_channel("x", x), qy = quiet_channel("value", y);
  for (auto& one : panels) {
    auto plot = panel(one.name, grid, std::move(one.rows));
    auto line = line_layer(frame, channel("x", x), channel("line", y));
    line["mark"]["strokeWidth"] = 0.75;
    plot["layer"] = {std::move(line),
                     point_layer(frame, qx, qy,
                                 tooltip({{"engine", "Engine"},
                                          {"trial", "Trial"},
                                          {"shown", "Value"},
                                          {"throttled", "GPU throttled"},
                                          {"verdict", "Verdict"}})),
                     cross_layer(qx, qy)};
    add_limit(plot["layer"], Side::y, 100.0, y, "");
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
