#include "report/figure_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "report/palette.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

constexpr double kSecondsFromMs = 10'000.0;

}  // namespace

Scale choose_scale(const Frame& frame, const std::vector<Quantity>& quantities) {
  TOKAMARK_ASSERT(!quantities.empty());
  const std::string unit = info(quantities.front()).unit;
  double most = 0.0;
  for (const auto& row : frame.workload.rows) {
    for (const auto quantity : quantities) {
      most = std::max(most, row.cell(quantity).median.value_or(0.0));
    }
  }
  return unit == "ms" && most >= kSecondsFromMs ? Scale{"s", 1e-3} : Scale{unit, 1.0};
}

nlohmann::json make_datum(const Frame& frame, const Row& row, Quantity quantity,
                          const Scale& scale) {
  const auto& cell = row.cell(quantity);
  TOKAMARK_ASSERT(cell.median.has_value());
  const auto [low, high] = std::minmax_element(cell.runs.begin(), cell.runs.end());
  const auto place = std::find(frame.engines.begin(), frame.engines.end(), row.engine);
  const auto index = static_cast<std::size_t>(std::distance(frame.engines.begin(), place));
  TOKAMARK_ASSERT(index < frame.engines.size());
  const auto& style = look(index);
  const auto shown = [&scale](double value) { return format_number(value * scale.factor); };
  const auto range = cell.runs.size() == 1 ? std::string("1 run")
                                           : fmt::format("{} runs, {} to {}", cell.runs.size(),
                                                         shown(*low), shown(*high));
  return {{"engine", frame.names[index]},
          {"load", row.load.label()},
          {"quantity", full_name(quantity)},
          {"part", info(quantity).part},
          {"value", *cell.median * scale.factor},
          {"low", *low * scale.factor},
          {"high", *high * scale.factor},
          {"shown", shown(*cell.median) + " " + scale.unit},
          {"range", range},
          {"verdict", plain_line(verdict_text(row))},
          {"valid", row.comparable},
          {"colour", style.colour},
          {"dash", style.dash[0] == 0 ? nlohmann::json::array() : nlohmann::json(style.dash)}};
}

Ticks make_ticks(double most) {
  constexpr double kHeadroom = 1.06;
  constexpr double kWantedSteps = 5.0;
  if (!(most > 0.0)) {
    return {1.0, {0.0, 1.0}};
  }
  const double raw = most * kHeadroom / kWantedSteps;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10.0 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    step = factor * power >= raw ? factor * power : step;
  }
  Ticks ticks;
  const double steps = std::ceil(most * kHeadroom / step);
  for (double i = 0.0; i <= steps; i += 1.0) {
    ticks.values.push_back(i * step);
  }
  ticks.end = steps * step;
  return ticks;
}

double most_of(const nlohmann::json& values) {
  double most = 0.0;
  for (const auto& value : values) {
    most = std::max(most, value["high"].get<double>());
  }
  return most;
}

std::vector<workload::LoadShape> loads(const WorkloadRows& workload) {
  std::vector<workload::LoadShape> found;
  for (const auto& row : workload.rows) {
    if (found.empty() || found.back().label() != row.load.label()) {
      found.push_back(row.load);
    }
  }
  return found;
}

std::string missing_text(const Frame& frame, const std::vector<Quantity>& quantities) {
  std::string text;
  for (const auto quantity : quantities) {
    std::size_t missing = 0;
    std::vector<std::string> reasons;
    for (const auto& row : frame.workload.rows) {
      const auto& cell = row.cell(quantity);
      if (cell.median) {
        continue;
      }
      ++missing;
      if (std::find(reasons.begin(), reasons.end(), cell.reason) == reasons.end()) {
        reasons.push_back(cell.reason);
      }
    }
    if (missing > 0) {
      text += fmt::format("{} {} of {} of {} rows ({})", text.empty() ? " Not shown:" : ",",
                          full_name(quantity), missing, frame.workload.rows.size(),
                          fmt::join(reasons, "; "));
    }
  }
  return text.empty() ? "" : text + ".";
}

std::string make_caption(const Frame& frame, const std::vector<Quantity>& quantities) {
  const auto& rows = frame.workload.rows;
  const bool repeated =
      std::any_of(rows.begin(), rows.end(), [](const Row& r) { return r.used.size() > 1; });
  const bool invalid =
      std::any_of(rows.begin(), rows.end(), [](const Row& r) { return !r.comparable; });
  std::string text = repeated ? "A mark is the median over the valid runs; the thin line spans the "
                                "smallest to the largest run, and is not an interval."
                              : "A mark is one run.";
  text += invalid ? " Hollow and crossed: no valid run." : "";
  return text + missing_text(frame, quantities);
}

}  // namespace tokamark::report
