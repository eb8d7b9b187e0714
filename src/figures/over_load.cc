#include "figures/over_load.h"

#include <algorithm>

namespace tokamark::figures {

using nlohmann::json;

std::vector<const report::Row*> rows_of(const Frame& frame, workload::LoadKind kind) {
  auto rows = all_rows(frame);
  std::erase_if(rows, [kind](const report::Row* row) { return row->load.kind != kind; });
  return rows;
}

const char* load_name(workload::LoadKind kind) {
  return kind == workload::LoadKind::closed ? "concurrency" : "offered rate";
}

LoadData load_data(const Frame& frame, workload::LoadKind kind, const Measure& measure) {
  double most = 0.0;
  for (const auto* row : rows_of(frame, kind)) {
    most = std::max(most, value_of(frame, *row, measure).median.value_or(0.0));
  }
  return load_data(frame, kind, measure, choose_scale(measure.unit, most));
}

LoadData load_data(const Frame& frame, workload::LoadKind kind, const Measure& measure,
                   const Scale& scale) {
  LoadData data;
  data.scale = scale;
  for (const auto* row : rows_of(frame, kind)) {
    auto value = value_of(frame, *row, measure);
    if (!value.median) continue;
    auto datum = make_datum(frame, *row, measure, value, scale);
    datum["x"] = load_position(row->load);
    datum["line"] = line_value(*row, datum["value"]);
    for (const double run : value.runs) {
      data.numbers.push_back(run * scale.factor);
      if (value.runs.size() < 2) continue;
      auto one = engine_datum(frame, row->engine);
      one["x"] = datum["x"];
      one["value"] = run * scale.factor;
      data.runs.push_back(std::move(one));
    }
    data.numbers.push_back(value.low * scale.factor);
    data.numbers.push_back(value.high * scale.factor);
    data.rows.push_back(std::move(datum));
    data.values.push_back(std::move(value));
  }
  return data;
}

json load_layers(const Frame& frame, const LoadData& data, const Axis& x, const Axis& y) {
  const auto qx = quiet_channel("x", x), qy = quiet_channel("value", y);
  auto layers = json::array({line_layer(frame, channel("x", x), channel("line", y))});
  if (!data.runs.empty()) layers.push_back(runs_layer(frame, data.runs, qx, qy));
  layers.push_back(spread_layer(frame, qx, y));
  layers.push_back(point_layer(frame, qx, qy, usual_tooltip()));
  layers.push_back(cross_layer(qx, qy));
  return layers;
}

}  // namespace tokamark::figures
