#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tokamark::figures {

/// A point of a plot that wants a label; places run from 0 to 1 from left to right and from bottom
/// to top.
struct LabelledPoint {
  double x = 0.0, y = 0.0;
  std::string label;
};

/// A plot in pixels, with the height of its type.
struct PlotPixels {
  double width = 0.0, height = 0.0, font = 8.0;
};

/// Where a label stands beside its point, in pixels; y grows downwards.
struct LabelPlace {
  double dx = 0.0, dy = 0.0;
  const char* align = "left";
  bool show = false;  ///< false: every place would cover something
};

/// Greedy, in the order given: of eight places around each point the first that covers neither a
/// point nor an earlier label and stays in the plot. At most a few hundred points.
std::vector<LabelPlace> place_labels(const std::vector<LabelledPoint>& points,
                                     const PlotPixels& plot);

/// The places for each target's plot, one entry a point, for `datum.place`.
std::vector<nlohmann::json> label_places(const std::vector<LabelledPoint>& points,
                                         double col_height1, double col_height2, double web_height);

}  // namespace tokamark::figures
