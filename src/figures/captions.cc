#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

/// To three digits, without zeros behind the point.
std::string plain_number(double value) {
  auto text = report::format_number(value);
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

/// "3", or "3 to 9".
std::string span_text(double low, double high) {
  const auto text = plain_number(low);
  const auto other = plain_number(high);
  return text == other ? text : text + " to " + other;
}

struct Span {
  double low = std::numeric_limits<double>::infinity(), high = 0.0;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

}  // namespace

namespace {

/// `runs_of` gives the runs of a row that a figure draws.
template <typename RunsOf>
std::string basis_of(const std::vector<const report::Row*>& rows, RunsOf runs_of,
                     const char* of = "a point") {
  Span requests, runs, window;
  for (const auto* row : rows) {
    const std::vector<const record::TrialResult*> drawn = runs_of(*row);
    runs.take(static_cast<double>(drawn.size()));
    for (const auto* trial : drawn) {
      requests.take(static_cast<double>(trial->counts.scheduled));
      window.take(std::max(0.0, trial->window_end_s - trial->window_start_s));
    }
  }
  if (rows.empty()) return "";
  return fmt::format(" n = {} measured requests a run, R = {} {} {}, window {} s.",
                     span_text(requests.low, requests.high), span_text(runs.low, runs.high),
                     runs.high > 1.0 ? "runs" : "run", of, span_text(window.low, window.high));
}

}  // namespace

std::string basis_text(const std::vector<const report::Row*>& rows) {
  return basis_of(rows, [](const report::Row& row) { return row.used; });
}

std::string one_run_text(const std::vector<const report::Row*>& rows) {
  return basis_of(rows, [](const report::Row& row) { return std::vector{&chosen_trial(row)}; });
}

std::string all_runs_text(const std::vector<const report::Row*>& rows) {
  return basis_of(
      rows, [](const report::Row& row) { return row.trials; }, "an engine and load");
}

std::string marks_text(const std::vector<Value>& values) {
  const auto any = [&values](Spread spread) {
    return std::any_of(values.begin(), values.end(),
                       [spread](const Value& value) { return value.spread == spread; });
  };
  const bool interval = any(Spread::interval), range = any(Spread::range);
  if (!interval && !range) return "A mark is one run: it has no interval.";
  std::string text = "A mark is the median over the valid runs; its line is ";
  if (interval) text += "the 95 % sign-test interval of the median over blocks";
  if (interval && range) text += ", or, where there is none, ";
  if (range) text += "the range of the runs, which is not an interval";
  return text + ".";
}

std::string invalid_text(const std::vector<const report::Row*>& rows) {
  const bool invalid = std::any_of(rows.begin(), rows.end(),
                                   [](const report::Row* row) { return !row->comparable; });
  return invalid ? " Hollow and crossed: no valid run." : "";
}

std::string unusable_text(const std::vector<const report::Row*>& rows) {
  std::vector<std::string> names;
  for (const auto* row : rows) {
    if (!row->comparable) {
      names.push_back(fmt::format("{} ({})", report::plain_line(row->engine),
                                  report::plain_line(report::verdict_text(*row))));
    }
  }
  return names.empty() ? "" : fmt::format(" Not a valid run: {}.", fmt::join(names, ", "));
}

std::string missing_text(const Frame& frame, const std::vector<const report::Row*>& rows,
                         const std::vector<Measure>& measures) {
  std::string text;
  for (const auto& measure : measures) {
    std::size_t missing = 0;
    std::vector<std::string> reasons;
    for (const auto* row : rows) {
      const auto value = value_of(frame, *row, measure);
      if (value.median) continue;
      ++missing;
      const auto reason = report::plain_line(value.reason);
      if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end() &&
          reasons.size() < 3) {
        reasons.push_back(reason);
      }
    }
    if (missing > 0) {
      text += fmt::format("{} {} of {} of {} rows ({})", text.empty() ? " Not shown:" : ",",
                          measure.name, missing, rows.size(), fmt::join(reasons, "; "));
    }
  }
  return (text.empty() ? "" : text + ".") + no_trial_text(frame, rows);
}

std::string ending_text(record::RequestStatus status, record::RequestError error) {
  const std::string word = record::to_word(status);
  return error == record::RequestError::none ? word : word + ": " + record::to_word(error);
}

std::vector<const report::Row*> all_rows(const Frame& frame) {
  std::vector<const report::Row*> rows;
  for (const auto& row : frame.workload.rows) rows.push_back(&row);
  return rows;
}

std::vector<const report::Row*> rows_at(const Frame& frame, const std::string& load) {
  auto rows = all_rows(frame);
  std::erase_if(rows, [&load](const report::Row* row) { return row->load.label() != load; });
  return rows;
}

}  // namespace tokamark::figures
