#include "report/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "comparison/conditions.h"
#include "report/text.h"
#include "report/verdicts.h"

namespace tokamark::report {
namespace {

bool better(Quantity quantity, double a, double b) {
  return info(quantity).sense == Sense::higher_is_better ? a > b : a < b;
}

/// Pairs run by run of a repeat, for every engine played the same schedules.
Standing compare(Quantity quantity, const Row& row, const Row& first) {
  Standing standing{row.engine, *row.cell(quantity).median, 1.0, 0, 0};
  const double reference = *first.cell(quantity).median;
  standing.ratio = reference == 0.0 ? 0.0 : standing.median / reference;
  for (const auto* mine : row.used) {
    for (const auto* other : first.used) {
      const auto a = read(quantity, *mine).value;
      const auto b = read(quantity, *other).value;
      if (mine->repeat == other->repeat && mine->run == other->run && a && b) {
        ++standing.pairs;
        standing.behind += better(quantity, *b, *a) ? 1 : 0;
      }
    }
  }
  return standing;
}

void add_order(Quantity quantity, std::vector<const Row*> rows, std::vector<Order>& orders) {
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [quantity](const Row* r) { return !r->cell(quantity).median; }),
             rows.end());
  if (rows.size() < 2) {
    return;
  }
  std::stable_sort(rows.begin(), rows.end(), [quantity](const Row* a, const Row* b) {
    return better(quantity, *a->cell(quantity).median, *b->cell(quantity).median);
  });
  Order order{rows.front()->load.label(), quantity, {}};
  for (const auto* row : rows) {
    order.standings.push_back(compare(quantity, *row, *rows.front()));
  }
  orders.push_back(std::move(order));
}

/// Engines are held against those of their own arm alone; arms in the order of their first engines.
std::vector<std::vector<const Row*>> by_arm(const record::StudyResult& result,
                                            const std::vector<const Row*>& rows) {
  std::vector<std::pair<std::string, std::vector<const Row*>>> arms;
  for (const auto* row : rows) {
    const auto arm = comparison::arm_of(result, row->engine);
    auto found = std::find_if(arms.begin(), arms.end(),
                              [&arm](const auto& entry) { return entry.first == arm; });
    if (found == arms.end()) found = arms.insert(arms.end(), {arm, {}});
    found->second.push_back(row);
  }
  std::vector<std::vector<const Row*>> groups;
  for (auto& [arm, group] : arms) groups.push_back(std::move(group));
  return groups;
}

/// The field of results.json that orders are made from.
const char* metric_name(Quantity quantity) {
  return quantity == Quantity::output_tokens_per_s ? "output_tokens_per_s"
         : quantity == Quantity::ttft_p50          ? "ttft_p50_ms"
                                                   : "tpot_p50_ms";
}

std::size_t engine_count(const std::vector<WorkloadRows>& workloads) {
  std::set<std::string> engines;
  for (const auto& workload : workloads) {
    for (const auto& row : workload.rows) {
      engines.insert(row.engine);
    }
  }
  return engines.size();
}

bool same_sequence(const Order& a, const Order& b) {
  return a.quantity == b.quantity &&
         std::equal(a.standings.begin(), a.standings.end(), b.standings.begin(), b.standings.end(),
                    [](const Standing& x, const Standing& y) { return x.engine == y.engine; });
}

/// Throughput first, then TTFT and TPOT.
int quantity_rank(Quantity quantity) {
  return quantity == Quantity::output_tokens_per_s ? -1 : static_cast<int>(quantity);
}

/// "then llama-cpp (0.61x to 0.67x, behind in 12 of 12 pairs of runs)": the n-th place of every
/// order.
std::string place_text(const std::vector<Order>& group, std::size_t place) {
  double low = group.front().standings[place].ratio;
  double high = low;
  std::size_t pairs = 0;
  std::size_t behind = 0;
  for (const auto& order : group) {
    const auto& standing = order.standings[place];
    low = std::min(low, standing.ratio);
    high = std::max(high, standing.ratio);
    pairs += standing.pairs;
    behind += standing.behind;
  }
  const auto first = fmt::format("{:.2f}x", low);
  const auto last = fmt::format("{:.2f}x", high);
  const bool level = first == "1.00x" && last == first;
  auto text = fmt::format(", {} {} ({}", level ? "level with" : "then",
                          group.front().standings[place].engine, first);
  text += last == first ? "" : " to " + last;
  const bool repeated = pairs > group.size();
  return text +
         (repeated ? fmt::format(", behind in {} of {} pairs of runs)", behind, pairs) : ")");
}

/// Orders that differ only in their loads and numbers, as one sentence.
std::string group_sentence(const std::vector<Order>& group) {
  std::string text = full_name(group.front().quantity) + " at ";
  for (const auto& order : group) {
    text += (&order == &group.front() ? "" : ", ") + order.load;
  }
  text += ": " + group.front().standings.front().engine;
  for (std::size_t place = 1; place < group.front().standings.size(); ++place) {
    text += place_text(group, place);
  }
  return text;
}

}  // namespace

