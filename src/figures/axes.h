#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "figures/frame.h"

namespace tokamark::figures {

/// Whether equal steps are equal differences or equal ratios.
enum class Steps { linear, log };

/// A quantitative axis: its domain ends on ticks or beyond them, all as computed here.
struct Axis {
  std::string title;  ///< with its unit
  double low = 0.0, high = 1.0;
  std::vector<double> ticks;
  Steps steps = Steps::linear;
  std::string format;  ///< d3-format of the tick labels

  /// Where a value lies, 0 at the low end and 1 at the high end.
  [[nodiscard]] double place(double value) const;
};

/// From zero, in steps of 1, 2 or 5 times a power of ten, with room for a mark above `most`.
Axis axis_from_zero(const std::string& title, double most);
/// The same between two values, without zero unless it lies between them.
Axis axis_between(const std::string& title, double least, double most);
/// Ends at 1, 2 or 5 times a power of ten; every value must be positive, others are ignored.
Axis log_axis(const std::string& title, double least, double most);
/// Log where the values span more than a factor of twelve and all are positive; else from zero.
Axis fitting_axis(const std::string& title, const std::vector<double>& values);
/// The loads of one kind: ticks at the measured loads only; log once they span a factor of four.
Axis load_axis(const std::vector<workload::LoadShape>& levels);

/// A channel that draws `field` on the axis; as the first layer has it, with title and ticks.
nlohmann::json channel(const std::string& field, const Axis& axis);
/// The same for further layers: scale alone.
nlohmann::json quiet_channel(const std::string& field, const Axis& axis);

}  // namespace tokamark::figures
