#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "render/js_engine.h"

namespace tokamark::render {

/// The fonts that are part of the program, as this process's only ones: neither the machine's fonts
/// nor its font settings can change a figure. Every family name means Inter. One at a time, and on
/// the thread that draws.
class Fonts {
 public:
  /// Errors: `internal` when the font libraries refuse the fonts.
  static base::Result<std::unique_ptr<Fonts>> load();
  ~Fonts();
  Fonts(const Fonts&) = delete;
  Fonts& operator=(const Fonts&) = delete;

  /// The width of a line in CSS pixels, not rounded to any device.
  double width(const std::string& text, const TextStyle& style);

 private:
  struct State;
  explicit Fonts(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tokamark::render
