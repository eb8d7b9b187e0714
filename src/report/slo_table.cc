#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "advice/pair_row.h"
#include "advice/wording.h"
#include "comparison/metric.h"
#include "report/at_slo.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

using advice::PairRow;
using advice::PairVerdict;

/// A column of numbers, from the field of `estimates` of that name.
struct SloColumn {
  const char* metric;
  const char *group, *name, *key, *unit;
};

constexpr std::array kColumns{
    SloColumn{"output_tokens_per_s", "Output", "tok/s", "output", "tokens_per_s"},
    SloColumn{"ttft_p95_ms", "TTFT ms", "p95", "ttft_p95", "ms"},
    SloColumn{"tpot_p95_ms", "TPOT ms", "p95", "tpot_p95", "ms"},
    SloColumn{"goodput_requests_per_s", "Goodput", "req/s", "goodput", "requests_per_s"},
    SloColumn{"cost_per_million_output_tokens_usd", "Cost", "$ / M tok",
              "cost_per_million_output_tokens", "usd"},
    SloColumn{"gpu_energy_per_output_token_j", "Energy", "J / tok", "gpu_energy_per_output_token",
              "j"},
};

/// Output is told for each GPU where every engine says how many it uses.
bool per_gpu(const AtSlo& at) {
  const bool any = std::any_of(at.standings.begin(), at.standings.end(),
                               [](const SloStanding& s) { return s.row != nullptr; });
  return any && std::all_of(at.standings.begin(), at.standings.end(), [](const SloStanding& s) {
           return s.row == nullptr || gpu_count(*s.row).has_value();
         });
}

bool same_gpu_count(const AtSlo& at) {
  std::optional<double> first;
  for (const SloStanding& standing : at.standings) {
    if (standing.row == nullptr) continue;
    const auto count = gpu_count(*standing.row);
    first = first ? first : count;
    if (count != first) return false;
  }
  return true;
}

bool won(const std::vector<PairRow>& pairs, const std::string& metric, const Row& row,
         const std::string& winner, const std::string& loser) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const PairRow& pair) {
    return pair.metric == metric && pair.workload == row.workload &&
           pair.load.label() == row.load.label() && pair.verdict == PairVerdict::different &&
           pair.better == winner && pair.other(winner) == loser;
  });
}

/// Marks the best cell of a column, or puts a `~` there.
void mark_best(const std::vector<PairRow>& pairs, const AtSlo& at, const SloColumn& column,
               std::size_t place, Table& table) {
  const auto* metric = comparison::find_metric(column.metric);
  const bool higher = metric != nullptr && metric->better == comparison::Better::higher;
  std::optional<std::size_t> best;
  std::size_t known = 0;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& number = table.rows[i].cells[place].number;
    if (!number) continue;
    ++known;
    const auto& leading = best ? table.rows[*best].cells[place].number : number;
    if (!best || (higher ? *number > *leading : *number < *leading)) best = i;
  }
  if (known < 2) return;
  if (metric != nullptr && metric->set_by_open_load && at.kind == workload::LoadKind::open) return;
  const SloStanding& winner = at.standings[*best];
  bool resolved = table.columns[place].key != "output_per_gpu" || same_gpu_count(at);
  for (std::size_t i = 0; i < at.standings.size(); ++i) {
    if (i == *best || at.standings[i].row == nullptr) continue;
    // An engine whose number is not known may be better.
    resolved = resolved && at.standings[i].row->load.label() == winner.row->load.label() &&
               won(pairs, column.metric, *winner.row, winner.engine, at.standings[i].engine);
  }
  TableCell& cell = table.rows[*best].cells[place];
  if (resolved) {
    cell.emphasis = Emphasis::best;
  } else {
    cell.text += " ~";
  }
}

/// A reason, and the columns and engines that lack their number for it.
struct Gap {
  std::string reason;
  std::vector<std::string> columns, engines;
};

void add_once(const std::string& text, std::vector<std::string>& texts) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

/// The reason without the trial that it was found in.
std::string bare_reason(const std::string& reason, const Row& row) {
  if (reason.empty()) return "not estimated";
  for (const auto* trial : row.trials) {
    const std::string end = " in " + trial->id;
    if (reason.ends_with(end)) return reason.substr(0, reason.size() - end.size());
  }
  return reason;
}

void add_gap(const std::string& reason, const SloColumn& column, const std::string& engine,
             std::vector<Gap>& gaps) {
  auto gap = std::find_if(gaps.begin(), gaps.end(),
                          [&reason](const Gap& known) { return known.reason == reason; });
  if (gap == gaps.end()) gap = gaps.insert(gap, Gap{reason, {}, {}});
  add_once(advice::metric_words(column.metric), gap->columns);
  add_once(engine, gap->engines);
}

