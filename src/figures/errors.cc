#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

/// Okabe & Ito 2008; after them kinds share the last one.
constexpr std::array kKindColours{"#D55E00", "#0072B2", "#E69F00", "#009E73",
                                  "#CC79A7", "#56B4E9", "#444444", "#999999"};

using Counts = std::array<std::int64_t, detail::kErrorBins>;

/// By engine and kind, over all trials with raw records.
struct Errors {
  std::map<std::string, std::map<std::string, Counts>> engines;
  std::vector<std::string> kinds;
  std::set<std::string> seen;  ///< engines with raw records of a trial
  std::size_t trials = 0, without = 0;
  std::int64_t total = 0;
};

Errors collect(const Frame& frame) {
  Errors errors;
  for (const auto& row : frame.workload.rows) {
    for (const auto* trial : row.trials) {
      const auto* detail = frame.detail_of(*trial);
      if (detail == nullptr) {
        ++errors.without;
        continue;
      }
      ++errors.trials;
      errors.seen.insert(row.engine);
      for (const auto& series : detail->errors) {
        auto& counts = errors.engines[row.engine][series.kind];
        for (std::size_t i = 0; i < counts.size(); ++i) {
          counts[i] += series.counts[i];
          errors.total += series.counts[i];
        }
        if (std::find(errors.kinds.begin(), errors.kinds.end(), series.kind) ==
            errors.kinds.end()) {
          errors.kinds.push_back(series.kind);
        }
      }
    }
  }
  std::sort(errors.kinds.begin(), errors.kinds.end());
  return errors;
}

std::string words(std::string kind) {
  std::replace(kind.begin(), kind.end(), '_', ' ');
  return kind == "cut short" ? "output cut short" : kind;
}

/// Stacked rectangles: the stack is computed here.
json make_rows(const std::map<std::string, Counts>& kinds, double& most) {
  auto rows = json::array();
  for (std::size_t bin = 0; bin < detail::kErrorBins; ++bin) {
    const double width = 100.0 / static_cast<double>(detail::kErrorBins);
    double base = 0.0;
    for (const auto& [kind, counts] : kinds) {
      if (counts[bin] == 0) continue;
      const auto count = static_cast<double>(counts[bin]);
      rows.push_back({{"x", static_cast<double>(bin) * width},
                      {"x2", (static_cast<double>(bin) + 1.0) * width},
                      {"low", base},
                      {"high", base + count},
                      {"kind", words(kind)},
                      {"shown", fmt::format("{}", counts[bin])}});
      base += count;
    }
    most = std::max(most, base);
  }
  return rows;
}

json kind_channel(const std::vector<std::string>& kinds) {
  auto names = json::array(), colours = json::array();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    names.push_back(words(kinds[i]));
    colours.push_back(kKindColours[std::min(i, kKindColours.size() - 1)]);
  }
  return {{"field", "kind"},
          {"type", "nominal"},
          {"sort", nullptr},
          {"scale", {{"domain", names}, {"range", colours}}},
          {"legend",
           {{"title", nullptr}, {"symbolType", "square"}, {"columns", by_target({2, 4, 4})}}}};
}

}  // namespace

void add_errors(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("errors-{}", frame.key), frame.title("Errors over time"), "",
                Section::honesty, nullptr};
  const auto errors = collect(frame);
  if (errors.total == 0) {
    set.left_out.push_back(
        figure.title + (errors.trials == 0
                            ? ": it needs the raw records of a trial."
                            : fmt::format(": there is no failed request and no output cut short "
                                          "in the records of {}.",
                                          report::count_of(errors.trials, "trial"))));
    return;
  }
  figure.caption = fmt::format(
      "Requests that failed, and answers with fewer tokens than asked for where the study wants "
      "the "
      "exact length, by the time they ended; warm-up included, {} added up. One axis for all "
      "engines.",
      report::count_of(errors.trials, "trial"));
  if (errors.without > 0) {
    figure.caption += fmt::format(" Without raw records, so not shown: {}.",
                                  report::count_of(errors.without, "trial"));
  }
  std::vector<std::pair<std::string, json>> panels;
  double most = 0.0;
  std::string clean;
  for (std::size_t i = 0; i < frame.engines.size(); ++i) {
    const auto found = errors.engines.find(frame.engines[i]);
    if (found == errors.engines.end()) {
      if (errors.seen.count(frame.engines[i]) == 0) continue;
      clean += (clean.empty() ? " None: " : ", ") + frame.names[i];
      continue;
    }
    panels.emplace_back(frame.names[i], make_rows(found->second, most));
  }
  figure.caption += clean.empty() ? "" : clean + ".";
  figure.caption += no_trial_text(frame, all_rows(frame));
  const auto count = static_cast<double>(panels.size());
  const Grid grid{1, std::min(count, 2.0), std::min(count, 3.0), {70, 85, 140}};
  auto spec = panel_view(frame, figure, grid);
  const Axis x{"Time (% of the trial)", 0.0, 100.0, {0, 25, 50, 75, 100}, Steps::linear, ",.0f"};
  const auto y = axis_from_zero("Requests", most);
  for (auto& [name, rows] : panels) {
    auto plot = panel(name, grid, std::move(rows));
    json bars{{"params", pick_param("kind")},
              {"mark", {{"type", "rect"}, {"stroke", "white"}, {"strokeWidth", 0.5}}},
              {"encoding",
               {{"x", channel("x", x)},
                {"x2", {{"field", "x2"}}},
                {"y", channel("low", y)},
                {"y2", {{"field", "high"}}},
                {"color", kind_channel(errors.kinds)},
                {"opacity", picked()},
                {"tooltip", tooltip({{"kind", "Kind"}, {"shown", "Requests"}})}}}};
    plot["layer"] = json::array({std::move(bars)});
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
