#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "figures/absences.h"
#include "figures/nines.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using detail::TrialDetail;
using nlohmann::json;

struct Panel {
  const char* title;
  DistributionOf part;
};

/// Send lateness and receive delay on an axis of nines.
void add_lateness(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("client-{}", frame.key), frame.title("The client's own delays"), "",
                Section::honesty, nullptr};
  const auto rows = busiest_rows(frame);
  const std::array panels{Panel{"Send lateness", &TrialDetail::lateness},
                          Panel{"Receive delay", &TrialDetail::receive_delay}};
  std::vector<std::pair<std::string, std::vector<NinesLine>>> found;
  double least = std::numeric_limits<double>::infinity(), most = 0.0, nines = 0.0;
  auto absent = absent_engines(frame, rows);
  for (const auto& panel : panels) {
    std::vector<NinesLine> lines;
    for (const auto* row : rows) {
      auto line = nines_line(frame, *row, panel.part);
      // A log axis has no zero: what is below a microsecond stands at one.
      for (auto& point : line.points) {
        for (auto* value : {&point.value, &point.low, &point.high}) *value = std::max(*value, 1e-3);
        least = std::min(least, point.low);
        most = std::max(most, point.high);
        nines = std::max(nines, point.nines());
      }
      if (line.points.empty()) {
        absent.add(fmt::format("{} of {}", panel.title, frame.name_of(row->engine)), line.reason);
      } else {
        lines.push_back(std::move(line));
      }
    }
    if (!lines.empty()) found.emplace_back(panel.title, std::move(lines));
  }
  if (found.empty()) {
    set.left_out.push_back(figure.title + ": it needs the raw records of a trial." + absent.text());
    return;
  }
  figure.caption = fmt::format(
      "How late the measuring program sent requests after they were due, and how long an event "
      "that "
      "the kernel had stamped waited to be read, at {}. Requests sent more than 5 ms late count "
      "into "
      "late_share. Values below 0.001 ms stand at 0.001 ms.",
      rows.front()->load.label());
  figure.caption += basis_text(rows) + invalid_text(rows) + absent.text();
  const auto x = nines_axis(nines);
  const auto y = log_axis("Delay (ms), log scale", least, std::max(most, 6.0));
  const auto count = static_cast<double>(found.size());
  const Grid grid{1, count, count, {100, 125, 200}};
  auto spec = panel_view(frame, figure, grid);
  for (const auto& [title, lines] : found) {
    auto plot = panel(title, grid, nines_rows(frame, lines, 1.0, "ms"));
    plot["layer"] = nines_layers(frame, x, y);
    if (title == "Send lateness") {
      add_limit(plot["layer"], Side::y, 5.0, y, "late from 5 ms");
    }
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

struct Pair {
  double asked, achieved;
};

std::optional<Pair> pair_of(const Frame& frame, const record::TrialResult& trial,
                            std::string& reason) {
  if (trial.load.kind == workload::LoadKind::closed) {
    reason = "how many were in flight is not recorded";
    if (!trial.checks.in_flight_asked || !trial.checks.in_flight_mean) return std::nullopt;
    return Pair{*trial.checks.in_flight_asked, *trial.checks.in_flight_mean};
  }
  const auto* detail = frame.detail_of(trial);
  reason = detail == nullptr ? "no raw records" : "its window did not open and close";
  if (detail == nullptr || !detail->sent_per_s) return std::nullopt;
  return Pair{trial.load.rate_per_s, *detail->sent_per_s};
}

/// Concurrency or rate that was asked for against the one that was reached, every trial.
void add_asked(const Frame& frame, workload::LoadKind kind, FigureSet& set) {
  if (loads(frame.workload, kind).empty()) return;
  const bool closed = kind == workload::LoadKind::closed;
  const char* const what = closed ? "Requests in flight" : "Requests sent a second";
  Figure figure{fmt::format("asked-{}-{}", closed ? "concurrency" : "rate", frame.key),
                frame.title(fmt::format("{}, asked and achieved", what)), "", Section::honesty,
                nullptr};
  auto data = json::array();
  std::vector<double> values;
  std::vector<const report::Row*> rows;
  Absences absent;
  for (const auto& row : frame.workload.rows) {
    if (row.load.kind != kind) continue;
    rows.push_back(&row);
    for (const auto* trial : row.trials) {
      std::string reason;
      const auto pair = pair_of(frame, *trial, reason);
      if (!pair) {
        absent.add(report::plain_line(trial->id), reason);
        continue;
      }
      auto datum = engine_datum(frame, row.engine);
      datum["x"] = pair->asked;
      datum["value"] = pair->achieved;
      datum["valid"] = trial->verdict == record::Verdict::valid;
      datum["shown"] = report::format_number(pair->achieved);
      datum["asked"] = report::format_number(pair->asked);
      datum["trial"] = report::plain_line(trial->id);
      datum["verdict"] = record::to_word(trial->verdict);
      values.insert(values.end(), {pair->asked, pair->achieved});
      data.push_back(std::move(datum));
    }
  }
  if (data.empty()) {
    set.left_out.push_back(figure.title + ": no trial says both." + absent.text());
    return;
  }
  figure.caption =
      std::string("A mark is a trial. On the grey line the client reached what was asked. ") +
      (closed ? "Achieved: mean over the window, counted by the load threads."
              : "Achieved: requests sent in the window over its length; a Poisson "
                "schedule varies by chance.");
  figure.caption += all_runs_text(rows) + " Hollow and crossed: a trial that is not valid." +
                    absent.text() + no_trial_text(frame, rows);
  auto spec = single_view(frame, figure, {140, 200, 280});
  spec["data"]["values"] = std::move(data);
  const std::string unit = closed ? " (requests in flight)" : " (requests/s)";
  const auto x = fitting_axis("Asked" + unit, values);
  auto y = x;
  y.title = "Achieved" + unit + (x.steps == Steps::log ? ", log scale" : "");
  const auto qx = quiet_channel("x", x), qy = quiet_channel("value", y);
  json same{{"data",
             {{"values", {{{"x", x.low}, {"value", x.low}}, {{"x", x.high}, {"value", x.high}}}}}},
            {"mark", {{"type", "line"}, {"color", "#9aa3ad"}, {"strokeWidth", 1}}},
            {"encoding", {{"x", qx}, {"y", qy}}}};
  auto marks = point_layer(frame, channel("x", x), channel("value", y),
                           tooltip({{"engine", "Engine"},
                                    {"trial", "Trial"},
                                    {"asked", "Asked"},
                                    {"shown", "Achieved"},
                                    {"verdict", "Verdict"}}));
  marks["params"] = pick_param();
  spec["layer"] = {std::move(same), std::move(marks), cross_layer(qx, qy)};
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace

void add_client(const Frame& frame, FigureSet& set) {
  add_lateness(frame, set);
  add_asked(frame, workload::LoadKind::closed, set);
  add_asked(frame, workload::LoadKind::open, set);
}

}  // namespace tokamark::figures
