#pragma once

#include <string>

#include "comparison/comparison.h"
#include "comparison/ratio.h"

namespace tokamark::comparison {

/// Writes a ratio and what it amounts to into the comparison. `refusal` says why nothing may be
/// concluded from it, whatever the numbers; empty = something may.
void settle(const Ratio& ratio, double p_adjusted, const std::string& refusal, Better better,
            Comparison& comparison);

}  // namespace tokamark::comparison
