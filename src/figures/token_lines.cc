#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using detail::TokenArrival;
using detail::TokenLine;
using nlohmann::json;

constexpr const char* kSlow = "slowest";
constexpr const char* kMedian = "median E2E";

/// Rows of data that one figure may have for its lines.
constexpr std::size_t kMostRows = 1900;

/// What is drawn of one engine.
struct Panel {
  const report::Row* row;
  std::vector<std::pair<const TokenLine*, const char*>> lines;
};

struct Extent {
  std::size_t lines = 0, arrivals = 0;
  double longest_s = 0.0, most_tokens = 0.0;
};

/// Slow requests of each engine; fewer where there are many engines.
std::size_t shown_of(const std::vector<const report::Row*>& rows) {
  return rows.size() > 3 ? detail::kSlowest / 2 : detail::kSlowest;
}

std::vector<Panel> find_panels(const Frame& frame, const std::vector<const report::Row*>& rows,
                               Extent& extent) {
  std::vector<Panel> panels;
  for (const auto* row : rows) {
    const auto* detail = frame.detail_of(chosen_trial(*row));
    Panel panel{row, {}};
    for (std::size_t i = 0; i < std::min(shown_of(rows), detail->slowest.size()); ++i) {
      panel.lines.emplace_back(&detail->slowest[i], kSlow);
    }
    // Last, and so on top.
    if (detail->median_request) panel.lines.emplace_back(&*detail->median_request, kMedian);
    for (const auto& [line, kind] : panel.lines) {
      ++extent.lines;
      extent.arrivals += line->arrivals.size();
      extent.longest_s = std::max(extent.longest_s, line->ended_after_due_s);
      if (line->arrivals.empty()) continue;
      extent.most_tokens = std::max(extent.most_tokens, line->arrivals.back().tokens);
    }
    if (!panel.lines.empty()) panels.push_back(std::move(panel));
  }
  return panels;
}

/// The first arrival in each stretch of `cell_s`, and the last before a stretch without one: of n
/// stretches at most n arrivals, and a line stays flat wherever nothing came for two of them. All
/// for 0.
std::vector<TokenArrival> thin(const std::vector<TokenArrival>& arrivals, double cell_s) {
  if (cell_s == 0.0) return arrivals;
  const auto cell = [cell_s, &arrivals](std::size_t i) {
    return std::floor(arrivals[i].after_due_s / cell_s);
  };
  std::vector<TokenArrival> kept;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const bool first = i == 0 || cell(i - 1) != cell(i);
    const bool last_before_empty = i + 1 < arrivals.size() && cell(i + 1) > cell(i) + 1.0;
    if (first || last_before_empty) kept.push_back(arrivals[i]);
  }
  return kept;
}

/// The stretch that keeps the figure to its rows; 0 = nothing need be left out.
double cell_for(const Extent& extent) {
  if (extent.arrivals + 2 * extent.lines <= kMostRows) return 0.0;
  // A line has two ends beside its arrivals, and one may lie on the end of the axis.
  const auto cells = std::max<std::size_t>(kMostRows / extent.lines, 4) - 3;
  return extent.longest_s / static_cast<double>(cells);
}

json line_rows(const Panel& panel, double cell_s) {
  auto rows = json::array();
  for (const auto& [line, kind] : panel.lines) {
    const auto add = [&rows, &line = *line, kind = kind](double at_s, double tokens) {
      rows.push_back(
          {{"x", at_s},
           {"value", tokens},
           {"kind", kind},
           {"request", fmt::format("{}", line.sequence)},
           {"shown", fmt::format("{:.4g} after {} s", tokens, report::format_number(at_s))},
           {"status", fmt::format("{} after {} s", ending_text(line.status, line.error),
                                  report::format_number(line.ended_after_due_s))}});
    };
    add(0.0, 0.0);
    for (const auto& arrival : thin(line->arrivals, cell_s)) {
      add(arrival.after_due_s, arrival.tokens);
    }
    add(line->ended_after_due_s, line->arrivals.empty() ? 0.0 : line->arrivals.back().tokens);
  }
  return rows;
}

json failures(const Panel& panel) {
  auto rows = json::array();
  for (const auto& [line, kind] : panel.lines) {
    if (line->status == record::RequestStatus::succeeded) continue;
    rows.push_back({{"x", line->ended_after_due_s},
                    {"value", line->arrivals.empty() ? 0.0 : line->arrivals.back().tokens},
                    {"kind", kind},
                    {"valid", false}});
  }
  return rows;
}

