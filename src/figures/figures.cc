#include "figures/figures.h"

#include <algorithm>

#include "figures/figures_internal.h"
#include "figures/frame.h"

namespace tokamark::figures {

const char* to_word(Section section) {
  switch (section) {
    case Section::trade_off:
      return "trade_off";
    case Section::distribution:
      return "distribution";
    case Section::over_time:
      return "over_time";
    case Section::honesty:
      return "honesty";
  }
  return "";
}

FigureSet make_figures(const record::StudyResult& result, const report::WorkloadRows& workload,
                       const detail::StudyDetail& detail) {
  const auto frame = make_frame(result, workload, detail);
  FigureSet set;
  for (const auto add :
       {add_tradeoffs, add_loads, add_slo, add_distributions, add_bars, add_gaps,
        add_prompt_lengths, add_forest, add_timeline, add_waterfall, add_token_lines, add_startup,
        add_memory, add_roofline, add_client, add_errors, add_repeats}) {
    add(frame, set);
  }
  std::stable_sort(set.figures.begin(), set.figures.end(), [](const Figure& a, const Figure& b) {
    return static_cast<int>(a.section) < static_cast<int>(b.section);
  });
  return set;
}

}  // namespace tokamark::figures
