#include "advice/recommend.h"

#include <algorithm>

#include "advice/cases.h"
#include "advice/rule.h"
#include "advice/winner_context.h"
#include "advice/wording.h"

namespace tokamark::advice {

namespace {

using nlohmann::json;

/// Everything the rules are asked about.
struct Evidence {
  const record::StudyResult& result;
  std::vector<PairRow> rows;
  std::vector<EngineCase> engines;
  std::vector<WinnerCase> winners;
};

/// What a recommendation is about: loads of one engine and workload, or none of them.
struct Subject {
  std::string engine, workload;
  std::vector<workload::LoadShape> loads;  ///< ascending
  std::vector<const Facts*> facts;         ///< of each load, or of the study
};

std::vector<std::string> labels_of(const Subject& subject) {
  std::vector<std::string> labels;
  for (const auto& load : subject.loads) labels.push_back(load.label());
  return labels;
}

/// The values of a fact over the loads: its range where it is a number, else each once.
std::string values_text(const std::string& name, const Subject& subject) {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const Facts* facts : subject.facts) {
    const auto found = facts->find(name);
    if (found == facts->end()) continue;
    if (const double* number = std::get_if<double>(&found->second)) {
      numbers.push_back(*number);
    } else if (auto text = value_text(name, found->second);
               std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(std::move(text));
    }
  }
  if (numbers.empty()) return list_text(texts);
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  const std::string low = value_text(name, *least);
  const std::string high = value_text(name, *most);
  return low == high ? low : low + " to " + high;
}

Fields fields_of(const Subject& subject, const record::StudyResult& result) {
  Fields fields;
  for (const Facts* facts : subject.facts) {
    for (const auto& [name, value] : *facts) {
      if (fields.find(name) == fields.end()) fields[name] = values_text(name, subject);
    }
  }
  if (!subject.loads.empty()) {
    fields["loads"] = loads_text(labels_of(subject), loads_of(result, subject.workload));
  }
  return fields;
}

json entry(const Evidence& evidence, const Rule& rule, const Subject& subject, std::string text,
           const std::vector<std::string>& rests_on) {
  if (evidence.result.simulated) text = "SIMULATED: " + text;
  const auto or_null = [](const std::string& word) {
    return word.empty() ? json(nullptr) : json(word);
  };
  json loads = json::array();
  for (const auto& load : subject.loads) loads.push_back(record::to_json(load));
  return {{"text", std::move(text)},
          {"rule", rule.id},
          {"decided_by", rule.decided_by},
          {"workload", or_null(subject.workload)},
          {"load", loads.size() == 1 ? loads.front() : json(nullptr)},
          {"loads", loads},
          {"engine", or_null(subject.engine)},
          {"rests_on", rests_on}};
}

/// "trials: server.preemptions" at each load of the subject, for each of the engines.
std::vector<std::string> placed(const std::string& where, const Subject& subject,
                                const std::vector<std::string>& engines) {
  if (where.rfind("trials: ", 0) != 0 && where.rfind("estimates: ", 0) != 0) return {where};
  std::vector<std::string> references;
  for (const auto& load : subject.loads) {
    for (const std::string& engine : engines) {
      std::string text = where;
      text += " " + subject.workload + " " + load.label() + " " + engine;
      references.push_back(std::move(text));
    }
  }
  return references;
}

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const std::string& item : more) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }
}

/// References to the rows between the winner and the engine behind it by another metric.
std::vector<std::string> rows_by(const std::string& metric, const WinnerGroup& group,
                                 const std::vector<PairRow>& rows) {
  std::vector<std::string> references;
  for (const WinnerCase* each : group) {
    for (const PairRow& row : rows) {
      if (row.metric == metric && row.workload == each->workload &&
          row.load.label() == each->load.label() &&
          row.other(each->engine) == text_of(each->facts, "runner_up")) {
        references.push_back(reference(row));
      }
    }
  }
  return references;
}

