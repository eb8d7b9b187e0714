#include <fmt/format.h>

#include <algorithm>

#include "figures/absences.h"
#include "figures/over_load.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;
using report::Quantity;
using workload::LoadKind;

std::string slo_sentence(const Frame& frame) {
  std::string text;
  for (const auto& [key, name] :
       {std::pair("ttft_ms", "TTFT"), std::pair("tpot_ms", "TPOT"), std::pair("e2e_ms", "E2E")}) {
    if (const auto limit = slo_limit(frame, key)) {
      text +=
          fmt::format("{}{} {} ms", text.empty() ? "" : ", ", name, report::format_number(*limit));
    }
  }
  return text.empty() ? "" : " SLO: " + text + " at most, a request; failed requests miss it.";
}

bool has_slo(const Frame& frame) { return !slo_sentence(frame).empty(); }

void add_goodput(const Frame& frame, FigureSet& set) {
  const auto kind = LoadKind::open;
  Figure figure{fmt::format("goodput-rate-{}", frame.key),
                frame.title("Goodput against offered rate"), "", Section::trade_off, nullptr};
  const auto levels = loads(frame.workload, kind);
  const auto goodput = measure(Quantity::goodput_requests_per_s);
  const auto data = load_data(frame, kind, goodput);
  const auto rows = rows_of(frame, kind);
  if (levels.size() < 2 || data.rows.empty()) {
    set.left_out.push_back(figure.title + ": " +
                           (levels.size() < 2
                                ? "it needs at least two open loads."
                                : "no row has a number." + missing_text(frame, rows, {goodput})));
    return;
  }
  figure.caption =
      "Requests a second that meet every limit of the SLO. The grey line is y = x: every "
      "request that was offered is good. " +
      marks_text(data.values) + slo_sentence(frame) + basis_text(rows) + invalid_text(rows) +
      missing_text(frame, rows, {goodput});
  auto spec = single_view(frame, figure, {140, 200, 290});
  spec["data"]["values"] = data.rows;
  const double last = load_position(levels.back());
  const auto x = axis_from_zero("Offered rate (requests/s)", last);
  const auto y =
      axis_from_zero("Goodput (requests/s)",
                     std::max(last, *std::max_element(data.numbers.begin(), data.numbers.end())));
  spec["layer"] = load_layers(frame, data, x, y);
  json same{{"data", {{"values", {{{"x", 0.0}, {"value", 0.0}}, {{"x", last}, {"value", last}}}}}},
            {"mark", {{"type", "line"}, {"color", "#9aa3ad"}, {"strokeWidth", 1}}},
            {"encoding", {{"x", quiet_channel("x", x)}, {"y", quiet_channel("value", y)}}}};
  spec["layer"].push_back(std::move(same));
  add_figure(frame, std::move(figure), std::move(spec), set);
}

void add_attainment(const Frame& frame, LoadKind kind, FigureSet& set) {
  const auto levels = loads(frame.workload, kind);
  if (levels.empty()) return;
  Figure figure{
      fmt::format("attainment-{}-{}", kind == LoadKind::closed ? "concurrency" : "rate", frame.key),
      frame.title(fmt::format("SLO attainment over {}", load_name(kind))), "", Section::trade_off,
      nullptr};
  const auto share = attainment_measure();
  const auto data = load_data(frame, kind, share);
  const auto rows = rows_of(frame, kind);
  if (levels.size() < 2 || data.rows.empty()) {
    set.left_out.push_back(figure.title + ": " +
                           (levels.size() < 2
                                ? "it needs at least two loads."
                                : "no row has a number." + missing_text(frame, rows, {share})));
    return;
  }
  figure.caption = "Share of the measured requests that meet every limit of the SLO. " +
                   marks_text(data.values) + slo_sentence(frame) + basis_text(rows) +
                   invalid_text(rows) + missing_text(frame, rows, {share});
  auto spec = single_view(frame, figure, {130, 180, 260});
  spec["data"]["values"] = data.rows;
  const Axis y{"Requests within the SLO (%)", 0.0,           103.0,
               {0, 20, 40, 60, 80, 100},      Steps::linear, ",.0f"};
  spec["layer"] = load_layers(frame, data, load_axis(levels), y);
  add_figure(frame, std::move(figure), std::move(spec), set);
}