json line_layers(const Panel& panel, const Axis& x, const Axis& y) {
  json lines{{"params", pick_param("kind")},
             {"mark",
              {{"type", "line"},
               {"interpolate", "step-after"},
               {"strokeWidth", by_target({0.9, 1, 1.4})}}},
             {"encoding",
              {{"x", channel("x", x)},
               {"y", channel("value", y)},
               {"color",
                {{"field", "kind"},
                 {"type", "nominal"},
                 {"sort", nullptr},
                 {"scale", {{"domain", {kSlow, kMedian}}, {"range", {"#D55E00", "#0072B2"}}}},
                 {"legend", {{"title", nullptr}, {"symbolOpacity", 1}, {"symbolSize", 260}}}}},
               {"strokeDash",
                {{"field", "kind"},
                 {"type", "nominal"},
                 {"sort", nullptr},
                 {"scale", {{"domain", {kSlow, kMedian}}, {"range", {{1, 0}, {4, 2}}}}},
                 {"legend", {{"title", nullptr}}}}},
               {"detail", {{"field", "request"}, {"type", "nominal"}}},
               {"opacity", picked()},
               {"tooltip", tooltip({{"request", "Request"},
                                    {"kind", "Which"},
                                    {"shown", "Tokens"},
                                    {"status", "End"}})}}}};
  add_hover_points(lines);
  auto layers = json::array({std::move(lines)});
  auto ends = failures(panel);
  if (ends.empty()) return layers;
  auto crosses = cross_layer(quiet_channel("x", x), quiet_channel("value", y));
  crosses["data"]["values"] = std::move(ends);
  layers.push_back(std::move(crosses));
  return layers;
}

}  // namespace

void add_token_lines(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("tokens-{}", frame.key),
                frame.title("Slowest requests, token by token"), "", Section::over_time, nullptr};
  const auto rows = busiest_rows(frame);
  Extent extent;
  const auto panels = find_panels(frame, rows, extent);
  if (panels.empty() || !(extent.longest_s > 0.0) || !(extent.most_tokens > 0.0)) {
    set.left_out.push_back(figure.title + (rows.empty() ? ": it needs the raw records of a trial."
                                           : panels.empty()
                                               ? ": no request was scheduled in the window."
                                               : ": none of them had a token."));
    return;
  }
  const double cell_s = cell_for(extent);
  figure.caption = fmt::format(
      "One run an engine at {}: its {} measured requests that took longest, however they ended, "
      "and the one of median E2E, where 20 succeeded. A line steps up as tokens arrive. Flat from "
      "the left: not sent, queued, or in prefill; flat later: a stall. A cross ends a failed one.",
      rows.front()->load.label(), shown_of(rows));
  if (cell_s > 0.0) {
    figure.caption +=
        fmt::format(" Stalls below {} s may not show.", report::format_number(2.0 * cell_s));
  }
  auto absent = absent_engines(frame, rows);
  for (const auto* row : rows) {
    const bool drawn = std::any_of(panels.begin(), panels.end(),
                                   [row](const Panel& panel) { return panel.row == row; });
    if (drawn) continue;
    const bool opened = frame.detail_of(chosen_trial(*row))->timeline.step_s > 0.0;
    absent.add(frame.name_of(row->engine), opened ? "no request was scheduled in its window"
                                                  : "its window did not open and close");
  }
  figure.caption += one_run_text(rows) + unusable_text(rows) + absent.text();
  const auto count = static_cast<double>(panels.size());
  const Grid grid{1, std::min(count, 2.0), std::min(count, 2.0), {80, 100, 170}};
  auto spec = panel_view(frame, figure, grid);
  Axis x = axis_from_zero("Time after the request was due (s)", extent.longest_s);
  x.high = 1.02 * extent.longest_s;  // room for a cross
  std::erase_if(x.ticks, [&x](double tick) { return tick > x.high; });
  const Axis y = axis_from_zero("Tokens received", extent.most_tokens);
  for (const auto& one : panels) {
    auto plot = panel(frame.name_of(one.row->engine), grid, line_rows(one, cell_s));
    plot["layer"] = line_layers(one, x, y);
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