std::vector<Order> observed_orders(const record::StudyResult& result,
                                   const WorkloadRows& workload) {
  std::vector<Order> orders;
  std::size_t begin = 0;
  while (begin < workload.rows.size()) {
    const auto label = workload.rows[begin].load.label();
    std::vector<const Row*> rivals;
    std::size_t end = begin;
    for (; end < workload.rows.size() && workload.rows[end].load.label() == label; ++end) {
      if (workload.rows[end].comparable) {
        rivals.push_back(&workload.rows[end]);
      }
    }
    for (const auto& same : by_arm(result, rivals)) {
      if (workload.rows[begin].load.kind == workload::LoadKind::closed) {
        add_order(Quantity::output_tokens_per_s, same, orders);
      }
      add_order(Quantity::ttft_p50, same, orders);
      add_order(Quantity::tpot_p50, same, orders);
    }
    begin = end;
  }
  return orders;
}

std::string order_text(const Order& order) {
  std::string text;
  for (const auto& standing : order.standings) {
    const bool first = &standing == &order.standings.front();
    text += fmt::format("{}{} {} {}", first ? "" : "; ", standing.engine,
                        format_number(standing.median), info(order.quantity).unit);
    if (!first && standing.pairs > 1) {
      text += fmt::format(" ({:.2f}x, behind in {} of {} pairs of runs)", standing.ratio,
                          standing.behind, standing.pairs);
    } else if (!first) {
      text += fmt::format(" ({:.2f}x)", standing.ratio);
    }
  }
  return text;
}

std::vector<Order> unresolved_orders(const record::StudyResult& result,
                                     const WorkloadRows& workload) {
  auto orders = observed_orders(result, workload);
  orders.erase(std::remove_if(orders.begin(), orders.end(),
                              [&](const Order& order) {
                                std::vector<std::string> engines;
                                for (const auto& one : order.standings) {
                                  engines.push_back(one.engine);
                                }
                                return is_resolved(result, metric_name(order.quantity),
                                                   workload.workload, order.load, engines);
                              }),
               orders.end());
  return orders;
}

std::vector<std::string> order_sentences(std::vector<Order> orders) {
  std::vector<std::vector<Order>> groups;
  for (auto& order : orders) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&order](const auto& g) {
      return same_sequence(g.front(), order);
    });
    if (group == groups.end()) {
      groups.push_back({std::move(order)});
    } else {
      group->push_back(std::move(order));
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return quantity_rank(a.front().quantity) < quantity_rank(b.front().quantity);
  });
  std::vector<std::string> sentences;
  for (const auto& group : groups) {
    sentences.push_back(group_sentence(group));
  }
  return sentences;
}

namespace {

/// Says that trials were judged by other limits than tokamark's own; empty when they were not.
std::string changed_limits(const record::StudyResult& result) {
  const auto found = result.manifest.is_object() ? result.manifest.find("validity_changed")
                                                 : result.manifest.end();
  if (found == result.manifest.end() || !found->is_object() || found->empty()) {
    return {};
  }
  std::string text;
  for (const auto& [key, limit] : found->items()) {
    text += fmt::format("{}{} {} instead of {}", text.empty() ? "" : ", ", key,
                        limit.value("value", nlohmann::json()).dump(),
                        limit.value("default", nlohmann::json()).dump());
  }
  return "The study changed the limits of a valid trial: " + text + ".";
}

/// " engine \"vllm\": it exited with 1." for each engine that failed, with a space before each.
std::string failures_sentence(const nlohmann::json& manifest, std::size_t most) {
  constexpr std::size_t kLongest = 240;
  const auto found = manifest.find("engine_failures");
  if (found == manifest.end() || !found->is_array()) return "";
  std::string text;
  for (std::size_t i = 0; i < std::min(found->size(), most); ++i) {
    if (!(*found)[i].is_string()) continue;
    auto line = shorten(plain_line((*found)[i].get<std::string>()), kLongest);
    while (!line.empty() && line.back() == '.') line.pop_back();
    text += " " + line + ".";
  }
  if (found->size() > most) text += fmt::format(" {} engines failed in all.", found->size());
  return text;
}

}  // namespace

std::string missing_sentence(const record::StudyResult& result) {
  const auto found =
      result.manifest.is_object() ? result.manifest.find("trials_missing") : result.manifest.end();
  if (found == result.manifest.end() || !found->is_array() || found->empty()) return {};
  constexpr std::size_t kMost = 3;
  std::vector<std::string> ids;
  for (const auto& id : *found) {
    if (id.is_string()) ids.push_back(id.get<std::string>());
  }
  const auto missing = ids.size();
  ids.resize(std::min(ids.size(), kMost));
  const auto why = failures_sentence(result.manifest, kMost);
  return fmt::format("Of {} planned, {} not there: {}{}.{}",
                     count_of(result.trials.size() + missing, "trial"),
                     missing == 1 ? "one is" : fmt::format("{} are", missing), fmt::join(ids, ", "),
                     missing > kMost ? fmt::format(" and {} more", missing - kMost) : "", why);
}

