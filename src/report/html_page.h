#pragma once

#include <string>

#include "report/figures.h"

namespace tokamark::report {

/// The parts of a page. `title` is raw text; `body` is HTML, already escaped.
struct PageParts {
  std::string title;
  std::string body;
  std::vector<Figure> figures;  ///< the n-th fills the element with id "figure-n"
  bool simulated = false;       ///< a watermark across the page
};

/// The whole document: content policy, style, body, and, when there are figures and a chart
/// library, the data, the library and the script that draws them.
std::string make_page(const PageParts& parts);

/// JSON that is safe inside a script element: every `<` is written as an escape.
std::string script_json(const nlohmann::json& value);

}  // namespace tokamark::report
