#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/figures_internal.h"
#include "figures/gains.h"
#include "figures/places.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;
using report::Quantity;
using report::Row;

/// Which end of the x axis is the better one.
enum class Better { right, left };

/// A chart of something that the operator wants against something that users feel.
struct Kind {
  const char* id;
  const char* title;
  const char* x_name;  ///< with its unit; for ms the unit is chosen
  Quantity x;
  Better better;
  const char* limit;       ///< of the SLO, that bounds x
  const char* limit_name;  ///< "TPOT"
};

constexpr Kind kPareto{"pareto",
                       "Throughput against interactivity",
                       "Interactivity (tokens/s/user)",
                       Quantity::tpot_p50,
                       Better::right,
                       "tpot_ms",
                       "TPOT"};
constexpr Kind against_interactivity(const char* id, const char* title) {
  Kind kind = kPareto;
  kind.id = id;
  kind.title = title;
  return kind;
}
constexpr Kind kCost = against_interactivity("cost", "Cost against interactivity");
constexpr Kind kEnergy = against_interactivity("energy", "Energy against interactivity");

constexpr Kind kLatency{"throughput-e2e",
                        "Throughput against end-to-end latency",
                        "E2E p95",
                        Quantity::e2e_p95,
                        Better::left,
                        "e2e_ms",
                        "E2E"};
constexpr Kind kTtft{"throughput-ttft",
                     "Throughput against time to first token",
                     "TTFT p95",
                     Quantity::ttft_p95,
                     Better::left,
                     "ttft_ms",
                     "TTFT"};

struct Point {
  const Row* row;
  double x, y;
  Value x_value, y_value;
  bool dominated = false;
};

Measure x_measure(const Kind& kind) {
  const auto plain = measure(kind.x);
  return kind.better == Better::left ? plain : above_zero(plain, "0 ms, read in one piece");
}

std::vector<Point> collect(const Frame& frame, const Kind& kind, const Gain& gain) {
  std::vector<Point> points;
  const auto x = x_measure(kind);
  for (const auto& row : frame.workload.rows) {
    Point point{&row, 0.0, 0.0, value_of(frame, row, x), value_of(frame, row, gain.measure), false};
    if (!point.x_value.median || !point.y_value.median) continue;
    point.x = kind.better == Better::right ? 1000.0 / *point.x_value.median : *point.x_value.median;
    point.y = *point.y_value.median / (gain.per_gpu ? *report::gpu_count(row) : 1.0);
    points.push_back(std::move(point));
  }
  return points;
}

/// Marks the points that a valid one beats in both, and gives the others in order of x.
std::vector<const Point*> find_frontier(std::vector<Point>& points, Better better,
                                        const Gain& gain) {
  const auto as_good = [better, &gain](const Point& a, const Point& b) {
    return (gain.more_is_better ? a.y >= b.y : a.y <= b.y) &&
           (better == Better::right ? a.x >= b.x : a.x <= b.x);
  };
  for (auto& point : points) {
    point.dominated = std::any_of(points.begin(), points.end(), [&](const Point& other) {
      return other.row->comparable && as_good(other, point) && !as_good(point, other);
    });
  }
  std::vector<const Point*> frontier;
  for (const auto& point : points) {
    if (!point.dominated && point.row->comparable) frontier.push_back(&point);
  }
  std::sort(frontier.begin(), frontier.end(), [](const Point* a, const Point* b) {
    return a->x != b->x ? a->x < b->x : a->y > b->y;
  });
  return frontier;
}

json make_rows(const Frame& frame, const std::vector<Point>& points, const Axis& x, const Axis& y,
               const std::string& x_unit, const Gain& gain) {
  constexpr Sizes kHeights{150, 230, 320};
  std::vector<LabelledPoint> labels;
  for (const auto& point : points) {
    labels.push_back({x.place(point.x), y.place(point.y), point.row->load.label()});
  }
  const auto places = label_places(labels, kHeights.col1, kHeights.col2, kHeights.web);
  auto rows = json::array();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& point = points[i];
    auto datum = engine_datum(frame, point.row->engine);
    datum["x"] = point.x;
    datum["y"] = point.y;
    datum["line"] = line_value(*point.row, point.y);
    datum["load"] = labels[i].label;
    datum["order"] = load_position(point.row->load);
    datum["x_shown"] = report::format_number(point.x) + " " + x_unit;
    datum["y_shown"] = report::format_number(point.y) + " " + gain.unit;
    datum["verdict"] = report::plain_line(report::verdict_text(*point.row));
    datum["runs"] = static_cast<double>(point.row->used.size());
    datum["valid"] = point.row->comparable;
    datum["standing"] = !point.row->comparable ? "not compared: no valid run"
                        : point.dominated      ? "dominated"
                                               : "on the frontier";
    datum["alpha"] = point.dominated ? 0.45 : 1.0;
    datum["place"] = places[i];
    rows.push_back(std::move(datum));
  }
  return rows;
}

