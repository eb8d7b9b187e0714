#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "figures/absences.h"
#include "figures/nines.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

struct Kind {
  const char* id;
  const char* name;
  DistributionOf part;
  const char* limit;  ///< of the SLO, or null
};

/// The least, the middle and the greatest load.
std::vector<workload::LoadShape> some_loads(const Frame& frame) {
  const auto all = loads(frame.workload);
  if (all.size() <= 3) return all;
  return {all.front(), all[all.size() / 2], all.back()};
}

struct Panels {
  std::vector<std::vector<NinesLine>> lines;  ///< by load
  std::vector<std::string> titles;
  double least = std::numeric_limits<double>::infinity(), most = 0.0, nines = 0.0;
  bool interval = false, range = false, zero = false;
  Absences absent;
};

bool is_zero(const NinesPoint& point) { return !(point.low > 0.0); }

Panels collect(const Frame& frame, const Kind& kind) {
  Panels panels;
  for (const auto& load : some_loads(frame)) {
    std::vector<NinesLine> lines;
    for (const auto* row : rows_at(frame, load.label())) {
      auto line = nines_line(frame, *row, kind.part);
      panels.interval = panels.interval || line.spread == Spread::interval;
      panels.range = panels.range || line.spread == Spread::range;
      const bool zeros = std::erase_if(line.points, is_zero) > 0;
      panels.zero = panels.zero || zeros;
      if (zeros && line.points.empty()) line.reason = "all of it is 0 ms";
      for (const auto& point : line.points) {
        if (point.low > 0.0) panels.least = std::min(panels.least, point.low);
        panels.most = std::max(panels.most, point.high);
        panels.nines = std::max(panels.nines, point.nines());
      }
      if (line.points.empty()) {
        panels.absent.add(fmt::format("{} at {}", frame.name_of(row->engine), load.label()),
                          line.reason);
      } else {
        lines.push_back(std::move(line));
      }
    }
    if (lines.empty()) continue;
    panels.lines.push_back(std::move(lines));
    panels.titles.push_back(load.label());
  }
  return panels;
}

std::string caption_of(const Frame& frame, const Panels& panels) {
  const auto all = loads(frame.workload).size();
  std::string text =
      "Each nine is as wide as the one before. A line ends where fewer than ten requests lie "
      "beyond, or where a failed request does.";
  if (panels.zero)
    text += " A log axis has no 0 ms (events read together): such values are left out.";
  if (panels.interval) text += " Bands: 95 % sign-test interval of the median over blocks.";
  if (panels.range) text += " Bands: the range of the runs, which is not an interval.";
  if (!panels.interval && !panels.range) {
    text += " One run a line, so no band: requests of one run are not independent.";
  }
  if (all > panels.titles.size()) {
    text += fmt::format(" {} of {} loads.", panels.titles.size(), all);
  }
  std::vector<const report::Row*> rows;
  for (const auto& lines : panels.lines) {
    for (const auto& line : lines) rows.push_back(line.row);
  }
  return text + basis_text(rows) + invalid_text(rows) + panels.absent.text() +
         no_trial_text(frame, all_rows(frame));
}

void add_distribution(const Frame& frame, const Kind& kind, FigureSet& set) {
  Figure figure{fmt::format("distribution-{}-{}", kind.id, frame.key),
                frame.title(fmt::format("{} distribution", kind.name)), "", Section::distribution,
                nullptr};
  const auto panels = collect(frame, kind);
  if (panels.lines.empty() || !(panels.most > 0.0)) {
    set.left_out.push_back(figure.title + ": no trial gives its quantiles." + panels.absent.text());
    return;
  }
  figure.caption = caption_of(frame, panels);
  const auto scale = choose_scale("ms", panels.most);
  const auto x = nines_axis(panels.nines);
  const auto y = log_axis(fmt::format("{} ({}), log scale", kind.name, scale.unit),
                          panels.least * scale.factor, panels.most * scale.factor);
  const auto count = static_cast<double>(panels.lines.size());
  const Grid grid{1, count, count, {105, 130, 220}};
  auto spec = panel_view(frame, figure, grid);
  const auto limit = kind.limit == nullptr ? std::nullopt : slo_limit(frame, kind.limit);
  for (std::size_t i = 0; i < panels.lines.size(); ++i) {
    auto plot =
        panel(panels.titles[i], grid, nines_rows(frame, panels.lines[i], scale.factor, scale.unit));
    plot["layer"] = nines_layers(frame, x, y);
    if (limit) add_limit(plot["layer"], Side::y, *limit * scale.factor, y, "SLO");
    spec["concat"].push_back(std::move(plot));
  }
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace

void add_distributions(const Frame& frame, FigureSet& set) {
  using detail::TrialDetail;
  add_distribution(frame, {"ttft", "TTFT", &TrialDetail::ttft, "ttft_ms"}, set);
  add_distribution(frame, {"itl", "ITL", &TrialDetail::itl, nullptr}, set);
  add_distribution(frame, {"e2e", "E2E", &TrialDetail::e2e, "e2e_ms"}, set);
}

}  // namespace tokamark::figures
