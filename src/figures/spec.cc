#include "figures/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "figures/palette.h"
#include "figures/themes.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

/// Lines of words with at most `most` characters each.
json lines_of(const std::string& text, std::size_t most) { return report::wrap(text, most); }

/// Columns of the legend: names at their length beside their symbols.
double legend_columns(const Frame& frame, double width, double character, double symbol) {
  std::size_t longest = 1;
  for (const auto& name : frame.names) longest = std::max(longest, report::display_width(name));
  const double needed = symbol + character * static_cast<double>(longest);
  return std::clamp(std::floor(width / needed), 1.0,
                    std::max(1.0, static_cast<double>(frame.names.size())));
}

json config_of(const Frame& frame) {
  auto config = theme(Theme::web);
  config["legend"]["columns"] = by_target({legend_columns(frame, kCol1Width - 16, 4.6, 36),
                                           legend_columns(frame, kCol2Width - 16, 4.6, 36),
                                           legend_columns(frame, kWebWidth - 60, 7.0, 44)});
  // One width for the tick labels, so that plots side by side have one width as well.
  config["axisY"]["minExtent"] = by_target({22, 22, 30});
  config["legend"]["labelLimit"] = by_target({150, 180, 300});
  return config;
}

json start(const Frame& frame, const Figure& figure) {
  return {{"$schema", "https://vega.github.io/schema/vega-lite/v6.json"},
          {"title", {{"text", title_lines(figure.title)}}},
          {"usermeta",
           {{"figure",
             {{"id", figure.id},
              {"title", figure.title},
              {"caption", figure.caption},
              {"section", to_word(figure.section)},
              {"workload", report::plain_line(frame.workload.workload)},
              {"simulated", frame.result.simulated}}}}},
          {"config", config_of(frame)}};
}

json range_of(const Frame& frame, const char* EngineLook::*part) {
  auto range = json::array();
  for (std::size_t i = 0; i < frame.names.size(); ++i) range.push_back(look(i).*part);
  return range;
}

}  // namespace

json by_target(json col1, json col2, json web) {
  return {
      {"$target", {{"col1", std::move(col1)}, {"col2", std::move(col2)}, {"web", std::move(web)}}}};
}

json by_target(const Sizes& sizes) {
  return by_target(json(sizes.col1), json(sizes.col2), json(sizes.web));
}

json title_lines(const std::string& title) {
  return by_target(lines_of(title, 44), lines_of(title, 92), json(title));
}

double plot_width(double total, double columns, double chrome, double gap) {
  constexpr double kFrame = 12.0;  // padding, and half a tick label that sticks out
  return std::floor((total - kFrame + gap) / columns - gap - chrome);
}

json single_view(const Frame& frame, const Figure& figure, const Sizes& heights) {
  auto spec = start(frame, figure);
  spec["width"] = by_target({kCol1Width, kCol2Width, kWebWidth});
  spec["height"] = by_target(heights);
  spec["autosize"] = {{"type", "fit-x"}, {"contains", "padding"}};
  spec["data"] = {{"values", json::array()}};
  spec["layer"] = json::array();
  return spec;
}

json panel_view(const Frame& frame, const Figure& figure, const Grid& grid) {
  auto spec = start(frame, figure);
  spec["columns"] = by_target({grid.col1, grid.col2, grid.web});
  spec["spacing"] = by_target({kPaperGap, kPaperGap, kWebGap});
  spec["resolve"] = {{"scale", {{"color", "shared"}, {"shape", "shared"}}},
                     {"legend", {{"color", "shared"}, {"shape", "shared"}}}};
  spec["concat"] = json::array();
  return spec;
}

json panel(const std::string& title, const Grid& grid, json rows) {
  return {{"title",
           {{"text", title},
            {"fontSize", by_target({8, 8, 12})},
            {"anchor", "start"},
            {"offset", by_target({3, 3, 6})}}},
          {"width", by_target({plot_width(kCol1Width, grid.col1, kPaperChrome, kPaperGap),
                               plot_width(kCol2Width, grid.col2, kPaperChrome, kPaperGap),
                               plot_width(kWebWidth, grid.web, kWebChrome, kWebGap)})},
          {"height", by_target(grid.heights)},
          {"data", {{"values", std::move(rows)}}},
          {"layer", json::array()}};
}

void add_figure(const Frame& frame, Figure figure, json spec, FigureSet& set) {
  TOKAMARK_ASSERT(!frame.key.empty());
  // One legend, one parameter: it acts on all plots, and a second one would clash with it.
  if (spec.contains("concat")) {
    for (std::size_t i = 1; i < spec["concat"].size(); ++i) {
      for (auto& layer : spec["concat"][i]["layer"]) layer.erase("params");
    }
  }
  figure.spec = std::move(spec);
  set.figures.push_back(std::move(figure));
}

json engine_colour(const Frame& frame) {
  return {{"field", "engine"},
          {"type", "nominal"},
          {"sort", nullptr},
          {"scale", {{"domain", frame.names}, {"range", range_of(frame, &EngineLook::colour)}}},
          {"legend", {{"title", nullptr}, {"symbolOpacity", 1}}}};
}

json engine_shape(const Frame& frame) {
  auto shape = engine_colour(frame);
  shape["scale"]["range"] = range_of(frame, &EngineLook::shape);
  return shape;
}

json pick_param(const char* field) {
  return json::array(
      {{{"name", "pick"},
        {"select", {{"type", "point"}, {"fields", json::array({field})}, {"toggle", "true"}}},
        {"bind", "legend"}}});
}

json picked(double opacity) {
  return {{"condition", {{"param", "pick"}, {"value", opacity}}}, {"value", 0.12 * opacity}};
}

