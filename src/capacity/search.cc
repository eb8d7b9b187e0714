#include "capacity/search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/assert.h"

namespace tokamark::capacity {

namespace {

/// Beside an undecided load, a gap is split when it is wider than this part of the tolerance.
constexpr double kFinestStep = 0.25;

/// To four significant digits, for names that people can read.
double rounded(double load) {
  const double scale = std::pow(10.0, 3.0 - std::floor(std::log10(load)));
  return std::round(load * scale) / scale;
}

/// Not looked at with enough runs yet.
bool fresh(const Level& level) {
  return level.standing == Standing::undecided && level.runs.size() < kLeastRuns;
}

bool exhausted(const Level& level, const SearchRule& rule) {
  return level.given_up || level.runs.size() + kLeastRuns > rule.most_runs_a_load;
}

/// What a load looks like, decided or not. It says where to search, never what the answer is.
bool leans_to_meet(const Level& level, double share) {
  if (level.standing != Standing::undecided) return level.standing == Standing::meets;
  double sum = 0.0;
  std::size_t overloaded = 0;
  for (const Outcome& run : level.runs) {
    sum += run.attainment;
    overloaded += run.overloaded ? 1 : 0;
  }
  const auto runs = static_cast<double>(level.runs.size());
  return !level.runs.empty() && 2 * overloaded < level.runs.size() && sum >= share * runs;
}

}  // namespace

SearchRule completed(SearchRule rule) {
  TOKAMARK_ASSERT(!rule.levels.empty());
  std::sort(rule.levels.begin(), rule.levels.end());
  TOKAMARK_ASSERT(rule.levels.front() > 0.0);
  const double least = rule.levels.front() / kReach;
  rule.least = rule.least.value_or(rule.grid == Grid::whole ? std::max(1.0, least) : least);
  rule.most = rule.most.value_or(rule.levels.back() * kReach);
  if (rule.grid == Grid::whole) {
    rule.least = std::max(1.0, std::ceil(*rule.least));
    rule.most = std::floor(*rule.most);
  }
  if (*rule.least > *rule.most) return rule;
  for (double& load : rule.levels) load = std::clamp(load, *rule.least, *rule.most);
  rule.levels.erase(std::unique(rule.levels.begin(), rule.levels.end()), rule.levels.end());
  return rule;
}

const char* to_word(End end) {
  switch (end) {
    case End::none:
      return "none";
    case End::resolved:
      return "resolved";
    case End::below:
      return "below";
    case End::above:
      return "above";
    case End::undecided:
      return "undecided";
    case End::unmeasured:
      return "unmeasured";
    case End::budget:
      return "budget";
    case End::stopped:
      break;
  }
  return "stopped";
}

const char* to_sentence(End end) {
  switch (end) {
    case End::none:
      return "not ended";
    case End::resolved:
      return "resolved";
    case End::below:
      return "below the least load allowed";
    case End::above:
      return "above the greatest load allowed";
    case End::undecided:
      return "not resolved: the loads between stayed undecided";
    case End::unmeasured:
      return "not resolved: a load that is needed gave no valid run";
    case End::budget:
      return "not resolved within the budget";
    case End::stopped:
      break;
  }
  return "not resolved: stopped";
}

std::optional<double> Answer::relative_width() const {
  if (!low || !high) return std::nullopt;
  return *high / *low - 1.0;
}

/// The loads between which the search goes on: decided ones where there are, otherwise those that
/// look like it. `inner` were judged and stayed undecided.
struct CapacitySearch::Bracket {
  const Level* low = nullptr;
  const Level* high = nullptr;
  std::vector<const Level*> inner;  ///< ascending, strictly between
};

CapacitySearch::CapacitySearch(SearchRule rule) : rule_(completed(std::move(rule))) {
  TOKAMARK_ASSERT(*rule_.least <= *rule_.most);
}

std::optional<double> CapacitySearch::next() {
  if (end_ != End::none) return std::nullopt;
  if (runs_ >= rule_.most_runs) return finish(End::budget);
  if (!pending_) pending_ = choose();
  return pending_;
}

void CapacitySearch::add(const Outcome& run) {
  TOKAMARK_ASSERT(pending_.has_value());
  Level& level = level_at(*pending_);
  ++runs_;
  level.runs.push_back(run);
  level.invalid_in_a_row = 0;
  if (level.runs.size() % kLeastRuns == 0) level.standing = judge(level.runs, rule_.goal);
  if (level.runs.size() >= wanted_) pending_.reset();
}

void CapacitySearch::add_invalid() {
  TOKAMARK_ASSERT(pending_.has_value());
  Level& level = level_at(*pending_);
  ++runs_;
  ++level.invalid;
  if (++level.invalid_in_a_row <= kMostRepeats) return;
  level.given_up = true;
  pending_.reset();
}

void CapacitySearch::stop(End why) {
  if (end_ == End::none) end_ = why;
}

Level& CapacitySearch::level_at(double load) {
  const auto place =
      std::lower_bound(tried_.begin(), tried_.end(), load,
                       [](const Level& level, double value) { return level.load < value; });
  if (place != tried_.end() && place->load == load) return *place;
  Level made;
  made.load = load;
  return *tried_.insert(place, std::move(made));
}

std::optional<double> CapacitySearch::finish(End end) {
  end_ = end;
  return std::nullopt;
}

/// The levels one after the other, until two in a row fail: a single run can fail by chance.
std::optional<double> CapacitySearch::untried_level() const {
  std::size_t failed = 0;
  for (const double load : rule_.levels) {
    const auto at = std::find_if(tried_.begin(), tried_.end(),
                                 [load](const Level& level) { return level.load == load; });
    if (at == tried_.end()) return load;
    failed = leans_to_meet(*at, rule_.goal.share) ? 0 : failed + 1;
    if (failed == 2) break;
  }
  return std::nullopt;
}

CapacitySearch::Bracket CapacitySearch::bracket() const {
  const double share = rule_.goal.share;
  Bracket found;
  const Level* soft_low = nullptr;
  const Level* soft_high = nullptr;
  const Level* given_up = nullptr;  // the least above `low`
  for (const Level& level : tried_) {
    if (level.standing == Standing::misses) {
      found.high = &level;
      break;
    }
    if (level.standing == Standing::meets) {
      found.low = &level;
      soft_high = given_up = nullptr;
    }
    if (level.given_up && given_up == nullptr) given_up = &level;
    if (!fresh(level) || level.given_up) continue;
    if (!leans_to_meet(level, share)) {
      if (soft_high == nullptr) soft_high = &level;
    } else if (soft_high == nullptr) {
      soft_low = &level;
    }
  }
  if (found.high == nullptr) found.high = soft_high;
  if (found.high == nullptr) found.high = given_up;
  if (found.low == nullptr) found.low = soft_low;
  for (const Level& level : tried_) {
    const bool above = found.low == nullptr || level.load > found.low->load;
    const bool below = found.high == nullptr || level.load < found.high->load;
    if (above && below) found.inner.push_back(&level);
  }
  return found;
}

std::optional<double> CapacitySearch::choose() {
  wanted_ = 1;
  if (const auto level = untried_level()) return level;
  const Bracket found = bracket();
  if (found.high == nullptr) return reach_up();
  if (found.low == nullptr) return reach_down();
  return narrow(found);
}

/// More runs at a load, up to the next look at it.
std::optional<double> CapacitySearch::settle(const Level& level) {
  if (level.given_up) return finish(End::unmeasured);
  if (exhausted(level, rule_)) return finish(End::undecided);
  wanted_ = (level.runs.size() / kLeastRuns + 1) * kLeastRuns;
  return level.load;
}

std::optional<double> CapacitySearch::reach_up() {
  const Level& top = tried_.back();
  if (top.given_up) return finish(End::unmeasured);
  if (top.load < *rule_.most) return std::min(2.0 * top.load, *rule_.most);
  return top.standing == Standing::meets ? finish(End::above) : settle(top);
}

std::optional<double> CapacitySearch::reach_down() {
  const Level& bottom = tried_.front();
  if (bottom.given_up) return finish(End::unmeasured);
  const double half = rule_.grid == Grid::whole ? std::floor(bottom.load / 2) : bottom.load / 2;
  if (bottom.load > *rule_.least) return std::max(half, *rule_.least);
  return bottom.standing == Standing::misses ? finish(End::below) : settle(bottom);
}

/// The load halfway in ratio, where the gap is wider than `factor`.
std::optional<double> CapacitySearch::between(double low, double high, double factor) const {
  if (rule_.grid == Grid::continuous) {
    return high / low > factor ? std::optional(rounded(std::sqrt(low * high))) : std::nullopt;
  }
  const double middle = std::clamp(std::round(std::sqrt(low * high)), low + 1.0, high - 1.0);
  return high - low > 1.5 && high / low > factor ? std::optional(middle) : std::nullopt;
}

/// A load beyond one that misses, whose first run passed: to be looked at, not to be assumed away.
const Level* CapacitySearch::passing_above(double load) const {
  const auto at = std::find_if(tried_.begin(), tried_.end(), [&](const Level& level) {
    return level.load > load && fresh(level) && !level.given_up &&
           leans_to_meet(level, rule_.goal.share);
  });
  return at != tried_.end() ? &*at : nullptr;
}

std::optional<double> CapacitySearch::narrow(const Bracket& found) {
  const Level& low = *found.low;
  const Level& high = *found.high;
  const bool decided = low.standing == Standing::meets && high.standing == Standing::misses;
  const double wanted = 1.0 + rule_.tolerance;
  if (decided && !between(low.load, high.load, wanted)) {
    const Level* exception = passing_above(high.load);
    return exception != nullptr ? settle(*exception) : finish(End::resolved);
  }
  for (const Level* level : found.inner) {
    if (fresh(*level) && !level->given_up) return settle(*level);
  }
  if (found.inner.empty()) {
    if (const auto load = between(low.load, high.load, wanted)) return load;
  } else {
    const double finest = 1.0 + kFinestStep * rule_.tolerance;
    const auto lower = between(low.load, found.inner.front()->load, finest);
    const auto upper = between(found.inner.back()->load, high.load, finest);
    const bool lower_is_wider =
        found.inner.front()->load / low.load >= high.load / found.inner.back()->load;
    if (lower && (lower_is_wider || !upper)) return lower;
    if (upper) return upper;
  }
  for (const Level* level : {&low, &high}) {
    if (fresh(*level)) return settle(*level);
  }
  const Level* least = nullptr;
  for (const Level* level : found.inner) {
    const bool fewer = least == nullptr || level->runs.size() < least->runs.size();
    if (!exhausted(*level, rule_) && fewer) least = level;
  }
  return least != nullptr ? settle(*least) : finish(End::undecided);
}

Answer CapacitySearch::answer() const {
  Answer found;
  found.end = end_;
  for (const Level& level : tried_) {
    if (level.standing == Standing::misses && !found.high) found.high = level.load;
    if (level.standing != Standing::meets) continue;
    if (found.high) {
      found.meets_above.push_back(level.load);
    } else {
      found.low = level.load;
    }
  }
  return found;
}

}  // namespace tokamark::capacity
