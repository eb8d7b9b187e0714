#include "report/figures.h"

#include <fmt/format.h>

#include "report/figure_data.h"
#include "report/palette.h"
#include "report/text.h"
#include "report/web_assets.h"

namespace tokamark::report {
namespace {

using nlohmann::json;

/// A template with its title and the common configuration.
json start_spec(std::string_view text, const std::string& title) {
  auto spec = json::parse(text);
  spec["title"] = title;
  spec["config"] = json::parse(figure_config());
  return spec;
}

/// The value axis of data: title, end and ticks.
void set_value_axis(json& y, const std::string& title, const json& values) {
  const auto ticks = make_ticks(most_of(values));
  y["title"] = title;
  y["scale"] = {{"domain", {0.0, ticks.end}}, {"nice", false}};
  y["axis"]["values"] = ticks.values;
}

/// The engines' colours, and their shapes if the template has that channel.
void set_looks(json& encoding, const std::vector<std::string>& engines) {
  auto colours = json::array();
  auto shapes = json::array();
  for (std::size_t i = 0; i < engines.size(); ++i) {
    colours.push_back(look(i).colour);
    shapes.push_back(look(i).shape);
  }
  const auto set = [&](const char* channel, const json& range) {
    if (encoding.contains(channel)) {
      encoding[channel]["scale"] = {{"domain", engines}, {"range", range}};
    }
  };
  set("color", colours);
  set("shape", shapes);
}

/// The panel of one load, from the template's; null when it has no number.
json make_panel(const Frame& frame, const std::vector<Quantity>& quantities, const Scale& scale,
                const std::string& load, json panel) {
  auto values = json::array();
  for (const auto quantity : quantities) {
    for (const auto& row : frame.workload.rows) {
      if (row.load.label() == load && row.cell(quantity).median) {
        values.push_back(make_datum(frame, row, quantity, scale));
      }
    }
  }
  if (values.empty()) {
    return nullptr;
  }
  panel["title"]["text"] = load;
  const std::string group = info(quantities.front()).group;
  set_value_axis(panel["encoding"]["y"], group + " (" + scale.unit + ")", values);
  panel["data"]["values"] = std::move(values);
  panel["encoding"]["xOffset"]["scale"]["domain"] = frame.names;
  set_looks(panel["layer"][0]["encoding"], frame.names);
  return panel;
}

/// Percentiles of one metric as bars, one panel a load.
void add_bars(const Frame& frame, const std::vector<Quantity>& quantities, FigureSet& set) {
  const auto title = fmt::format("{} by engine and load: {}{}", info(quantities.front()).group,
                                 plain_line(frame.workload.workload), frame.suffix);
  const auto scale = choose_scale(frame, quantities);
  auto spec = start_spec(bars_template(), title);
  const auto blank = spec["concat"][0];
  spec["concat"] = json::array();
  for (const auto& load : loads(frame.workload)) {
    auto panel = make_panel(frame, quantities, scale, load.label(), blank);
    if (!panel.is_null()) {
      spec["concat"].push_back(std::move(panel));
    }
  }
  if (spec["concat"].empty()) {
    set.left_out.push_back(title + ": no row has a number." + missing_text(frame, quantities));
    return;
  }
  set.figures.push_back(
      {title,
       "One panel a load, each with its own axis from zero. " + make_caption(frame, quantities),
       std::move(spec)});
}

double load_position(const workload::LoadShape& load) {
  return load.kind == workload::LoadKind::closed ? static_cast<double>(load.concurrency)
                                                 : load.rate_per_s;
}

/// A log axis once the loads span more than a factor of four, else a linear one; ticks at the
/// measured loads only.
void set_load_axis(json& x, const std::vector<workload::LoadShape>& levels) {
  auto positions = json::array();
  for (const auto& level : levels) {
    positions.push_back(load_position(level));
  }
  const double low = load_position(levels.front());
  const double high = load_position(levels.back());
  const bool log = low > 0.0 && high / low > 4.0;
  x["axis"]["values"] = positions;
  x["scale"]["type"] = log ? "log" : "linear";
  const double margin = 0.05 * (high - low);
  if (!log) {
    x["scale"]["zero"] = false;
  }
  x["scale"]["domain"] = log ? json{low / 1.15, high * 1.15} : json{low - margin, high + margin};
  const bool closed = levels.front().kind == workload::LoadKind::closed;
  const std::string name =
      closed ? "Concurrency (requests in flight)" : "Offered rate (requests/s)";
  x["title"] = name + (log ? ", log scale" : "");
}

/// One quantity over the loads of one kind.
void add_lines(const Frame& frame, workload::LoadKind kind, Quantity quantity, FigureSet& set) {
  std::vector<workload::LoadShape> levels;
  for (const auto& load : loads(frame.workload)) {
    if (load.kind == kind) {
      levels.push_back(load);
    }
  }
  if (levels.empty()) {
    return;
  }
  const bool output = quantity == Quantity::output_tokens_per_s;
  const auto title =
      fmt::format("{} over {}: {}{}", output ? "Output throughput" : full_name(quantity),
                  kind == workload::LoadKind::closed ? "concurrency" : "offered rate",
                  plain_line(frame.workload.workload), frame.suffix);
  const auto scale = choose_scale(frame, {quantity});
  auto values = json::array();
  for (const auto& row : frame.workload.rows) {
    if (row.load.kind == kind && row.cell(quantity).median) {
      values.push_back(make_datum(frame, row, quantity, scale));
      values.back()["x"] = load_position(row.load);
      values.back()["line"] =
          row.comparable ? values.back()["value"] : json(nullptr);  // the line skips it
    }
  }
  if (levels.size() < 2 || values.empty()) {
    const auto why = levels.size() < 2 ? std::string(": it needs at least two loads.")
                                       : ": no row has a number." + missing_text(frame, {quantity});
    set.left_out.push_back(title + why);
    return;
  }
  auto spec = start_spec(lines_template(), title);
  set_value_axis(spec["encoding"]["y"], full_name(quantity) + " (" + scale.unit + ")", values);
  spec["data"]["values"] = std::move(values);
  set_load_axis(spec["encoding"]["x"], levels);
  set_looks(spec["encoding"], frame.names);
  set_looks(spec["layer"][2]["encoding"], frame.names);
  set.figures.push_back({title, make_caption(frame, {quantity}), std::move(spec)});
}

}  // namespace

FigureSet make_figures(const record::StudyResult& result, const WorkloadRows& workload) {
  Frame frame{workload, engine_names(result), {}, result.simulated ? " (SIMULATED)" : ""};
  for (const auto& engine : frame.engines) {
    frame.names.push_back(plain_line(engine));
  }
  FigureSet set;
  for (const auto kind : {workload::LoadKind::closed, workload::LoadKind::open}) {
    add_lines(frame, kind, Quantity::output_tokens_per_s, set);
    add_lines(frame, kind, Quantity::tpot_p50, set);
  }
  add_bars(frame, {Quantity::ttft_p50, Quantity::ttft_p95, Quantity::ttft_p99}, set);
  add_bars(frame, {Quantity::tpot_p50, Quantity::tpot_p95, Quantity::tpot_p99}, set);
  add_bars(frame, {Quantity::e2e_p50, Quantity::e2e_p95, Quantity::e2e_p99}, set);
  return set;
}

}  // namespace tokamark::report
