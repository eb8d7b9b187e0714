#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tokamark::render {

/// A text to be measured, as a chart asks for it.
struct TextStyle {
  double size = 0.0;   ///< CSS pixels
  std::string style;   ///< CSS font-style, or empty
  std::string weight;  ///< CSS font-weight, or empty
};

/// The width of a text in CSS pixels.
using MeasureText = std::function<double(const std::string& text, const TextStyle& style)>;

/// JavaScriptCore with nothing but the language in it, and one function of ours. One thread.
class JsEngine {
 public:
  /// `hostWidth(text, size, style, weight)` calls `measure`.
  explicit JsEngine(MeasureText measure);
  ~JsEngine();
  JsEngine(const JsEngine&) = delete;
  JsEngine& operator=(const JsEngine&) = delete;

  /// Runs a script in the global scope; `name` is for messages. Errors: `internal`, what it threw.
  base::Result<void> run(std::string_view script, const std::string& name);

  /// Calls a global function from text to text; promises that it settled have run when it returns.
  /// Errors: `internal`, what it threw.
  base::Result<std::string> call(const std::string& function, const std::string& argument);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tokamark::render