json frontier_layer(const std::vector<const Point*>& frontier, const Axis& x, const Axis& y) {
  auto rows = json::array();
  for (const auto* point : frontier) rows.push_back({{"x", point->x}, {"y", point->y}});
  return {{"data", {{"values", rows}}},
          {"mark",
           {{"type", "line"},
            {"color", "#9aa3ad"},
            {"strokeWidth", by_target({4, 4.5, 6})},
            {"strokeCap", "round"},
            {"strokeJoin", "round"},
            {"opacity", 0.35}}},
          {"encoding", {{"x", quiet_channel("x", x)}, {"y", quiet_channel("y", y)}}}};
}

/// The label beside each point, over a white halo.
std::vector<json> label_layers(const json& x, const json& y) {
  json layer{{"mark",
              {{"type", "text"},
               {"text", {{"expr", "datum.place.show ? datum.load : ''"}}},
               {"dx", {{"expr", "datum.place.dx"}}},
               {"dy", {{"expr", "datum.place.dy"}}},
               {"align", {{"expr", "datum.place.align"}}},
               {"baseline", "middle"}}},
             {"encoding", {{"x", x}, {"y", y}, {"opacity", picked()}}}};
  auto halo = layer;
  halo["mark"]["stroke"] = "white";
  halo["mark"]["strokeWidth"] = 3;
  halo["mark"]["strokeJoin"] = "round";
  halo["encoding"]["color"] = {{"value", "white"}};
  layer["encoding"]["color"] = {{"value", "#333"}};
  return {halo, layer};
}

json faded() {
  return {{"condition",
           {{"param", "pick"},
            {"field", "alpha"},
            {"type", "quantitative"},
            {"scale", nullptr},
            {"legend", nullptr}}},
          {"value", 0.1}};
}

/// The part of the plot where the limit of the SLO is missed, and its name.
void add_slo_limit(const Frame& frame, const Kind& kind, const Axis& x, double factor,
                   json& layers) {
  const auto limit = slo_limit(frame, kind.limit);
  if (!limit || !(*limit > 0.0)) return;
  const bool right = kind.better == Better::right;
  const double bound = right ? 1000.0 / *limit : *limit * factor;
  const double edge = std::clamp(bound, x.low, x.high);
  const double from = right ? x.low : edge, to = right ? edge : x.high;
  if (from < to) {
    json miss{{"from", from}, {"to", to}};
    layers.push_back({{"data", {{"values", json::array({miss})}}},
                      {"mark", {{"type", "rect"}, {"color", "#b00020"}, {"opacity", 0.06}}},
                      {"encoding", {{"x", quiet_channel("from", x)}, {"x2", {{"field", "to"}}}}}});
  }
  const auto name = fmt::format("SLO: {} {} ms", kind.limit_name, report::format_number(*limit));
  add_limit(layers, Side::x, bound, x, name);
}

std::string caption_of(const Frame& frame, const Kind& kind, const Gain& gain,
                       const std::vector<Point>& points, const std::string& slo) {
  const auto rows = all_rows(frame);
  const bool right = kind.better == Better::right;
  auto text = fmt::format(
      "{} and {} is better.{} Each point is a load, labelled; lines join the loads of an engine. "
      "The "
      "grey line is the frontier: no other valid point is better in both; dominated points are "
      "faded.{}",
      gain.more_is_better ? "Up" : "Down", right ? "right" : "left",
      right ? " Interactivity is 1000 / TPOT p50 in ms." : "", gain.note);
  const bool repeated = std::any_of(points.begin(), points.end(),
                                    [](const Point& point) { return point.row->used.size() > 1; });
  text += repeated ? " A point is the median over the valid runs, without an interval: the "
                     "percentile charts and the estimates have them."
                   : " A point is one run: it has no interval.";
  return text + basis_text(rows) + slo + invalid_text(rows) +
         missing_text(frame, rows, {x_measure(kind), gain.measure});
}

