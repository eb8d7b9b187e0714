#pragma once

#include <string>
#include <utility>
#include <vector>

#include "figures/frame.h"

namespace tokamark::figures {

/// What a figure does not draw, and why.
class Absences {
 public:
  void add(const std::string& name, const std::string& reason);
  /// " Not shown: a, b (no raw records); c (no valid run)." for the end of a caption, in the order
  /// of adding, with the number of names beyond six of a reason; empty where nothing is absent.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> by_reason_;
};

/// The engines of the study that have no row among these, which are all of one load: not run at it,
/// or without raw records there (`busiest_rows`).
Absences absent_engines(const Frame& frame, const std::vector<const report::Row*>& rows);

/// " No trial: b at c=8; c." where an engine of the study has none at a load of these rows, or none
/// of this workload at all.
std::string no_trial_text(const Frame& frame, const std::vector<const report::Row*>& rows);

}  // namespace tokamark::figures
