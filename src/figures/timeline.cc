#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using detail::Series;
using detail::Timeline;
using nlohmann::json;

struct Part {
  const char* title;
  const char* unit;
  Series Timeline::*series;
  double factor;
};

constexpr double kGiB = 1.0 / (1024.0 * 1024.0 * 1024.0);

const std::array kParts{
    Part{"In flight, by the client (requests)", "requests", &Timeline::in_flight, 1.0},
    Part{"Running, by the server (requests)", "requests", &Timeline::requests_running, 1.0},
    Part{"Waiting, by the server (requests)", "requests", &Timeline::requests_waiting, 1.0},
    Part{"Output (tokens/s)", "tok/s", &Timeline::output_tokens_per_s, 1.0},
    Part{"KV cache in use (%)", "%", &Timeline::kv_cache_usage_ratio, 100.0},
    Part{"Prompt tokens from the prefix cache (%)", "%", &Timeline::prefix_hit_ratio, 100.0},
    Part{"VRAM in use (GiB)", "GiB", &Timeline::vram_used_bytes, kGiB},
    Part{"Engine's host memory (GiB)", "GiB", &Timeline::rss_bytes, kGiB},
    Part{"GPU power (W)", "W", &Timeline::gpu_power_w, 1.0},
    Part{"GPU utilisation (%)", "%", &Timeline::gpu_busy_percent, 1.0},
};

/// Marks that one figure may have.
constexpr std::size_t kMostMarks = 1800;

/// Bins that are merged into one, so that the figure keeps to its marks.
std::size_t merge_for(std::size_t lines) {
  for (const std::size_t merge : {1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30}) {
    if (lines * (detail::kTimeBins / merge) <= kMostMarks) return merge;
  }
  return 40;
}

struct Line {
  const report::Row* row;
  const Timeline* timeline;
};

/// Means over merged bins; what no bin saw stays out.
void add_points(const Frame& frame, const Line& line, const Part& part, std::size_t merge,
                json& rows, double& most) {
  const auto& values = (line.timeline->*part.series).values;
  for (std::size_t begin = 0; begin < values.size(); begin += merge) {
    double sum = 0.0, seen = 0.0;
    for (std::size_t i = begin; i < std::min(begin + merge, values.size()); ++i) {
      if (values[i]) sum += *values[i], seen += 1.0;
    }
    if (seen == 0.0) continue;
    const double value = sum / seen * part.factor;
    const double at_s =
        line.timeline->from_s +
        (static_cast<double>(begin) + static_cast<double>(merge) / 2.0) * line.timeline->step_s;
    auto datum = engine_datum(frame, line.row->engine);
    datum["x"] = at_s;
    datum["value"] = value;
    datum["shown"] = report::format_number(value) + " " + part.unit;
    datum["at"] = fmt::format("{:.1f} s", at_s);
    datum["verdict"] = report::plain_line(report::verdict_text(*line.row));
    rows.push_back(std::move(datum));
    most = std::max(most, value);
  }
}

/// Grey over what is not the window.
json phase_layer(double from_s, double window_s, double to_s, const Axis& x) {
  auto spans = json::array();
  if (from_s < 0.0) spans.push_back({{"from", std::max(from_s, x.low)}, {"to", 0.0}});
  if (window_s < to_s) spans.push_back({{"from", window_s}, {"to", std::min(to_s, x.high)}});
  return {{"data", {{"values", spans}}},
          {"mark", {{"type", "rect"}, {"color", "#8a939d"}, {"opacity", 0.16}}},
          {"encoding", {{"x", quiet_channel("from", x)}, {"x2", {{"field", "to"}}}}}};
}

std::vector<Line> find_lines(const Frame& frame, const std::vector<const report::Row*>& rows,
                             Absences& absent) {
  std::vector<Line> lines;
  for (const auto* row : rows) {
    const auto& timeline = frame.detail_of(chosen_trial(*row))->timeline;
    if (timeline.step_s > 0.0) {
      lines.push_back({row, &timeline});
    } else {
      absent.add(frame.name_of(row->engine), "its window did not open and close");
    }
  }
  return lines;
}

/// The parts that any line has; what a line lacks is added to `absent`.
std::vector<Part> find_parts(const Frame& frame, const std::vector<Line>& lines, Absences& absent) {
  std::vector<Part> parts;
  const bool all_have_vram = std::all_of(lines.begin(), lines.end(), [](const Line& line) {
    return !line.timeline->vram_used_bytes.values.empty();
  });
  for (const auto& part : kParts) {
    if (part.series == &Timeline::rss_bytes && all_have_vram) continue;
    const auto series_of = [&part](const Line& line) -> const Series& {
      return line.timeline->*part.series;
    };
    const auto& first = series_of(lines.front());
    const bool any = std::any_of(lines.begin(), lines.end(),
                                 [&](const Line& line) { return !series_of(line).values.empty(); });
    const bool alike = std::all_of(lines.begin(), lines.end(), [&](const Line& line) {
      return series_of(line).values.empty() && series_of(line).reason == first.reason;
    });
    if (any) parts.push_back(part);
    const std::string title = part.title;
    const auto name = title.substr(0, title.find(" ("));
    if (alike) absent.add(name, first.reason);
    for (const auto& line : lines) {
      if (alike || !series_of(line).values.empty()) continue;
      absent.add(name + " of " + frame.name_of(line.row->engine), series_of(line).reason);
    }
  }
  return parts;
}