std::string slo_text(const Frame& frame, const Kind& kind, const Axis& x, double factor) {
  const auto limit = slo_limit(frame, kind.limit);
  if (!limit || !(*limit > 0.0)) {
    return fmt::format(" The study's SLO states no limit of {}.", kind.limit_name);
  }
  const double bound = kind.better == Better::right ? 1000.0 / *limit : *limit * factor;
  if (bound >= x.low && bound <= x.high) return " Shaded: the limit of the SLO is missed.";
  const bool missed = kind.better == Better::right ? bound > x.high : bound < x.low;
  return fmt::format(" The SLO's limit, {} {} ms, lies beyond the axis: {}.", kind.limit_name,
                     report::format_number(*limit),
                     missed ? "all points miss it" : "no point misses it");
}

void add_tradeoff(const Frame& frame, const Kind& kind, const Gain& gain, FigureSet& set) {
  Figure figure{fmt::format("{}-{}", kind.id, frame.key), frame.title(kind.title), "",
                Section::trade_off, nullptr};
  auto points = collect(frame, kind, gain);
  if (points.empty()) {
    set.left_out.push_back(figure.title + ": no row has both numbers." +
                           missing_text(frame, all_rows(frame), {x_measure(kind), gain.measure}));
    return;
  }
  double most = 0.0;
  for (const auto& point : points) most = std::max(most, point.x);
  const bool right = kind.better == Better::right;
  const Scale scale = right ? Scale{"tok/s/user", 1.0} : choose_scale("ms", most);
  std::vector<double> xs, ys;
  for (auto& point : points) {
    point.x *= scale.factor;
    xs.push_back(point.x);
    ys.push_back(point.y);
  }
  const auto x_title =
      right ? std::string(kind.x_name) : fmt::format("{} ({})", kind.x_name, scale.unit);
  const Axis x = fitting_axis(x_title, xs);
  const Axis y = fitting_axis(gain.axis, ys);
  const auto frontier = find_frontier(points, kind.better, gain);
  figure.caption = caption_of(frame, kind, gain, points, slo_text(frame, kind, x, scale.factor));
  auto spec = single_view(frame, figure, {150, 230, 320});
  spec["data"]["values"] = make_rows(frame, points, x, y, scale.unit, gain);
  auto lines = line_layer(frame, channel("x", x), channel("line", y));
  lines["encoding"]["order"] = {{"field", "order"}, {"type", "quantitative"}};
  lines["encoding"]["opacity"] = picked(0.75);
  auto& layers = spec["layer"];
  layers = json::array({lines});
  add_slo_limit(frame, kind, x, scale.factor, layers);
  layers.push_back(frontier_layer(frontier, x, y));
  const auto qx = quiet_channel("x", x), qy = quiet_channel("y", y);
  auto marks = point_layer(frame, qx, qy,
                           tooltip({{"engine", "Engine"},
                                    {"load", "Load"},
                                    {"y_shown", gain.name},
                                    {"x_shown", right ? "Interactivity" : "Latency"},
                                    {"standing", "Standing"},
                                    {"runs", "Runs"},
                                    {"verdict", "Verdict"}}));
  marks["encoding"]["opacity"] = faded();
  layers.push_back(std::move(marks));
  layers.push_back(cross_layer(qx, qy));
  for (auto& layer : label_layers(qx, qy)) layers.push_back(std::move(layer));
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace

void add_tradeoffs(const Frame& frame, FigureSet& set) {
  const auto output = output_gain(frame);
  for (const auto& kind : {kPareto, kLatency, kTtft}) add_tradeoff(frame, kind, output, set);
  if (const auto cost = cost_gain(frame)) {
    add_tradeoff(frame, kCost, *cost, set);
  } else {
    set.left_out.push_back(frame.title(kCost.title) +
                           ": the study states no hardware.price_per_hour_usd.");
  }
  add_tradeoff(frame, kEnergy, energy_gain(), set);
}

}  // namespace tokamark::figures
