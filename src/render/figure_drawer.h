#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "render/fonts.h"
#include "render/js_engine.h"

namespace tokamark::render {

/// A figure as SVG, and what is to be said of it.
struct DrawnFigure {
  std::string svg;
  double width = 0.0, height = 0.0;   ///< CSS pixels, which are points on paper
  std::vector<std::string> warnings;  ///< of Vega and Vega-Lite
  std::vector<std::string> layout;    ///< texts that lie on each other or leave the figure
};

/// Vega and Vega-Lite, loaded once, drawing specifications. The same specification gives the same
/// bytes, whatever was drawn before.
class FigureDrawer {
 public:
  /// `fonts` must live longer. Errors: `internal`.
  static base::Result<std::unique_ptr<FigureDrawer>> make(Fonts& fonts);

  /// `target` picks the member of `$target` objects. Errors: `study`, why it cannot be drawn.
  base::Result<DrawnFigure> draw(const nlohmann::json& spec, const std::string& target);

 private:
  explicit FigureDrawer(Fonts& fonts);
  JsEngine engine_;
};

}  // namespace tokamark::render
