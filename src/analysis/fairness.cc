#include "analysis/fairness.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "analysis/greedy_answers_internal.h"

namespace tokamark::analysis {

namespace {

using Json = nlohmann::json;

/// KV budgets this far apart count as equal: engines round to blocks of their own.
constexpr double kBudgetShare = 0.02;

enum class Weight { decides, remark };

struct FairSetting {
  const char* name;
  Weight weight;
};

/// What must be the same, and then what a reader wants to see.
constexpr std::array kTable{FairSetting{"weights", Weight::decides},
                            FairSetting{"tokenizer", Weight::decides},
                            FairSetting{"quantization", Weight::decides},
                            FairSetting{"dtype", Weight::decides},
                            FairSetting{"kv_cache_dtype", Weight::decides},
                            FairSetting{"kv_cache_tokens", Weight::decides},
                            FairSetting{"context_tokens", Weight::decides},
                            FairSetting{"prefix_cache", Weight::decides},
                            FairSetting{"stream_interval", Weight::decides},
                            FairSetting{"model_sampling", Weight::decides},
                            FairSetting{"dummy_weights", Weight::decides},
                            FairSetting{"tensor_parallel", Weight::remark},
                            FairSetting{"max_sequences", Weight::remark},
                            FairSetting{"max_batch_tokens", Weight::remark},
                            FairSetting{"chunked_prefill", Weight::remark},
                            FairSetting{"gpu_memory_share", Weight::remark},
                            FairSetting{"seed", Weight::remark}};

/// Settings that are a matter of the model and not of its server: no arm excuses them.
bool of_the_model(const std::string& name) {
  return name == "weights" || name == "tokenizer" || name == "dummy_weights" ||
         name == "prompt_tokens" || name == "answers" || name == "answers_after_load";
}

struct Engine {
  std::string name;
  Json settings;
  GreedyAnswers greedy;  ///< of an engine that computes answers
  Json counted;          ///< the answers before the first load, for their prompts' lengths
  bool simulated = false;
};

struct Arm {
  std::string name;
  bool shipped = false;
  std::string budget;
  std::vector<Engine> engines;
};

Json value_of(const Engine& engine, const std::string& name) {
  const auto found = engine.settings.find(name);
  if (found == engine.settings.end()) return nullptr;
  const Json& value = (*found)["value"];
  // A cache that follows the arithmetic has its type, unless a quantised checkpoint brings another.
  if (name == "kv_cache_dtype" && value == "auto" && !engine.settings.contains("quantization")) {
    const Json dtype = value_of(engine, "dtype");
    return dtype == "auto" ? Json() : dtype;
  }
  return value == "auto" ? Json() : value;
}

bool same(const std::string& name, const Json& a, const Json& b) {
  if (name != "kv_cache_tokens" || !a.is_number() || !b.is_number()) return a == b;
  const double x = a.get<double>(), y = b.get<double>();
  return std::abs(x - y) <= kBudgetShare * std::max(x, y);
}

/// One row of the table under construction.
class Row {
 public:
  explicit Row(std::string name) : name_(std::move(name)) {}

  void add(const Engine& engine, const Json& shown, const Json& compared) {
    json_["values"][engine.name] = shown;
    values_.push_back(compared);
    told_ = told_ || !shown.is_null();
  }

  /// An engine's answers. Those that are not alike differ from something, if only from what the
  /// engine said before.
  void add(const Engine& engine, const GreedyFinding& finding) {
    const Json shown =
        finding.text.empty() ? Json() : Json{{"value", finding.text}, {"source", "server"}};
    const bool known = finding.likeness != Likeness::unknown;
    add(engine, shown, known ? Json(finding.likeness == Likeness::alike) : Json());
    unlike_ = unlike_ || finding.likeness == Likeness::unlike;
  }

  /// What was asked for makes a row, even if no engine tells.
  void keep() { told_ = true; }

  /// Whether any engine says something, even if it cannot be compared, as "auto".
  [[nodiscard]] bool told() const { return told_; }

