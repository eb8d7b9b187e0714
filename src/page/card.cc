#include "page/card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "figures/palette.h"
#include "report/at_slo.h"
#include "report/findings.h"
#include "report/outcome.h"
#include "report/text.h"

namespace tokamark::page {
namespace {

using namespace tokamark::report;
using nlohmann::json;

constexpr double kWidth = 1200.0, kHeight = 630.0, kMargin = 56.0;
constexpr std::size_t kMostBars = 6;
constexpr std::size_t kLongestLine = 86;

/// One engine's bar.
struct Bar {
  std::string engine, text;
  double value = 0.0;
  std::optional<CellInterval> interval;
};

struct Bars {
  std::string title;
  std::vector<Bar> bars;
  std::vector<std::string> missing;  ///< engines without a number
};

/// "; not shown: b, c": engines without a number, and those that there is no room for.
std::string not_shown(const Bars& bars) {
  auto names = bars.missing;
  for (std::size_t i = kMostBars; i < bars.bars.size(); ++i) names.push_back(bars.bars[i].engine);
  return names.empty() ? "" : fmt::format("; not shown: {}", fmt::join(names, ", "));
}

Bars bars_at_slo(const std::vector<EstimateRow>& estimates, const AtSlo& at) {
  Bars bars;
  bars.title = "Goodput at the highest load that meets the SLO, requests/s";
  for (const SloStanding& standing : at.standings) {
    if (standing.row == nullptr) {
      bars.missing.push_back(standing.engine);
      continue;
    }
    const auto label = standing.row->load.label();
    const auto* found =
        find_estimate(estimates, standing.engine, at.workload, label, "goodput_requests_per_s");
    if (found == nullptr || !found->median) {
      bars.missing.push_back(standing.engine);
      continue;
    }
    bars.bars.push_back({standing.engine + ", " + label,
                         estimate_cell(found->median, found->interval).text, *found->median,
                         found->interval});
  }
  return bars;
}

/// Output at the highest load for which the most engines have a valid run.
Bars bars_of_output(const record::StudyResult& result, const WorkloadRows& workload,
                    const std::vector<EstimateRow>& estimates) {
  Bars best;
  for (const Row& start : workload.rows) {
    Bars bars;
    bars.title = fmt::format("Output of {} at {}, tokens/s", workload.workload, start.load.label());
    for (const std::string& engine : engine_names(result)) {
      const auto* found = find_estimate(estimates, engine, workload.workload, start.load.label(),
                                        "output_tokens_per_s");
      if (found == nullptr || !found->median) {
        bars.missing.push_back(engine);
        continue;
      }
      bars.bars.push_back({engine, estimate_cell(found->median, found->interval).text,
                           *found->median, found->interval});
    }
    if (bars.bars.size() >= best.bars.size()) best = std::move(bars);
  }
  return best;
}

Bars choose_bars(const record::StudyResult& result, const std::vector<WorkloadRows>& workloads) {
  const auto estimates = estimate_rows(result);
  for (const AtSlo& at : at_slo(result, workloads)) {
    auto bars = bars_at_slo(estimates, at);
    if (!bars.bars.empty()) return bars;
  }
  if (workloads.empty()) return {};
  return bars_of_output(result, workloads.front(), estimates);
}

/// One text mark at a fixed place.
json text_mark(const std::string& text, double x, double y, double size, const char* colour,
               const char* weight) {
  return {{"data", {{"values", json::array({{{"t", plain_line(text)}}})}}},
          {"mark",
           {{"type", "text"},
            {"align", "left"},
            {"baseline", "top"},
            {"x", x},
            {"y", y},
            {"fontSize", size},
            {"fontWeight", weight},
            {"color", colour}}},
          {"encoding", {{"text", {{"field", "t"}, {"type", "nominal"}}}}}};
}

json box(double left, double top, double right, double bottom, const char* colour) {
  return {{"data", {{"values", json::array({json::object()})}}},
          {"mark",
           {{"type", "rect"},
            {"x", left},
            {"x2", right},
            {"y", top},
            {"y2", bottom},
            {"color", colour}}}};
}

std::size_t look_of(const std::vector<std::string>& engines, const std::string& name) {
  for (std::size_t i = 0; i < engines.size(); ++i) {
    if (name == engines[i] || name.rfind(engines[i] + ", ", 0) == 0) return i;
  }
  return 0;
}

void draw_bars(const record::StudyResult& result, const Bars& bars, double top, json& layer) {
  constexpr double kNames = 330.0, kNumbers = 250.0;
  constexpr std::size_t kLongestName = 30;
  const double left = kMargin + kNames;
  const double room = kWidth - kMargin - kNumbers - left;
  const auto engines = engine_names(result);
  const std::size_t count = std::min(bars.bars.size(), kMostBars);
  double most = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const Bar& bar = bars.bars[i];
    most = std::max({most, bar.value, bar.interval ? bar.interval->high : 0.0});
  }
  const double step =
      std::min(56.0, (kHeight - kMargin - top) / std::max(1.0, static_cast<double>(count)));
  for (std::size_t i = 0; i < count; ++i) {
    const Bar& bar = bars.bars[i];
    const double y = top + step * static_cast<double>(i);
    const double middle = y + 0.36 * step;
    const auto place = [&](double value) {
      return left + (most > 0.0 ? room * value / most : 0.0);
    };
    layer.push_back(text_mark(shorten(bar.engine, kLongestName), kMargin, middle - 11.0, 22.0,
                              "#1c1f23", "normal"));
    layer.push_back(box(left, y, place(bar.value), y + 0.72 * step,
                        figures::look(look_of(engines, bar.engine)).colour));
    if (bar.interval) {
      layer.push_back(box(place(bar.interval->low), middle - 1.5, place(bar.interval->high),
                          middle + 1.5, "#1c1f23"));
    }
    const double end = std::max(place(bar.value), bar.interval ? place(bar.interval->high) : 0.0);
    layer.push_back(text_mark(bar.text, end + 12.0, middle - 11.0, 22.0, "#1c1f23", "bold"));
  }
}

}  // namespace

