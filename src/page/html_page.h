#pragma once

#include <string>
#include <utility>
#include <vector>

#include "figures/figures.h"

namespace tokamark::page {

/// The parts of a page. `title` is raw text; `body` is HTML, already escaped.
struct PageParts {
  std::string title;
  std::string body;
  /// Ids of elements in the body and what the contents call them (raw text), in order.
  std::vector<std::pair<std::string, std::string>> contents;
  std::vector<figures::Figure> figures;  ///< the n-th fills the element with id "figure-n"
  bool simulated = false;                ///< a watermark across the page
};

/// The whole document: content policy, style, contents, body, and, when there are figures and a
/// chart library, the data, the library and the script that draws them.
std::string make_page(const PageParts& parts);

/// JSON that is safe inside a script element: every `<` is written as an escape.
std::string script_json(const nlohmann::json& value);

}  // namespace tokamark::page