json strictness_rows(const Frame& frame, const std::vector<const report::Row*>& rows, double& most,
                     Absences& absent) {
  auto data = json::array();
  for (const auto* row : rows) {
    const auto* detail = frame.detail_of(chosen_trial(*row));
    if (detail->goodput_at.empty()) {
      absent.add(frame.name_of(row->engine), "its window did not open and close");
    }
    for (std::size_t i = 0; i < detail->goodput_at.size(); ++i) {
      auto datum = engine_datum(frame, row->engine);
      const double value = detail->goodput_at[i];
      datum["x"] = detail::kStrictness[i];
      datum["value"] = value;
      datum["shown"] = report::format_number(value) + " req/s";
      datum["scale"] = fmt::format("{} x the limits", detail::kStrictness[i]);
      datum["load"] = row->load.label();
      datum["verdict"] = report::plain_line(report::verdict_text(*row));
      datum["valid"] = row->comparable;
      datum["line"] = line_value(*row, value);
      most = std::max(most, value);
      data.push_back(std::move(datum));
    }
  }
  return data;
}

void add_strictness(const Frame& frame, FigureSet& set) {
  if (!has_slo(frame)) return;  // the goodput's own sentence says so
  Figure figure{fmt::format("strictness-{}", frame.key),
                frame.title("Goodput against SLO strictness"), "", Section::trade_off, nullptr};
  const auto rows = busiest_rows(frame);
  double most = 0.0;
  auto absent = absent_engines(frame, rows);
  auto data = strictness_rows(frame, rows, most, absent);
  if (data.empty()) {
    set.left_out.push_back(figure.title + (rows.empty() ? ": it needs the raw records of a trial."
                                                        : ": no window opened and closed."));
    return;
  }
  figure.caption =
      fmt::format(
          "Goodput of one run at {} if every limit of the SLO were so many times as high; 1 is "
          "the study's own.",
          rows.front()->load.label()) +
      slo_sentence(frame) + one_run_text(rows) + invalid_text(rows) + absent.text();
  auto spec = single_view(frame, figure, {130, 180, 260});
  spec["data"]["values"] = std::move(data);
  Axis x = log_axis("Scale of the limits (lower is stricter), log scale", 0.5, 3.0);
  x.low = 0.47;
  x.high = 3.2;
  x.ticks = {0.5, 0.7, 1.0, 1.5, 2.0, 3.0};
  const auto y = axis_from_zero("Goodput (requests/s)", most);
  const auto qx = quiet_channel("x", x), qy = quiet_channel("value", y);
  spec["layer"] = {line_layer(frame, channel("x", x), channel("line", y)),
                   point_layer(frame, qx, qy,
                               tooltip({{"engine", "Engine"},
                                        {"load", "Load"},
                                        {"scale", "SLO"},
                                        {"shown", "Goodput"},
                                        {"verdict", "Verdict"}})),
                   cross_layer(qx, qy)};
  add_limit(spec["layer"], Side::x, 1.0, x, "the study's SLO");
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace

void add_slo(const Frame& frame, FigureSet& set) {
  if (!has_slo(frame)) {
    set.left_out.push_back(
        frame.title("Goodput, SLO attainment and goodput against SLO strictness") +
        ": the study states no slo.");
    return;
  }
  if (!loads(frame.workload, LoadKind::open).empty()) add_goodput(frame, set);
  for (const auto kind : {LoadKind::closed, LoadKind::open}) add_attainment(frame, kind, set);
  add_strictness(frame, set);
}

}  // namespace tokamark::figures