std::vector<std::string> winner_references(const Rule& rule, const Subject& subject,
                                           const WinnerGroup& group,
                                           const std::vector<PairRow>& rows) {
  constexpr std::string_view kComparisons = "comparisons: ";
  std::vector<std::string> references;
  for (const std::string& where : rule.rests_on) {
    if (where == "comparisons") {
      for (const WinnerCase* each : group) {
        for (const PairRow* row : each->rows) append(references, {reference(*row)});
      }
    } else if (where.rfind(kComparisons, 0) == 0) {
      append(references, rows_by(where.substr(kComparisons.size()), group, rows));
    } else {
      for (const WinnerCase* each : group) {
        append(references, placed(where, {subject.engine, subject.workload, {each->load}, {}},
                                  {each->engine, *text_of(each->facts, "runner_up")}));
      }
    }
  }
  return references;
}

/// One entry for a group: the first winner rule that holds at all of its loads says why.
void add_winner(const Evidence& evidence, const WinnerGroup& group, json& list) {
  Subject subject{group.front()->engine, group.front()->workload, {}, {}};
  for (const WinnerCase* each : group) {
    subject.loads.push_back(each->load);
    subject.facts.push_back(&each->facts);
  }
  for (const Rule& rule : rule_book().rules) {
    const bool explains = rule.scope == Scope::winner &&
                          std::all_of(subject.facts.begin(), subject.facts.end(),
                                      [&rule](const Facts* facts) { return holds(rule, *facts); });
    if (!explains) continue;
    Fields fields = fields_of(subject, evidence.result);
    const std::string cause = fill(rule.text, fields);
    fields.merge(winner_fields(evidence.result, group, evidence.winners, evidence.rows));
    fields["cause"] = cause;
    list.push_back(entry(evidence, rule, subject, fill(rule_book().winner_frame, fields),
                         winner_references(rule, subject, group, evidence.rows)));
    return;
  }
}

void add_winners(const Evidence& evidence, json& list) {
  std::vector<WinnerGroup> groups;
  for (const WinnerCase& winner : evidence.winners) {
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const WinnerGroup& group) {
      return group.front()->engine == winner.engine && group.front()->metric == winner.metric &&
             group.front()->workload == winner.workload;
    });
    if (found == groups.end()) {
      groups.push_back({&winner});
    } else {
      found->push_back(&winner);
    }
  }
  for (const WinnerGroup& group : groups) add_winner(evidence, group, list);
}

/// One entry for each rule, workload and engine, with all loads at which it holds.
void add_engine_advice(const Evidence& evidence, json& list) {
  for (const Rule& rule : rule_book().rules) {
    if (rule.scope != Scope::engine) continue;
    std::vector<Subject> subjects;
    for (const EngineCase& place : evidence.engines) {
      if (!holds(rule, place.facts)) continue;
      const bool same = !subjects.empty() && subjects.back().engine == place.engine &&
                        subjects.back().workload == place.workload;
      if (!same) subjects.push_back({place.engine, place.workload, {}, {}});
      subjects.back().loads.push_back(place.load);
      subjects.back().facts.push_back(&place.facts);
    }
    for (const Subject& subject : subjects) {
      std::vector<std::string> references;
      for (const std::string& where : rule.rests_on) {
        append(references, placed(where, subject, {subject.engine}));
      }
      list.push_back(entry(evidence, rule, subject,
                           fill(rule.text, fields_of(subject, evidence.result)), references));
    }
  }
}

void add_study_advice(const Evidence& evidence, json& list) {
  const Facts facts = study_facts(evidence.result, evidence.rows);
  for (const Rule& rule : rule_book().rules) {
    if (rule.scope != Scope::study || !holds(rule, facts)) continue;
    const Subject subject{"", "", {}, {&facts}};
    list.push_back(entry(evidence, rule, subject,
                         fill(rule.text, fields_of(subject, evidence.result)), rule.rests_on));
  }
}

}  // namespace

json recommend(const record::StudyResult& result) {
  Evidence evidence{result, pair_rows(result), engine_cases(result), {}};
  evidence.winners = winner_cases(result, evidence.rows, evidence.engines);
  json list = json::array();
  add_winners(evidence, list);
  add_engine_advice(evidence, list);
  add_study_advice(evidence, list);
  return list;
}

}  // namespace tokamark::advice