  [[nodiscard]] Standing standing(Weight weight, const Arm& arm, const Json& intended) const {
    bool unknown = false, equal = !unlike_;
    const Json* first = nullptr;
    for (const Json& value : values_) {
      unknown = unknown || value.is_null();
      if (value.is_null()) continue;
      if (first != nullptr && !same(name_, *first, value)) equal = false;
      if (first == nullptr) first = &value;
    }
    if (equal) return unknown ? Standing::unknown : Standing::equal;
    if (weight == Weight::remark) return Standing::remark;
    if (std::find(intended.begin(), intended.end(), Json(name_)) != intended.end()) {
      return Standing::intended;
    }
    return arm.shipped && !of_the_model(name_) ? Standing::as_shipped : Standing::different;
  }

  Json finish(Weight weight, Standing standing) {
    json_["name"] = name_;
    json_["decides"] = weight == Weight::decides;
    json_["standing"] = to_word(standing);
    return std::move(json_);
  }

 private:
  std::string name_;
  Json json_;
  std::vector<Json> values_;
  bool told_ = false;
  bool unlike_ = false;
};

Row row_of_setting(const Arm& arm, const std::string& name) {
  Row row(name);
  for (const Engine& engine : arm.engines) {
    const auto found = engine.settings.find(name);
    row.add(engine, found == engine.settings.end() ? Json() : *found, value_of(engine, name));
  }
  return row;
}

/// The lengths that the servers counted for the same prompts.
Row row_of_prompts(const Arm& arm) {
  Row row("prompt_tokens");
  for (const Engine& engine : arm.engines) {
    Json counts = Json::array();
    for (const Json& answer : engine.counted) {
      const Json count = answer.value("prompt_tokens", Json());
      if (count.is_number_integer()) counts.push_back(count);
    }
    const bool all = !counts.empty() && counts.size() == engine.counted.size();
    const Json shown = all ? Json{{"value", counts}, {"source", "server"}} : Json();
    row.add(engine, shown, all && !engine.simulated ? counts : Json());
  }
  return row;
}

/// Greedy answers of two computations of one model begin alike and part later, so only their
/// beginnings are compared.
Row row_of_answers(const Arm& arm, const std::string& name,
                   const std::vector<GreedyFinding>& findings) {
  Row row(name);
  for (std::size_t i = 0; i < arm.engines.size(); ++i) row.add(arm.engines[i], findings[i]);
  return row;
}

/// The rows of the answers before and after the load.
std::array<Row, 2> rows_of_answers(const Arm& arm) {
  std::vector<GreedyAnswers> answers;
  for (const Engine& engine : arm.engines) answers.push_back(engine.greedy);
  std::array rows{
      row_of_answers(arm, "answers", judge_answers(answers)),
      row_of_answers(arm, "answers_after_load", judge_answers_after_load(answers)),
  };
  if (rows.front().told()) rows.back().keep();
  return rows;
}

/// Where all requests are greedy, sampling defaults cannot matter.
Weight weight_of(const FairSetting& setting, const Json& study) {
  if (setting.name != std::string("model_sampling")) return setting.weight;
  for (const Json& workload : study.value("workloads", Json::array())) {
    if (workload.value("temperature", 0.0) > 0.0) return Weight::decides;
  }
  return Weight::remark;
}

int rank(const Json& row) {
  static const std::map<std::string, int> kRanks{{"different", 0},  {"intended", 1},
                                                 {"as_shipped", 2}, {"remark", 3},
                                                 {"unknown", 4},    {"equal", 5}};
  return kRanks.at(row["standing"].get<std::string>());
}

Json judge_arm(const Arm& arm, const Json& study) {
  const Json intended = study.value("/fairness/intended"_json_pointer, Json::array());
  std::vector<Json> rows;
  const auto add = [&](Row row, Weight weight) {
    if (!row.told()) return;
    const Standing standing = row.standing(weight, arm, intended);
    rows.push_back(row.finish(weight, standing));
  };
  for (const FairSetting& setting : kTable) {
    add(row_of_setting(arm, setting.name), weight_of(setting, study));
  }
  add(row_of_prompts(arm), Weight::decides);
  for (Row& row : rows_of_answers(arm)) add(std::move(row), Weight::decides);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Json& a, const Json& b) { return rank(a) < rank(b); });
  Json names = Json::array();
  bool different = false, unknown = rows.empty();
  for (const Json& row : rows) {
    different = different || row["standing"] == "different";
    unknown = unknown || (row["standing"] == "unknown" && row["decides"] == true);
  }
  for (const Engine& engine : arm.engines) names.push_back(engine.name);
  return {{"arm", arm.name},
          {"defaults", arm.shipped ? "shipped" : "neutral"},
          {"budget", arm.budget.empty() ? Json() : Json(arm.budget)},
          {"engines", names},
          {"verdict", different ? "unequal"
                      : unknown ? "not_shown"
                                : "equal"},
          {"settings", rows}};
}

