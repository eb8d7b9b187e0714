#include "figures/nines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/text.h"
#include "stats/quantile.h"
#include "stats/sign_test.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

/// "p90", "p99.9", "p68.4".
std::string percentile_name(std::size_t step) {
  const double nines = static_cast<double>(step) / static_cast<double>(detail::kGridPerNine);
  const double beyond = 100.0 * std::pow(10.0, -nines);
  const int decimals = beyond >= 9.99 ? 0 : beyond >= 0.999 ? 1 : beyond >= 0.0999 ? 2 : 3;
  auto text = fmt::format("{:.{}f}", 100.0 - beyond, decimals);
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return "p" + text;
}

/// Whether the used runs are independent and all there are: no two of one start of the engine, and
/// not the survivors of invalid ones (methodology M19).
bool independent(const report::Row& row) {
  std::set<std::uint32_t> starts;
  for (const auto* trial : row.used) starts.insert(trial->repeat);
  return starts.size() == row.used.size() && row.used.size() == row.trials.size();
}

}  // namespace

NinesLine nines_line(const Frame& frame, const report::Row& row, DistributionOf part) {
  NinesLine line{&row, {}, Spread::none, ""};
  std::vector<const detail::Distribution*> runs;
  std::size_t steps = detail::kGridSize;
  for (const auto* trial : row.used) {
    const auto* detail = frame.detail_of(*trial);
    if (detail == nullptr) {
      line.reason = "no raw records";
      return line;
    }
    const auto& distribution = detail->*part;
    if (distribution.quantiles_ms.empty()) line.reason = distribution.reason;
    runs.push_back(&distribution);
    steps = std::min(steps, distribution.quantiles_ms.size());
  }
  const bool interval = independent(row) && runs.size() >= 6;
  line.spread = runs.size() < 2 ? Spread::none : interval ? Spread::interval : Spread::range;
  for (std::size_t step = 0; step < steps; ++step) {
    std::vector<double> values;
    for (const auto* run : runs) values.push_back(run->quantiles_ms[step]);
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    NinesPoint point{step, 0.0, *least, *most};
    if (!std::isfinite(point.high)) break;
    if (const auto sign = stats::sign_interval(values); interval && sign) {
      point.low = sign->low;
      point.high = sign->high;
    }
    point.value = stats::median(values);
    line.points.push_back(point);
  }
  if (line.points.empty() && line.reason.empty()) line.reason = "it falls on failed requests";
  return line;
}

Axis nines_axis(double most) {
  Axis axis{"Percentile, by nines", 0.0, std::max(1.0, most), {}, Steps::linear, ""};
  axis.ticks = {std::log10(2.0)};
  for (double nines = 1.0; nines <= axis.high + 1e-9; nines += 1.0) axis.ticks.push_back(nines);
  axis.high += 0.06;
  return axis;
}

json nines_channel(const Axis& axis) {
  auto x = channel("x", axis);
  x["axis"].erase("format");
  x["axis"]["labelExpr"] =
      "datum.value < 0.5 ? 'p50' : datum.value < 1.5 ? 'p90' : datum.value < 2.5 ? 'p99' : "
      "datum.value < 3.5 ? 'p99.9' : 'p99.99'";
  return x;
}

json nines_rows(const Frame& frame, const std::vector<NinesLine>& lines, double factor,
                const std::string& unit) {
  auto rows = json::array();
  for (const auto& line : lines) {
    for (const auto& point : line.points) {
      auto datum = engine_datum(frame, line.row->engine);
      datum["x"] = point.nines();
      datum["value"] = point.value * factor;
      datum["low"] = point.low * factor;
      datum["high"] = point.high * factor;
      datum["valid"] = line.row->comparable;
      datum["line"] = line_value(*line.row, datum["value"]);
      // A line that is not drawn has a mark at its end, however early that is.
      const bool end = !line.row->comparable && &point == &line.points.back();
      datum["mark"] = end || (point.step > 0 && point.step % detail::kGridPerNine == 0);
      datum["load"] = line.row->load.label();
      datum["percentile"] = percentile_name(point.step);
      datum["shown"] = report::format_number(point.value * factor) + " " + unit;
      datum["range"] = line.spread == Spread::none
                           ? std::string("1 run")
                           : report::format_number(point.low * factor) + " to " +
                                 report::format_number(point.high * factor);
      datum["verdict"] = report::plain_line(report::verdict_text(*line.row));
      rows.push_back(std::move(datum));
    }
  }
  return rows;
}

json nines_layers(const Frame& frame, const Axis& x, const Axis& y) {
  const auto qx = quiet_channel("x", x), qy = quiet_channel("value", y);
  auto line = line_layer(frame, nines_channel(x), channel("line", y));
  json band{{"mark", {{"type", "area"}}},
            {"encoding",
             {{"x", qx},
              {"y", quiet_channel("low", y)},
              {"y2", {{"field", "high"}}},
              {"color", engine_colour(frame)},
              {"opacity", picked(0.16)}}}};
  band["transform"] = json::array({{{"filter", "datum.valid"}}});
  auto marks = point_layer(frame, qx, qy,
                           tooltip({{"engine", "Engine"},
                                    {"load", "Load"},
                                    {"percentile", "Percentile"},
                                    {"shown", "Value"},
                                    {"range", "Runs"},
                                    {"verdict", "Verdict"}}));
  marks["transform"] = json::array({{{"filter", "datum.mark"}}});
  auto crosses = cross_layer(qx, qy);
  crosses["transform"] = marks["transform"];
  return json::array({std::move(line), std::move(band), std::move(marks), std::move(crosses)});
}

}  // namespace tokamark::figures
