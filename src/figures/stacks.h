#pragma once

#include <string>
#include <vector>

#include "figures/figures_internal.h"

namespace tokamark::figures {

/// One piece of a stack, in the figure's unit.
struct Piece {
  std::string part;
  double size = 0.0;
};

/// One lying bar, made of pieces from the left.
struct Stack {
  std::string name;  ///< written above the bar
  std::vector<Piece> pieces;
  bool valid = true;
};

/// A figure of lying bars; `parts` are the kinds of pieces in order, `unit` ends the tooltips.
nlohmann::json stack_view(const Frame& frame, const Figure& figure,
                          const std::vector<Stack>& stacks, const std::vector<std::string>& parts,
                          const std::string& axis_title, const std::string& unit);

}  // namespace tokamark::figures