/// At most four ticks, equally far from each other: a low plot has room for few.
std::vector<double> few_of(const std::vector<double>& ticks) {
  const std::size_t every = (ticks.size() + 1) / 3;
  std::vector<double> few;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    if (ticks.size() <= 4 || i % every == 0) few.push_back(ticks[i]);
  }
  return few;
}

/// Over the lines: the longest and the shortest window, and the ends of all.
struct Extent {
  double from_s = 0.0, window_s = 0.0, shortest_s = 1e300, to_s = 0.0, within_s = 0.0, bin_s = 0.0;
};

Extent extent_of(const std::vector<Line>& lines, std::size_t merge) {
  Extent extent;
  for (const auto& line : lines) {
    const auto& timeline = *line.timeline;
    extent.from_s = std::min(extent.from_s, timeline.from_s);
    extent.window_s = std::max(extent.window_s, timeline.window_s);
    extent.shortest_s = std::min(extent.shortest_s, timeline.window_s);
    extent.to_s = std::max(
        extent.to_s, timeline.from_s + static_cast<double>(detail::kTimeBins) * timeline.step_s);
    extent.within_s = std::max(extent.within_s, timeline.telemetry_within_s);
    extent.bin_s = std::max(extent.bin_s, timeline.step_s * static_cast<double>(merge));
  }
  return extent;
}

}  // namespace

void add_timeline(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("timeline-{}", frame.key),
                frame.title("Client, server and machine over time"), "", Section::over_time,
                nullptr};
  const auto rows = busiest_rows(frame);
  auto absent = absent_engines(frame, rows);
  const auto lines = find_lines(frame, rows, absent);
  if (lines.empty()) {
    set.left_out.push_back(figure.title + (rows.empty() ? ": it needs the raw records of a trial."
                                                        : ": no window opened and closed."));
    return;
  }
  const auto parts = find_parts(frame, lines, absent);
  const auto merge = merge_for(lines.size() * parts.size());
  const auto extent = extent_of(lines, merge);
  figure.caption = fmt::format(
      "One run an engine at {}. Time counts from the opening of the window; grey: the warm-up "
      "before it, and the tail after it, until the measured requests have ended. A point is the "
      "mean over at most {} s.",
      rows.front()->load.label(), report::format_number(extent.bin_s));
  if (extent.window_s - extent.shortest_s > extent.bin_s) {
    figure.caption += fmt::format(" The windows differ: {} to {} s; grey is after the longest.",
                                  report::format_number(extent.shortest_s),
                                  report::format_number(extent.window_s));
  }
  if (extent.within_s > 0.0) {
    figure.caption +=
        fmt::format(" What server and machine say is placed on the client's clock within {} s.",
                    report::format_number(extent.within_s));
  }
  figure.caption += one_run_text(rows) + unusable_text(rows) + absent.text();
  const Grid grid{1, 1, 1, {42, 50, 76}};
  auto spec = panel_view(frame, figure, grid);
  spec["spacing"] = by_target({4, 4, 8});
  Axis x = axis_between("Time after the opening of the window (s)", extent.from_s, extent.to_s);
  x.low = extent.from_s;
  x.high = extent.to_s;
  std::erase_if(x.ticks, [&x](double tick) { return tick < x.low || tick > x.high; });
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto data = json::array();
    double most = 0.0;
    for (const auto& line : lines) add_points(frame, line, parts[i], merge, data, most);
    Axis y = axis_from_zero("", most);
    y.ticks = few_of(y.ticks);
    auto plot = panel(parts[i].title, grid, std::move(data));
    auto time = channel("x", x);
    if (i + 1 < parts.size()) {
      time["axis"]["labels"] = false;
      time["title"] = nullptr;
    }
    auto value = channel("value", y);
    value["title"] = nullptr;
    auto line = line_layer(frame, time, value);
    line["mark"]["strokeWidth"] = by_target({0.9, 1, 1.4});
    add_hover_points(line);
    line["encoding"]["tooltip"] =
        tooltip({{"engine", "Engine"}, {"at", "Time"}, {"shown", "Value"}, {"verdict", "Verdict"}});
    plot["layer"] = {phase_layer(extent.from_s, extent.window_s, extent.to_s, x), std::move(line)};
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
