#include "run/capacity_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tokamark::run {

namespace {

using capacity::End;
using nlohmann::json;

json number(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

const char* unit(workload::LoadKind kind) {
  return kind == workload::LoadKind::open ? "requests/s" : "requests in flight";
}

std::size_t overloaded(const capacity::Level& level) {
  return static_cast<std::size_t>(std::count_if(level.runs.begin(), level.runs.end(),
                                                [](const auto& r) { return r.overloaded; }));
}

json level_json(const capacity::Level& level, const CapacitySearchResult& found) {
  json made{{"load", level.load},
            {"standing", level.given_up ? "unmeasured" : capacity::to_word(level.standing)},
            {"runs", level.runs.size()},
            {"invalid_runs", level.invalid},
            {"overloaded_runs", overloaded(level)},
            {"attainment_mean", nullptr},
            {"attainment_low", nullptr},
            {"attainment_high", nullptr},
            {"attainments", json::array()},
            {"trials", json::array()}};
  if (!level.runs.empty()) {
    const auto all = capacity::mean_attainment(level.runs, found.rule.goal.confidence);
    made["attainment_mean"] = all.mean;
    if (level.runs.size() >= 2) {
      made["attainment_low"] = all.low;
      made["attainment_high"] = all.high;
    }
  }
  for (const capacity::Outcome& run : level.runs) made["attainments"].push_back(run.attainment);
  const auto ids = found.trials.find(level.load);
  if (ids != found.trials.end()) made["trials"] = ids->second;
  return made;
}

json search_json(const CapacitySearchResult& found) {
  std::size_t runs = 0;
  json loads = json::array();
  for (const capacity::Level& level : found.levels) {
    runs += level.runs.size() + level.invalid;
    loads.push_back(level_json(level, found));
  }
  return {{"engine", found.engine},
          {"workload", found.workload},
          {"kind", found.kind == workload::LoadKind::open ? "open" : "closed"},
          {"unit", unit(found.kind)},
          {"outcome", outcome_word(found.answer)},
          {"ended_by", capacity::to_word(found.answer.end)},
          {"note", found.note},
          {"low", number(found.answer.low)},
          {"high", number(found.answer.high)},
          {"relative_width", number(found.answer.relative_width())},
          {"meets_above", found.answer.meets_above},
          {"runs", runs},
          {"loads", std::move(loads)}};
}

bool any_simulated(const study::Study& study) {
  return std::any_of(study.engines.begin(), study.engines.end(),
                     [](const auto& engine) { return engine.kind == "simulated"; });
}

std::string slo_text(const study::SloSpec& slo) {
  std::string text;
  const auto add = [&text](const char* name, const std::optional<double>& limit) {
    if (!limit) return;
    text += fmt::format("{}{} <= {} ms", text.empty() ? "" : ", ", name, *limit);
  };
  add("TTFT", slo.ttft_ms);
  add("TPOT", slo.tpot_ms);
  add("E2E", slo.e2e_ms);
  return text;
}

/// One line a load: what its runs gave.
void add_loads(const CapacitySearchResult& found, std::string& text) {
  for (const capacity::Level& level : found.levels) {
    std::string line = fmt::format("  {:>10.4g}  ", level.load);
    if (level.runs.empty()) {
      line += "no valid run";
    } else {
      const auto all = capacity::mean_attainment(level.runs, found.rule.goal.confidence);
      line += fmt::format("{:<9}  {:>2} {}, mean attainment {:.1f} %",
                          capacity::to_word(level.standing), level.runs.size(),
                          level.runs.size() == 1 ? "run" : "runs", 100.0 * all.mean);
      if (level.runs.size() >= 2) {
        line += fmt::format(" ({:.1f} to {:.1f} %)", 100.0 * all.low, 100.0 * all.high);
      }
    }
    if (overloaded(level) > 0) line += fmt::format(", {} overloaded", overloaded(level));
    if (level.invalid > 0) line += fmt::format(", {} invalid", level.invalid);
    text += line + "\n";
  }
}

}  // namespace

const char* outcome_word(const capacity::Answer& answer) {
  switch (answer.end) {
    case End::resolved:
      return "resolved";
    case End::below:
      return "below_least_tried";
    case End::above:
      return "above_greatest_tried";
    default:
      return "not_resolved";
  }
}

json capacity_json(const study::Study& study, const CapacityAsk& ask,
                   const std::vector<CapacitySearchResult>& found) {
  json searches = json::array();
  for (const CapacitySearchResult& search : found) searches.push_back(search_json(search));
  return {{"schema", 1},
          {"simulated", any_simulated(study)},
          {"slo",
           {{"ttft_ms", number(study.slo.ttft_ms)},
            {"tpot_ms", number(study.slo.tpot_ms)},
            {"e2e_ms", number(study.slo.e2e_ms)}}},
          {"attainment_wanted", ask.goal.share},
          {"confidence", ask.goal.confidence},
          {"tolerance", ask.tolerance},
          {"most_runs", ask.most_runs},
          {"most_s", number(ask.most_s)},
          {"searches", std::move(searches)}};
}

std::string capacity_text(const CapacitySearchResult& found) {
  const capacity::Answer& answer = found.answer;
  const char* const of = unit(found.kind);
  if (answer.low && answer.high) {
    return fmt::format("{:.4g} to {:.4g} {}", *answer.low, *answer.high, of);
  }
  if (answer.low) return fmt::format("{:.4g} {} or more", *answer.low, of);
  if (answer.high) return fmt::format("below {:.4g} {}", *answer.high, of);
  return "not known";
}

std::string capacity_table(const study::Study& study, const CapacityAsk& ask,
                           const std::vector<CapacitySearchResult>& found) {
  std::string text;
  if (any_simulated(study)) {
    text += "SIMULATED: these numbers come from a model and say nothing about real hardware.\n";
  }
  text += fmt::format(
      "Capacity: the largest load at which {:.4g} % of requests meet {}\n"
      "({:.4g} % intervals)\n",
      100.0 * ask.goal.share, slo_text(study.slo), 100.0 * ask.goal.confidence);
  for (const CapacitySearchResult& search : found) {
    text += fmt::format("\n{}, {}: {}\n", search.engine, search.workload, capacity_text(search));
    const std::string note = search.note.empty() ? "" : ": " + search.note;
    text += fmt::format("  {}{}\n", capacity::to_sentence(search.answer.end), note);
    for (const double load : search.answer.meets_above) {
      text += fmt::format("  not monotone: {:.4g} meets, above a load that misses\n", load);
    }
    add_loads(search, text);
  }
  return text;
}

}  // namespace tokamark::run
