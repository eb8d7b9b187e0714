#include "figures/axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tokamark::figures {
namespace {

using nlohmann::json;

constexpr double kWantedSteps = 5.0;
/// Room beyond the outermost mark, as a share.
constexpr double kHeadroom = 1.06;

/// The least of 1, 2 or 5 times a power of ten that is not below `raw`.
double nice_step(double raw) {
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1.0 - 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

/// Decimals that tell multiples of a step apart.
std::string format_for(double step) {
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  return fmt::format(",.{}f", decimals);
}

json scale_of(const Axis& axis) {
  json scale{{"domain", {axis.low, axis.high}}, {"nice", false}};
  scale["type"] = axis.steps == Steps::log ? "log" : "linear";
  if (axis.steps == Steps::linear && axis.low != 0.0) scale["zero"] = false;
  return scale;
}

}  // namespace

double Axis::place(double value) const {
  if (steps == Steps::log) {
    return std::log(std::max(value, low * 1e-3) / low) / std::log(high / low);
  }
  return (value - low) / (high - low);
}

Axis axis_from_zero(const std::string& title, double most) {
  if (!(most > 0.0) || !std::isfinite(most))
    return {title, 0.0, 1.0, {0.0, 1.0}, Steps::linear, ",.0f"};
  Axis axis{title, 0.0, 0.0, {}, Steps::linear, ""};
  const double step = nice_step(most * kHeadroom / kWantedSteps);
  const double steps = std::ceil(most * kHeadroom / step);
  for (double i = 0.0; i <= steps; i += 1.0) axis.ticks.push_back(i * step);
  axis.high = steps * step;
  axis.format = format_for(step);
  return axis;
}

Axis axis_between(const std::string& title, double least, double most) {
  const double size = std::max(std::abs(least), std::abs(most));
  if (!(most - least > 1e-9 * size)) {
    return axis_between(title, least - 0.1 * (size > 0.0 ? size : 10.0),
                        most + 0.1 * (size > 0.0 ? size : 10.0));
  }
  const double step = nice_step((most - least) * kHeadroom / kWantedSteps);
  const double from = std::floor(least / step + 1e-9), to = std::ceil(most / step - 1e-9);
  Axis axis{title, from * step, to * step, {}, Steps::linear, format_for(step)};
  for (double i = from; i <= to; i += 1.0) axis.ticks.push_back(i * step);
  return axis;
}

Axis log_axis(const std::string& title, double least, double most) {
  if (!(least > 0.0) || !std::isfinite(most)) return axis_from_zero(title, most);
  Axis axis{title, 0.0, 0.0, {}, Steps::log, ",~r"};
  std::vector<double> stops;
  const double first = std::floor(std::log10(least / kHeadroom)) - 1.0;
  for (double power = first; power <= std::log10(most) + 2.0; power += 1.0) {
    for (const double factor : {1.0, 2.0, 5.0}) stops.push_back(factor * std::pow(10.0, power));
  }
  const auto above = std::upper_bound(stops.begin(), stops.end(), least / kHeadroom);
  const auto end = std::lower_bound(stops.begin(), stops.end(), most * kHeadroom);
  axis.low = *(above - 1);
  axis.high = *end;
  constexpr double kFewDecades = 2.4;
  const bool all = std::log10(axis.high / axis.low) < kFewDecades;
  for (auto stop = above - 1; stop <= end; ++stop) {
    const double power = std::log10(*stop);
    if (all || std::abs(power - std::round(power)) < 1e-6) axis.ticks.push_back(*stop);
  }
  return axis;
}

Axis fitting_axis(const std::string& title, const std::vector<double>& values) {
  if (values.empty()) return axis_from_zero(title, 0.0);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  constexpr double kWide = 12.0;
  return *least > 0.0 && *most / *least > kWide ? log_axis(title + ", log scale", *least, *most)
                                                : axis_from_zero(title, *most);
}

Axis load_axis(const std::vector<workload::LoadShape>& levels) {
  const bool closed = levels.front().kind == workload::LoadKind::closed;
  const double low = load_position(levels.front());
  const double high = load_position(levels.back());
  Axis axis{closed ? "Concurrency (requests)" : "Offered rate (requests/s)",
            low,
            high,
            {},
            Steps::linear,
            ",~r"};
  for (const auto& level : levels) axis.ticks.push_back(load_position(level));
  if (low > 0.0 && high / low > 4.0) {
    axis.steps = Steps::log;
    axis.title += ", log scale";
    axis.low = low / 1.15;
    axis.high = high * 1.15;
  } else {
    const double margin = high > low ? 0.05 * (high - low) : std::max(0.5, 0.1 * high);
    axis.low -= margin;
    axis.high += margin;
  }
  return axis;
}

json channel(const std::string& field, const Axis& axis) {
  return {{"field", field},
          {"type", "quantitative"},
          {"title", axis.title},
          {"scale", scale_of(axis)},
          {"axis",
           {{"values", axis.ticks},
            {"tickCount", axis.ticks.size()},  // else Vega drops every second one of more than 5
            {"format", axis.format},
            {"labelOverlap", "greedy"}}}};
}

json quiet_channel(const std::string& field, const Axis& axis) {
  return {{"field", field}, {"type", "quantitative"}, {"scale", scale_of(axis)}};
}

}  // namespace tokamark::figures
