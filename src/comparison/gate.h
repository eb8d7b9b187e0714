#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "comparison/comparison.h"
#include "comparison/metric.h"

namespace tokamark::comparison {

/// A condition under which a comparison fails, as in "tpot_p99_ms > +5%" or "output_tokens_per_s <
/// -3%": the change of the metric, of the later result against the first.
struct Gate {
  std::string text;
  const Metric* metric = nullptr;
  bool above = true;   ///< fails above the limit; else below it
  double limit = 0.0;  ///< as a share: 0.05
};

/// Errors have kind `usage` and say what was expected.
base::Result<Gate> parse_gate(const std::string& text);

enum class GateState {
  passed,     ///< the whole interval is within the limit
  failed,     ///< the whole interval is beyond it
  undecided,  ///< the interval holds the limit
  unknown,    ///< there is no interval, or the work was not equal
};

/// What one comparison, whose `a` is the later result, says of the gate's metric.
GateState check(const Gate& gate, const Comparison& comparison);

}  // namespace tokamark::comparison
