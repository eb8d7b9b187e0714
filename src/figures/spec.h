#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "figures/axes.h"
#include "figures/frame.h"
#include "figures/measure.h"

namespace tokamark::figures {

/// Total width of a figure in CSS pixels, which are points on paper: one and two columns, and a
/// usual page; the page puts its own width in.
inline constexpr double kCol1Width = 238.0, kCol2Width = 493.0, kWebWidth = 560.0;
/// What the axis and the frame take of it beside a plot.
inline constexpr double kPaperChrome = 42.0, kWebChrome = 60.0;
inline constexpr double kPaperGap = 14.0, kWebGap = 24.0;

/// {"$target": {"col1": ..., "col2": ..., "web": ...}}
nlohmann::json by_target(nlohmann::json col1, nlohmann::json col2, nlohmann::json web);

/// Something that differs by target.
struct Sizes {
  double col1, col2, web;
};
nlohmann::json by_target(const Sizes& sizes);

/// Width of each of so many plots side by side.
double plot_width(double total, double columns, double chrome, double gap);
/// Width of the only plot of a figure.
inline constexpr Sizes kSinglePlot{kCol1Width - kPaperChrome, kCol2Width - kPaperChrome,
                                   kWebWidth - kWebChrome};

/// A specification with one layered plot of these heights; `layer` and `data` are empty.
nlohmann::json single_view(const Frame& frame, const Figure& figure, const Sizes& heights);

/// How plots lie in a figure of several.
struct Grid {
  double col1 = 1, col2 = 2, web = 2;  ///< columns
  Sizes heights{90, 110, 170};
};
/// A specification with several plots; `concat` is empty and takes what `panel` makes.
nlohmann::json panel_view(const Frame& frame, const Figure& figure, const Grid& grid);
/// One plot of it; `layer` is empty.
nlohmann::json panel(const std::string& title, const Grid& grid, nlohmann::json rows);

/// Completes the figure with its specification, and adds it.
void add_figure(const Frame& frame, Figure figure, nlohmann::json spec, FigureSet& set);

/// The engines' colours or shapes, with their legend.
nlohmann::json engine_colour(const Frame& frame);
nlohmann::json engine_shape(const Frame& frame);
/// The parameter that a click on the legend sets; it goes into the first layer of a figure.
nlohmann::json pick_param(const char* field = "engine");
/// Full opacity for the engine that was picked in the legend, or for all.
nlohmann::json picked(double opacity = 1.0);

/// Name, colour and dash of an engine, for a row of data.
nlohmann::json engine_datum(const Frame& frame, const std::string& engine);
/// The data of one mark: `value`, `low`, `high`, `runs`, and text for the tooltip. The value must
/// have a median.
nlohmann::json make_datum(const Frame& frame, const report::Row& row, const Measure& measure,
                          const Value& value, const Scale& scale);

/// The value for the line through a row's marks: null where no run is valid, for lines skip those.
nlohmann::json line_value(const report::Row& row, nlohmann::json value);

/// Pairs of a field and its name in the tooltip.
using Tips = std::vector<std::pair<const char*, const char*>>;
nlohmann::json tooltip(const Tips& tips);
/// Engine, load, quantity, value, runs, verdict: the fields of `make_datum`.
nlohmann::json usual_tooltip();

/// Gives a layer of lines points that are hovered over and not seen, on the page alone: Vega finds
/// the tooltip of a line only within its own thickness of a point.
void add_hover_points(nlohmann::json& lines);

/// Layers over rows of `make_datum`. `x` and `y` are channels.
nlohmann::json line_layer(const Frame& frame, const nlohmann::json& x, const nlohmann::json& y);
nlohmann::json spread_layer(const Frame& frame, const nlohmann::json& x, const Axis& y);
/// Every run as a small dot, over rows with `value` of their own (`run_rows`).
nlohmann::json runs_layer(const Frame& frame, nlohmann::json rows, const nlohmann::json& x,
                          const nlohmann::json& y);
nlohmann::json point_layer(const Frame& frame, const nlohmann::json& x, const nlohmann::json& y,
                           const nlohmann::json& tips);
/// Crosses on the rows that are not valid.
nlohmann::json cross_layer(const nlohmann::json& x, const nlohmann::json& y);
/// Adds a dashed line across the plot with its name, where the value lies on the axis.
enum class Side { x, y };
void add_limit(nlohmann::json& layers, Side side, double value, const Axis& axis,
               const std::string& name);

/// A title in lines that fit.
nlohmann::json title_lines(const std::string& title);

}  // namespace tokamark::figures