/// "TTFT p95, TPOT p95 of vllm: needs 200 samples, has 8"
std::string gap_note(const Gap& gap, std::size_t engines) {
  const auto whose = gap.engines.size() == engines
                         ? std::string()
                         : fmt::format(" of {}", fmt::join(gap.engines, ", "));
  return fmt::format("{}{}: {}", fmt::join(gap.columns, ", "), whose, gap.reason);
}

TableCell cell_of(const std::vector<EstimateRow>& estimates, const SloStanding& standing,
                  const SloColumn& column, double divisor, std::vector<Gap>& gaps) {
  if (standing.row == nullptr) return number_cell(std::nullopt);
  const Row& row = *standing.row;
  const auto* found =
      find_estimate(estimates, standing.engine, row.workload, row.load.label(), column.metric);
  if (found == nullptr || !found->median) {
    add_gap(bare_reason(found == nullptr ? "" : found->reason, row), column, standing.engine, gaps);
    return number_cell(std::nullopt);
  }
  auto interval = found->interval;
  if (interval) interval = CellInterval{interval->low / divisor, interval->high / divisor};
  return estimate_cell(*found->median / divisor, interval);
}

TableCell load_cell(const AtSlo& at, const SloStanding& standing) {
  if (standing.row == nullptr) return number_cell(std::nullopt);
  const auto& load = standing.row->load;
  const bool closed = at.kind == workload::LoadKind::closed;
  TableCell cell = text_cell(load.label() + (standing.highest_measured ? " (highest)" : ""));
  cell.number = closed ? static_cast<double>(load.concurrency) : load.rate_per_s;
  cell.emphasis = standing.engine == at.best ? Emphasis::best : Emphasis::none;
  return cell;
}

Table frame(const record::StudyResult& result, const AtSlo& at, bool each_gpu) {
  const bool closed = at.kind == workload::LoadKind::closed;
  Table table;
  table.id = "slo-" + file_slug(at.workload) + (at.arm.empty() ? "" : "-" + file_slug(at.arm)) +
             (closed ? "" : "-open");
  table.title = fmt::format("Workload {}{} at the SLO ({}){}", at.workload,
                            at.arm.empty() ? "" : ", arm " + at.arm + ",", slo_sentence(result),
                            result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = {{"", "Engine", Align::left, "engine", ""},
                   {"Load that meets", closed ? "in flight" : "req/s", Align::right, "load_at_slo",
                    closed ? "requests" : "requests_per_s"},
                   {"Good", "share", Align::right, "slo_attainment", ""}};
  for (const SloColumn& column : kColumns) {
    const bool output = &column == &kColumns.front() && each_gpu;
    table.columns.push_back({column.group, output ? "tok/s/GPU" : column.name, Align::right,
                             output ? "output_per_gpu" : column.key, column.unit});
  }
  return table;
}

}  // namespace

Table slo_table(const record::StudyResult& result, const AtSlo& at) {
  const auto pairs = advice::pair_rows(result);
  const auto estimates = estimate_rows(result);
  const bool each_gpu = per_gpu(at);
  Table table = frame(result, at, each_gpu);
  std::vector<std::string> misses, passed_over;
  std::vector<Gap> gaps;
  for (const SloStanding& standing : at.standings) {
    TableRow row;
    row.cells = {text_cell(standing.engine), load_cell(at, standing),
                 share_cell(standing.attainment)};
    for (const SloColumn& column : kColumns) {
      const bool output = &column == &kColumns.front();
      const double divisor =
          output && each_gpu && standing.row != nullptr ? *gpu_count(*standing.row) : 1.0;
      row.cells.push_back(cell_of(estimates, standing, column, divisor, gaps));
    }
    if (standing.row == nullptr) {
      row.state = RowState::bad;
      misses.push_back(standing.engine + " meets the SLO at no measured load: " + standing.reason);
    }
    if (!standing.passed_over.empty()) {
      passed_over.push_back(fmt::format("{}: passed over for want of a valid run: {}",
                                        standing.engine, fmt::join(standing.passed_over, ", ")));
    }
    table.rows.push_back(std::move(row));
  }
  const std::size_t first = table.columns.size() - kColumns.size();
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    mark_best(pairs, at, kColumns[i], first + i, table);
  }
  table.notes.push_back(
      "Each engine at the highest measured load that meets the SLO and has no measured load below "
      "it that misses; (highest): nothing higher was measured. In brackets the 95 % interval over "
      "blocks. Bold: better than every other engine that meets it, resolved at the same load; "
      "~: the best value, not resolved.");
  table.notes.insert(table.notes.end(), misses.begin(), misses.end());
  table.notes.insert(table.notes.end(), passed_over.begin(), passed_over.end());
  const auto standing = at.standings.size() - misses.size();
  for (const Gap& gap : gaps) table.notes.push_back(gap_note(gap, standing));
  return table;
}

}  // namespace tokamark::report
