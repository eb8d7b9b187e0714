// Prints how often the statistics of a verdict are right, by simulation with fixed seeds. Methods,
// and what is known to be a hole: docs/STATISTICS.md.
#include <fmt/core.h>

#include "statistics/experiments.h"

namespace {

using namespace tokamark::statistics;

constexpr std::size_t kStudies = 4000;
constexpr std::size_t kQueueStudies = 400;

double percent(double share) { return 100.0 * share; }

void print_coverage() {
  fmt::print(
      "## Intervals of a typical run\n\n"
      "Share of {} studies ({} of the queue) whose 95 % interval holds the median run, in %.\n\n"
      "| runs | R | sign test | t on logs |\n| --- | ---: | ---: | ---: |\n",
      kStudies, kQueueStudies);
  for (const auto population : {Population::normal, Population::skewed, Population::outliers}) {
    for (const std::size_t runs : {6U, 9U, 12U}) {
      const Coverage found = coverage(population, runs, kStudies, 1);
      fmt::print("| {} | {} | {:.1f} | {:.1f} |\n", to_word(population), runs, percent(found.sign),
                 percent(found.t));
    }
  }
  for (const double load : {0.5, 0.7, 0.85}) {
    for (const double q : {0.5, 0.99}) {
      for (const std::size_t runs : {6U, 9U, 12U}) {
        const Coverage found = queue_coverage({load, 1000, 0.02, 0.0}, q, runs, kQueueStudies, 2);
        fmt::print("| queue at {:.2f}, p{:.0f} TTFT | {} | {:.1f} | {:.1f} |\n", load, 100.0 * q,
                   runs, percent(found.sign), percent(found.t));
      }
    }
  }
}

void print_false_winners() {
  fmt::print(
      "\n## Equal engines\n\nShare of {} studies of 9 blocks in which some pair is called "
      "different, in %.\n\n| engines | each pair's own interval | Holm | all rules |\n"
      "| ---: | ---: | ---: | ---: |\n",
      kStudies);
  for (const std::size_t engines : {2U, 3U, 4U, 6U, 8U}) {
    const FalseWinners found = false_winners(engines, 9, kStudies, 3);
    fmt::print("| {} | {:.1f} | {:.1f} | {:.1f} |\n", engines, percent(found.usual),
               percent(found.holm), percent(found.declared));
  }
  fmt::print(
      "\nOne run each of two equal engines, intervals of their requests as if independent: share "
      "of {} studies whose p99 intervals do not meet, in %.\n\n| load | apart |\n| ---: | ---: |\n",
      kQueueStudies);
  for (const double load : {0.5, 0.7, 0.85}) {
    fmt::print(
        "| {:.2f} | {:.1f} |\n", load,
        percent(false_difference_of_requests({load, 1000, 0.02, 0.0}, 0.99, kQueueStudies, 4)));
  }
}

void print_order() {
  const auto orders = {Order::blocked, Order::alternating, Order::mirrored, Order::random_in_pair};
  fmt::print(
      "\n## Order\n\nShare of {} studies of two equal engines in six blocks whose t interval "
      "excludes 1, in %.\n\n| drift |",
      kStudies);
  for (const Order order : orders) fmt::print(" {} |", to_word(order));
  fmt::print("\n| --- | ---: | ---: | ---: | ---: |\n");
  for (const Drift drift : {Drift::none, Drift::linear, Drift::settling, Drift::periodic}) {
    fmt::print("| {} |", to_word(drift));
    for (const Order order : orders) {
      fmt::print(" {:.1f} |", percent(false_difference(drift, order, kStudies, 5)));
    }
    fmt::print("\n");
  }
}

void print_power() {
  fmt::print(
      "\n## Power\n\nShare of {} studies that find a true difference, in %: by the t "
      "interval alone / by all rules. The log ratios of blocks vary by 2 %.\n\n"
      "| difference | R = 6 | R = 9 | R = 12 |\n| ---: | ---: | ---: | ---: |\n",
      kStudies);
  for (const double ratio : {1.0, 1.01, 1.02, 1.03, 1.05, 1.10}) {
    fmt::print("| {:.0f} % |", percent(ratio - 1.0));
    for (const std::size_t blocks : {6U, 9U, 12U}) {
      const Power found = power(ratio, blocks, kStudies, 6);
      fmt::print(" {:.1f} / {:.1f} |", percent(found.t_alone), percent(found.declared));
    }
    fmt::print("\n");
  }
}

void print_budget() {
  fmt::print(
      "\n## Planned blocks\n\nStudies that plan for +-1 % from pilot blocks and the upper "
      "80 % bound of their spread; with the spread known, 18 blocks do.\n\n"
      "| pilot blocks | reached, % | blocks, mean |\n| ---: | ---: | ---: |\n");
  for (const std::size_t pilot : {3U, 5U, 9U}) {
    const BudgetPrediction found = budget_prediction(pilot, 0.01, kStudies, 7);
    fmt::print("| {} | {:.1f} | {:.0f} |\n", pilot, percent(found.kept), found.mean_blocks);
  }
}

void print_early_stopping() {
  fmt::print(
      "\n## MLPerf early stopping\n\nShare of {} runs whose p99 estimate is below the true "
      "p99, in %; 1 if requests were independent.\n\n"
      "| load | wrong | variance inflation |\n| ---: | ---: | ---: |\n",
      kQueueStudies);
  for (const double load : {0.3, 0.5, 0.7, 0.85}) {
    const EarlyStopping found = early_stopping({load, 1000, 0.02, 0.0}, kQueueStudies, 8);
    fmt::print("| {:.2f} | {:.1f} | {:.1f} |\n", load, percent(found.wrong),
               found.variance_inflation);
  }
}

}  // namespace

int main() {
  print_coverage();
  print_false_winners();
  print_order();
  print_power();
  print_budget();
  print_early_stopping();
  return 0;
}