json engine_datum(const Frame& frame, const std::string& engine) {
  const auto index = frame.index_of(engine);
  const auto& style = look(index);
  return {{"engine", frame.names[index]},
          {"colour", style.colour},
          {"dash", style.dash[0] == 0 ? json::array() : json(style.dash)}};
}

json make_datum(const Frame& frame, const report::Row& row, const Measure& measure,
                const Value& value, const Scale& scale) {
  TOKAMARK_ASSERT(value.median.has_value());
  auto datum = engine_datum(frame, row.engine);
  datum["load"] = row.load.label();
  datum["quantity"] = measure.name;
  datum["value"] = *value.median * scale.factor;
  datum["low"] = value.low * scale.factor;
  datum["high"] = value.high * scale.factor;
  datum["shown"] = report::format_number(*value.median * scale.factor) + " " + scale.unit;
  datum["range"] = spread_text(value, scale.factor);
  datum["verdict"] = report::plain_line(report::verdict_text(row));
  datum["valid"] = row.comparable;
  return datum;
}

json line_value(const report::Row& row, json value) { return row.comparable ? value : nullptr; }

json tooltip(const Tips& tips) {
  auto list = json::array();
  for (const auto& [field, title] : tips) {
    list.push_back({{"field", field}, {"type", "nominal"}, {"title", title}});
  }
  return list;
}

json usual_tooltip() {
  return tooltip({{"engine", "Engine"},
                  {"load", "Load"},
                  {"quantity", "Figure"},
                  {"shown", "Value"},
                  {"range", "Runs"},
                  {"verdict", "Verdict"}});
}

void add_hover_points(json& lines) {
  lines["mark"]["point"] =
      by_target(false, false, {{"size", 80}, {"fillOpacity", 0}, {"strokeOpacity", 0}});
  auto& legend = lines["encoding"]["color"]["legend"];
  legend["symbolType"] = "stroke";  // else the points' circle
}

json line_layer(const Frame& frame, const json& x, const json& y) {
  return {
      {"params", pick_param()},
      {"mark",
       {{"type", "line"},
        {"strokeWidth", by_target({1.2, 1.3, 1.75})},
        {"strokeDash", {{"expr", "datum.dash"}}}}},
      {"encoding", {{"x", x}, {"y", y}, {"color", engine_colour(frame)}, {"opacity", picked()}}}};
}

json spread_layer(const Frame& frame, const json& x, const Axis& y) {
  return {{"mark", {{"type", "rule"}, {"strokeWidth", by_target({0.8, 0.8, 1.2})}}},
          {"encoding",
           {{"x", x},
            {"y", quiet_channel("low", y)},
            {"y2", {{"field", "high"}}},
            {"color", engine_colour(frame)},
            {"opacity", picked()}}}};
}

json runs_layer(const Frame& frame, json rows, const json& x, const json& y) {
  return {
      {"data", {{"values", std::move(rows)}}},
      {"mark",
       {{"type", "point"}, {"filled", true}, {"shape", "circle"}, {"size", by_target({5, 6, 12})}}},
      {"encoding",
       {{"x", x}, {"y", y}, {"color", engine_colour(frame)}, {"opacity", picked(0.55)}}}};
}

json point_layer(const Frame& frame, const json& x, const json& y, const json& tips) {
  return {{"mark",
           {{"type", "point"},
            {"filled", true},
            {"size", by_target({26, 30, 64})},
            {"stroke", {{"expr", "datum.colour"}}},
            {"strokeWidth", by_target({0.9, 0.9, 1.4})}}},
          {"encoding",
           {{"x", x},
            {"y", y},
            {"color", engine_colour(frame)},
            {"shape", engine_shape(frame)},
            {"fillOpacity", {{"condition", {{"test", "datum.valid"}, {"value", 1}}}, {"value", 0}}},
            {"opacity", picked()},
            {"tooltip", tips}}}};
}

json cross_layer(const json& x, const json& y) {
  return {
      {"mark",
       {{"type", "text"},
        {"text", {{"expr", "datum.valid ? '' : '×'"}}},
        {"fontSize", by_target({10, 10, 15})},
        {"fontWeight", 700},
        {"baseline", "middle"}}},
      {"encoding", {{"x", x}, {"y", y}, {"color", {{"value", "#b00020"}}}, {"opacity", picked()}}}};
}

void add_limit(json& layers, Side side, double value, const Axis& axis, const std::string& name) {
  const double place = axis.place(value);
  if (!(place >= 0.0 && place <= 1.0)) return;
  const bool upright = side == Side::x;
  const char* const field = upright ? "x" : "y";
  json rule{
      {"data", {{"values", json::array({{{"limit", value}}})}}},
      {"mark", {{"type", "rule"}, {"strokeDash", {4, 3}}, {"color", "#444"}, {"strokeWidth", 1}}},
      {"encoding", {{field, quiet_channel("limit", axis)}}}};
  json text{{"data", {{"values", json::array({{{"limit", value}, {"name", name}}})}}},
            {"mark", {{"type", "text"}, {"color", "#444"}}},
            {"encoding",
             {{"text", {{"field", "name"}, {"type", "nominal"}}},
              {field, quiet_channel("limit", axis)}}}};
  auto& mark = text["mark"];
  if (upright) {
    // Above the frame, on the side that has the room.
    mark["align"] = place < 0.33 ? "left" : place > 0.67 ? "right" : "center";
    mark["baseline"] = "bottom";
    mark["dy"] = -3;
    text["encoding"]["y"] = {{"value", 0}};
  } else {
    mark["align"] = "right";
    mark["baseline"] = "bottom";
    mark["dy"] = -2;
    text["encoding"]["x"] = {{"value", "width"}};
  }
  layers.push_back(std::move(rule));
  layers.push_back(std::move(text));
}

}  // namespace tokamark::figures