namespace {

std::string counted_verdicts(const record::StudyResult& result) {
  std::size_t invalid = 0;
  std::size_t incomplete = 0;
  for (const auto& trial : result.trials) {
    invalid += trial.verdict == record::Verdict::invalid ? 1 : 0;
    incomplete += trial.verdict == record::Verdict::incomplete ? 1 : 0;
  }
  const auto all = count_of(result.trials.size(), "trial");
  if (result.trials.empty()) {
    return "No trial was recorded.";
  }
  if (invalid + incomplete == 0) {
    return result.trials.size() == 1 ? "The one trial is valid."
                                     : fmt::format("All {} are valid.", all);
  }
  return fmt::format(
      "Of {}, {} valid, {} invalid and {} incomplete. Trials that are not valid are shown, marked, "
      "and left out of every comparison.",
      all, result.trials.size() - invalid - incomplete, invalid, incomplete);
}

}  // namespace

std::vector<std::string> verdict_parts(const record::StudyResult& result) {
  std::vector<std::string> parts{counted_verdicts(result)};
  for (auto& part : {missing_sentence(result), changed_limits(result)}) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::string verdict_sentence(const record::StudyResult& result) {
  return fmt::format("{}", fmt::join(verdict_parts(result), " "));
}

std::string support_sentence(const record::StudyResult& result,
                             const std::vector<WorkloadRows>& workloads) {
  const auto blocks = repeats(workloads);
  if (blocks == 0) {
    return "There is nothing to compare.";
  }
  if (engine_count(workloads) < 2) {
    return fmt::format(
        "One engine was measured, {} a load: there is nothing to compare.",
        runs(workloads) == 1 ? "once" : fmt::format("up to {} times", runs(workloads)));
  }
  const bool rivals =
      std::any_of(workloads.begin(), workloads.end(), [&result](const WorkloadRows& workload) {
        return !observed_orders(result, workload).empty();
      });
  if (!rivals) {
    return "No two engines of an arm have a valid trial of the same work: there is nothing to "
           "compare.";
  }
  if (blocks == 1) {
    return fmt::format(
        "One repetition describes one run of each engine. It cannot tell a difference between "
        "engines from a difference between runs, so no winner is declared: what follows is the "
        "observed order, not resolved. Set repeats: {} or more for differences that can be tested.",
        kLeastRepeats);
  }
  if (blocks < kLeastRepeats) {
    return fmt::format(
        "{} repetitions are fewer than the {} that the smallest interval needs, so no winner is "
        "declared: what follows is the observed order of the medians, not resolved.",
        blocks, kLeastRepeats);
  }
  const auto counts = count_verdicts(result);
  if (counts.different + counts.equivalent + counts.not_resolved == 0) {
    return "These results hold no comparison of engines, so no winner is declared: what follows is "
           "the observed order of the medians, and in how many pairs of runs, repeat by repeat, an "
           "engine was behind the first.";
  }
  return fmt::format(
      "Of {} of engines by the primary metrics, {} found different, {} equivalent, and {} not "
      "resolved. Engines are called different where a t test over blocks finds it at the 5 % "
      "level, "
      "adjusted for the number of comparisons, the blocks agree in direction, and it is 2 % or "
      "more; "
      "equivalent where the 95 % interval of the ratio lies within 2 %.",
      count_of(counts.different + counts.equivalent + counts.not_resolved, "comparison"),
      counts.different, counts.equivalent, counts.not_resolved);
}

std::string simulated_sentence(const record::StudyResult& result) {
  if (!result.simulated) {
    return "";
  }
  std::set<std::string> simulated;
  std::set<std::string> others;
  for (const auto& trial : result.trials) {
    const auto said = trial.engine_info.is_object() && trial.engine_info.contains("simulated")
                          ? trial.engine_info["simulated"]
                          : nlohmann::json();
    (said == true ? simulated : others).insert(trial.engine);
  }
  if (simulated.empty() || others.empty()) {
    return "SIMULATED: these numbers come from a simulated engine. They say nothing about real "
           "hardware or real engines.";
  }
  std::string names;
  for (const auto& name : simulated) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return fmt::format(
      "SIMULATED: the numbers of {} come from a simulated engine. They say nothing about real "
      "hardware or real engines, and comparing them with measured ones means nothing.",
      names);
}

std::vector<CodeNote> code_notes(const record::StudyResult& result) {
  std::vector<CodeNote> notes;
  for (const auto& trial : result.trials) {
    for (const auto& code : trial.codes) {
      auto note = std::find_if(notes.begin(), notes.end(),
                               [&code](const CodeNote& n) { return n.code == code.code; });
      if (note == notes.end()) {
        note = notes.insert(notes.end(), CodeNote{code.code, code.advice, {}, false});
      }
      note->trials.push_back(trial.id + (code.evidence.empty() ? "" : ": " + code.evidence));
      note->decisive = note->decisive || trial.verdict != record::Verdict::valid;
    }
  }
  return notes;
}

}  // namespace tokamark::report