Engine engine_of(const record::StudyResult& result, const std::string& name) {
  const Json& info = result.manifest["engines"][name];
  Engine engine{name,
                info.value("settings", Json::object()),
                {name, {}},
                Json::array(),
                info.value("simulated", false)};
  for (const record::TrialResult& trial : result.trials) {
    if (trial.engine != name || !trial.engine_info.is_object()) continue;
    const Json greedy = trial.engine_info.value("greedy", Json::object());
    engine.greedy.trials.push_back(
        {trial.id, greedy.value("before", Json::array()), greedy.value("after", Json::array())});
  }
  if (!engine.greedy.trials.empty()) engine.counted = engine.greedy.trials.front().before;
  if (engine.simulated) engine.greedy.trials.clear();  // it computes no answers
  return engine;
}

std::vector<Arm> arms_of(const record::StudyResult& result) {
  std::vector<Arm> arms;
  const Json engines = result.manifest.value("engines", Json::object());
  for (const Json& spec : result.study.value("engines", Json::array())) {
    const std::string name = spec.value("name", "");
    if (!engines.contains(name)) continue;
    const Json own = spec.value("arms", Json::array());
    const std::string arm_name = own.empty() ? "" : own.front().get<std::string>();
    auto arm = std::find_if(arms.begin(), arms.end(),
                            [&](const Arm& known) { return known.name == arm_name; });
    if (arm == arms.end()) arm = arms.insert(arms.end(), Arm{arm_name, false, "", {}});
    arm->engines.push_back(engine_of(result, name));
  }
  for (Arm& arm : arms) {
    for (const Json& spec : result.study.value("arms", Json::array())) {
      if (spec.value("name", "") != arm.name) continue;
      arm.shipped = spec.value("defaults", "") == "shipped";
      arm.budget = spec.value("budget", "");
    }
  }
  return arms;
}

}  // namespace

const char* to_word(Standing standing) {
  static constexpr std::array kWords{"equal",      "different", "intended",
                                     "as_shipped", "remark",    "unknown"};
  return kWords.at(static_cast<std::size_t>(standing));
}

Json judge_fairness(const record::StudyResult& result) {
  Json arms = Json::array();
  for (const Arm& arm : arms_of(result)) {
    if (arm.engines.size() > 1) arms.push_back(judge_arm(arm, result.study));
  }
  if (arms.empty()) return Json::object();
  return {{"arms", arms}};
}

std::vector<std::string> unequal_arms(const Json& fairness) {
  std::vector<std::string> found;
  for (const Json& arm : fairness.value("arms", Json::array())) {
    if (arm.value("verdict", "") != "unequal") continue;
    std::vector<std::string> names;
    for (const Json& row : arm["settings"]) {
      if (row["standing"] == "different") names.push_back(row["name"].get<std::string>());
    }
    const std::string arm_name = arm["arm"].get<std::string>();
    found.push_back(
        fmt::format("{}{}", arm_name.empty() ? "" : arm_name + ": ", fmt::join(names, ", ")));
  }
  return found;
}

}  // namespace tokamark::analysis
