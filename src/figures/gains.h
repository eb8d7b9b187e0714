#pragma once

#include <optional>
#include <string>

#include "figures/measure.h"

namespace tokamark::figures {

/// What an operator wants: the y axis of charts against what users feel.
struct Gain {
  Measure measure;
  std::string axis;  ///< its title, with the unit
  const char* name;  ///< in tooltips
  const char* unit;  ///< there
  bool more_is_better;
  bool per_gpu;      ///< of the measure, divided by the row's GPUs
  std::string note;  ///< sentence of the caption, with a space before it
};

/// Output throughput, of each GPU where every engine says how many it uses.
Gain output_gain(const Frame& frame);
/// US dollars a million output tokens; nothing where the study states no price.
std::optional<Gain> cost_gain(const Frame& frame);
/// GPU energy an output token (methodology M31).
Gain energy_gain();

}  // namespace tokamark::figures
