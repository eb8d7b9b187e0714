#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "capacity/attainment.h"

namespace tokamark::capacity {

/// Which loads there are.
enum class Grid {
  continuous,  ///< rates
  whole,       ///< concurrencies: 1, 2, 3, ...
};

/// How a capacity is searched for. Loads are requests per second, or requests in flight.
struct SearchRule {
  Goal goal;
  Grid grid = Grid::continuous;
  std::vector<double> levels;  ///< where to begin: the study's own, > 0, at least one
  /// No load outside is tried; empty = `kReach` times beyond the levels.
  std::optional<double> least, most;
  double tolerance = 0.10;            ///< wanted width of the interval, relative to its lower end
  std::size_t most_runs = 60;         ///< budget of runs, invalid ones included
  std::size_t most_runs_a_load = 20;  ///< after which a load stays undecided
};

/// How far beyond the levels loads are tried by default.
inline constexpr double kReach = 64.0;
/// How often an invalid run is repeated before its load is given up.
inline constexpr std::size_t kMostRepeats = 2;

/// The rule with `least` and `most` filled in and the levels ascending between them. Nothing can be
/// searched where `least` is then more than `most`. Requires a level > 0.
SearchRule completed(SearchRule rule);

/// A load that was tried.
struct Level {
  double load = 0.0;
  std::vector<Outcome> runs;  ///< valid ones, in order
  std::size_t invalid = 0;    ///< runs that told nothing
  Standing standing = Standing::undecided;
  std::size_t invalid_in_a_row = 0;  ///< the last ones of them
  bool given_up = false;             ///< too many invalid runs
};

/// Why a search ended.
enum class End {
  none,        ///< it has not
  resolved,    ///< the interval is as narrow as wanted
  below,       ///< the least load allowed misses
  above,       ///< the greatest load allowed meets
  undecided,   ///< the loads between stayed undecided after the most runs
  unmeasured,  ///< a load that is needed gave no valid run
  budget,      ///< the runs are spent
  stopped,     ///< from outside
};

/// The word in files, as "resolved"; and what it means, in a few words.
const char* to_word(End end);
const char* to_sentence(End end);

/// What a search found: the capacity lies at or above `low`, and below `high`.
struct Answer {
  std::optional<double> low;   ///< greatest load that meets, below `high`; empty = none does
  std::optional<double> high;  ///< least load that misses; empty = none does
  End end = End::none;
  std::vector<double> meets_above;  ///< loads beyond `high` that meet all the same
  /// high / low - 1; empty where one of them is.
  [[nodiscard]] std::optional<double> relative_width() const;
};

/// Finds the greatest load that meets the goal (methodology M27), told what each run gave. Single
/// runs only say where to look: at the levels, ascending, until two in a row fail; beyond them by
/// factors of two until one passes and one fails; then halfway, in ratio, until these two are as
/// close as wanted. Both then get five runs, and what these do not decide is looked for beside
/// them, or gets more runs. It does not assume that attainment falls with the load: `high` is the
/// least load that misses, and levels that passed above it get their five runs too. Deterministic;
/// one thread.
class CapacitySearch {
 public:
  /// Requires a rule in which something can be searched.
  explicit CapacitySearch(SearchRule rule);

  /// The load of the next run; empty when the search has ended. Stays the same until `add`.
  std::optional<double> next();
  /// The run at the load that `next` named.
  void add(const Outcome& run);
  /// It told nothing: it is repeated at most twice, and then the load is given up.
  void add_invalid();
  /// Ends the search, as when a time is over; `why` is `budget` or `stopped`.
  void stop(End why);

  [[nodiscard]] Answer answer() const;
  /// Every load tried, ascending.
  [[nodiscard]] const std::vector<Level>& levels() const { return tried_; }
  [[nodiscard]] const SearchRule& rule() const { return rule_; }
  /// All runs so far, invalid ones too.
  [[nodiscard]] std::size_t runs() const { return runs_; }

 private:
  struct Bracket;

  [[nodiscard]] std::optional<double> untried_level() const;
  [[nodiscard]] Bracket bracket() const;
  std::optional<double> choose();
  std::optional<double> reach_up();
  std::optional<double> reach_down();
  std::optional<double> narrow(const Bracket& bracket);
  std::optional<double> settle(const Level& level);
  [[nodiscard]] const Level* passing_above(double load) const;
  std::optional<double> finish(End end);
  [[nodiscard]] std::optional<double> between(double low, double high, double factor) const;
  Level& level_at(double load);

  SearchRule rule_;
  std::vector<Level> tried_;
  std::optional<double> pending_;  ///< the load that `next` named
  std::size_t wanted_ = 1;         ///< runs at that load
  std::size_t runs_ = 0;
  End end_ = End::none;
};

}  // namespace tokamark::capacity
