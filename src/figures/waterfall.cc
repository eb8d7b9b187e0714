#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using detail::RequestRow;
using nlohmann::json;

constexpr const char* kUnsent = "due, not sent";
constexpr const char* kFirst = "waiting and prefill";
constexpr const char* kDecode = "decoding";
constexpr const char* kStall = "stall";

json part_channel() {
  return {{"field", "part"},
          {"type", "nominal"},
          {"sort", nullptr},
          {"scale",
           {{"domain", {kUnsent, kFirst, kDecode, kStall}},
            {"range", {"#000000", "#E69F00", "#56B4E9", "#D55E00"}}}},
          {"legend", {{"title", nullptr}, {"symbolType", "square"}}}};
}

struct Window {
  double from_s = std::numeric_limits<double>::infinity(), to_s = 0.0;
};

void add_segment(const RequestRow& row, std::size_t place, const char* part, double from_s,
                 double to_s, json& rows) {
  if (!(to_s > from_s)) return;
  rows.push_back(
      {{"y", static_cast<double>(place)},
       {"from", from_s},
       {"to", to_s},
       {"part", part},
       {"request", fmt::format("{}", row.sequence)},
       {"shown", report::format_number((to_s - from_s) * 1000.0) + " ms"},
       {"tokens", row.output_tokens < 0 ? "not known" : fmt::format("{}", row.output_tokens)},
       {"status", ending_text(row.status, row.error)}});
}

json segments(const std::vector<RequestRow>& requests) {
  auto rows = json::array();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& row = requests[i];
    const double sent_s = row.sent_s.value_or(row.ended_s);
    add_segment(row, i, kUnsent, row.scheduled_s, sent_s, rows);
    const double first_s = row.first_token_s.value_or(row.ended_s);
    if (row.sent_s) add_segment(row, i, kFirst, sent_s, first_s, rows);
    if (row.first_token_s) {
      add_segment(row, i, kDecode, first_s, row.last_token_s.value_or(row.ended_s), rows);
    }
    for (const auto& stall : row.stalls)
      add_segment(row, i, kStall, stall.from_s, stall.to_s, rows);
  }
  return rows;
}

json failures(const std::vector<RequestRow>& requests) {
  auto rows = json::array();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].status == record::RequestStatus::succeeded ||
        requests[i].status == record::RequestStatus::cut_off) {
      continue;
    }
    rows.push_back({{"y", static_cast<double>(i)}, {"to", requests[i].ended_s}, {"valid", false}});
  }
  return rows;
}

/// Of a plot that holds the most requests.
constexpr Sizes kHeights{150, 170, 260};
constexpr std::size_t kLeastBars = 6;

json waterfall_layers(const std::vector<RequestRow>& requests, const Axis& x, const Axis& y,
                      std::size_t rows) {
  auto place = quiet_channel("y", y);
  place["scale"]["reverse"] = true;
  place["axis"] = nullptr;
  const auto thickness = [rows](double height) {
    return std::max(0.8, 0.72 * height / static_cast<double>(rows));
  };
  json bars{{"params", pick_param("part")},
            {"mark",
             {{"type", "rule"},
              {"strokeCap", "butt"},
              {"strokeWidth", by_target({thickness(kHeights.col1), thickness(kHeights.col2),
                                         thickness(kHeights.web)})}}},
            {"encoding",
             {{"x", channel("from", x)},
              {"x2", {{"field", "to"}}},
              {"y", place},
              {"color", part_channel()},
              {"opacity", picked()},
              {"tooltip", tooltip({{"request", "Request"},
                                   {"part", "Part"},
                                   {"shown", "Length"},
                                   {"tokens", "Output tokens"},
                                   {"status", "Ended"}})}}}};
  auto layers = json::array({std::move(bars)});
  auto failed = failures(requests);
  if (!failed.empty()) {
    auto crosses = cross_layer(quiet_channel("to", x), place);
    crosses["data"] = {{"values", std::move(failed)}};
    layers.push_back(std::move(crosses));
  }
  return layers;
}

}  // namespace

void add_waterfall(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("waterfall-{}", frame.key), frame.title("Requests one by one"), "",
                Section::over_time, nullptr};
  const auto rows = busiest_rows(frame);
  std::vector<std::pair<const report::Row*, std::vector<RequestRow>>> panels;
  Window window;
  const std::size_t most = rows.size() > 3 ? 20 : 40;
  std::size_t longest = 0;
  auto absent = absent_engines(frame, rows);
  for (const auto* row : rows) {
    const auto& detail = *frame.detail_of(chosen_trial(*row));
    auto requests = detail.requests;
    requests.resize(std::min(requests.size(), most));
    if (requests.empty()) {
      absent.add(frame.name_of(row->engine),
                 detail.timeline.step_s > 0.0
                     ? "no request was scheduled in the second half of its window"
                     : "its window did not open and close");
      continue;
    }
    longest = std::max(longest, requests.size());
    for (const auto& request : requests) {
      window.from_s = std::min(window.from_s, request.scheduled_s);
      window.to_s = std::max({window.to_s, request.ended_s, request.last_token_s.value_or(0.0)});
    }
    panels.emplace_back(row, std::move(requests));
  }
  if (panels.empty() || !(window.to_s > window.from_s)) {
    set.left_out.push_back(figure.title + (rows.empty()
                                               ? ": it needs the raw records of a trial."
                                               : ": no request was scheduled in the second half of "
                                                 "a window."));
    return;
  }
  figure.caption = fmt::format(
      "Up to {} consecutive requests of one run an engine at {}, from the middle of the window on, "
      "in order of schedule. A client cannot tell waiting in the server's queue from prefill. "
      "Stall: a gap between tokens of at least 20 ms and five times the request's median gap; the "
      "four longest. A cross ends a failed request.",
      longest, rows.front()->load.label());
  figure.caption += one_run_text(rows) + unusable_text(rows) + absent.text();
  const auto count = static_cast<double>(panels.size());
  const Grid grid{1, std::min(count, 2.0), std::min(count, 2.0), kHeights};
  auto spec = panel_view(frame, figure, grid);
  Axis x = axis_between("Time after the opening of the window (s)", window.from_s, window.to_s);
  for (const auto& [row, requests] : panels) {
    auto plot = panel(frame.name_of(row->engine), grid, segments(requests));
    // One request is equally thick in every plot, so a plot of few requests is low.
    const double bars = static_cast<double>(std::max(requests.size(), kLeastBars));
    const double share = (bars + 1.0) / (std::max(static_cast<double>(longest), bars) + 1.0);
    plot["height"] =
        by_target({kHeights.col1 * share, kHeights.col2 * share, kHeights.web * share});
    const Axis y{"", -1.0, bars, {}, Steps::linear, ""};
    plot["layer"] = waterfall_layers(requests, x, y, longest + 1);
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
