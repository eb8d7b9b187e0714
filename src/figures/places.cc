#include "figures/places.h"

#include <algorithm>
#include <array>

#include "figures/spec.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

struct Box {
  double left, top, right, bottom;
};

bool meet(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/// The eight places, the ones that read best first.
struct Side8 {
  double dx, dy;
  const char* align;
};

std::array<Side8, 8> sides(double font) {
  const double near = 0.62 * font, far = 1.05 * font;
  return {{{near, -near, "left"},
           {near + 1, 0, "left"},
           {near, near, "left"},
           {0, -far, "center"},
           {0, far, "center"},
           {-near, -near, "right"},
           {-near - 1, 0, "right"},
           {-near, near, "right"}}};
}

Box label_box(double x, double y, const Side8& side, double width, double font) {
  const std::string align = side.align;
  const double left = x + side.dx - (align == "left" ? 0.0 : align == "right" ? width : width / 2);
  const double middle = y + side.dy;
  return {left, middle - 0.5 * font, left + width, middle + 0.5 * font};
}

}  // namespace

std::vector<LabelPlace> place_labels(const std::vector<LabelledPoint>& points,
                                     const PlotPixels& plot) {
  constexpr double kCharacter = 0.58;  // of the font's height, for digits and lower-case letters
  const Box frame{-2.0, -2.0, plot.width + 2.0, plot.height + 2.0};
  const double radius = 0.42 * plot.font;
  std::vector<Box> taken;
  for (const auto& point : points) {
    const double x = point.x * plot.width, y = (1.0 - point.y) * plot.height;
    taken.push_back({x - radius, y - radius, x + radius, y + radius});
  }
  std::vector<LabelPlace> places;
  for (const auto& point : points) {
    const double x = point.x * plot.width, y = (1.0 - point.y) * plot.height;
    const double width =
        kCharacter * plot.font * static_cast<double>(report::display_width(point.label));
    LabelPlace place;
    for (const auto& side : sides(plot.font)) {
      const Box box = label_box(x, y, side, width, plot.font);
      const bool inside = box.left >= frame.left && box.right <= frame.right &&
                          box.top >= frame.top && box.bottom <= frame.bottom;
      const bool free = std::none_of(taken.begin(), taken.end(),
                                     [&box](const Box& other) { return meet(box, other); });
      if (!inside || !free) continue;
      place = {side.dx, side.dy, side.align, true};
      taken.push_back(box);
      break;
    }
    places.push_back(place);
  }
  return places;
}

std::vector<nlohmann::json> label_places(const std::vector<LabelledPoint>& points,
                                         double col_height1, double col_height2,
                                         double web_height) {
  const std::array plots{PlotPixels{kSinglePlot.col1, col_height1, 8.0},
                         PlotPixels{kSinglePlot.col2, col_height2, 8.0},
                         PlotPixels{kSinglePlot.web, web_height, 11.0}};
  std::array<std::vector<LabelPlace>, 3> placed;
  for (std::size_t i = 0; i < plots.size(); ++i) placed[i] = place_labels(points, plots[i]);
  std::vector<nlohmann::json> all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto one = [&](std::size_t target) {
      const auto& p = placed[target][i];
      return nlohmann::json{{"dx", p.dx}, {"dy", p.dy}, {"align", p.align}, {"show", p.show}};
    };
    all.push_back(by_target(one(0), one(1), one(2)));
  }
  return all;
}

}  // namespace tokamark::figures
