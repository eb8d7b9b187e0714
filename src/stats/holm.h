#pragma once

#include <span>
#include <vector>

namespace tokamark::stats {

/// Holm's step-down adjustment of p values (Holm, A Simple Sequentially Rejective Multiple Test
/// Procedure, 1979), in the order given: rejecting where an adjusted p is at most alpha keeps the
/// probability of any false rejection in the family at alpha or below.
std::vector<double> holm_adjust(std::span<const double> p_values);

}  // namespace tokamark::stats