figures::Figure make_card(const record::StudyResult& result) {
  const auto workloads = make_rows(result);
  const auto outcome = outcome_of(result, workloads);
  json layer = json::array({box(0, 0, kWidth, kHeight, "#ffffff"),
                            box(0, 0, kWidth, 12, outcome.valid ? "#0b6e4f" : "#a4161a")});
  double y = kMargin;
  const auto line = [&](const std::string& text, double size, const char* colour,
                        const char* weight) {
    // About half the size of the type is the mean width of a letter.
    const auto fits = static_cast<std::size_t>((kWidth - 2.0 * kMargin) / (0.54 * size));
    layer.push_back(text_mark(shorten(text, fits), kMargin, y, size, colour, weight));
    y += 1.4 * size;
  };
  line(study_name(result), 44, "#1c1f23", "bold");
  if (result.simulated) line("SIMULATED: says nothing about real hardware", 26, "#a4161a", "bold");
  for (const std::string& part : verdict_parts(result)) {
    line(part.substr(0, part.find(". ")), 22, outcome.valid ? "#0b6e4f" : "#a4161a", "normal");
  }
  y += 10.0;
  const auto slo = slo_sentence(result);
  if (!slo.empty()) line("Best at the SLO (" + slo + ")", 22, "#5b6470", "normal");
  constexpr std::size_t kMostBest = 2;
  for (std::size_t i = 0; i < std::min(outcome.best.size(), kMostBest); ++i) {
    const bool last = i + 1 == kMostBest && outcome.best.size() > kMostBest;
    line(outcome.best[i] +
             (last ? fmt::format(" and {} more", outcome.best.size() - kMostBest) : ""),
         30, "#1c1f23", "bold");
  }
  if (!outcome.leads.empty()) {
    const auto parts = wrap(plain_line(outcome.leads.front()), kLongestLine);
    for (std::size_t i = 0; i < std::min<std::size_t>(parts.size(), 2); ++i) {
      line(i == 1 && parts.size() > 2 ? parts[i] + " …" : parts[i], 22, "#1c1f23", "normal");
    }
  }
  const Bars bars = choose_bars(result, workloads);
  if (!bars.bars.empty()) {
    y += 14.0;
    line(bars.title + (result.simulated ? " (SIMULATED)" : "") + not_shown(bars), 22, "#5b6470",
         "normal");
    y += 4.0;
    draw_bars(result, bars, y, layer);
  }
  figures::Figure card;
  card.id = "card";
  card.title = study_name(result) + (result.simulated ? " (SIMULATED)" : "");
  card.spec = {{"$schema", "https://vega.github.io/schema/vega-lite/v6.json"},
               {"width", kWidth},
               {"height", kHeight},
               {"padding", 0},
               {"autosize", {{"type", "none"}, {"contains", "padding"}}},
               {"layer", layer},
               {"config", {{"font", "Inter"}, {"view", {{"stroke", nullptr}}}}},
               {"usermeta",
                {{"figure",
                  {{"id", "card"},
                   {"title", card.title},
                   {"caption", ""},
                   {"workload", nullptr},
                   {"simulated", result.simulated}}}}}};
  return card;
}

}  // namespace tokamark::page
