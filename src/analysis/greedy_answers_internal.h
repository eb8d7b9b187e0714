#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tokamark::analysis {

/// The answers to one trial's greedy probes, each list as engine_info.greedy has it.
struct GreedyTrial {
  std::string id;  ///< of the trial
  nlohmann::json before, after;
};

/// What one engine answered over its trials, in the order of the plan.
struct GreedyAnswers {
  std::string engine;
  std::vector<GreedyTrial> trials;
};

enum class Likeness {
  alike,
  unlike,
  unknown,  ///< answers are missing, and those there do not decide it
};

/// What is said of one engine's answers. Lists are alike where at least half of the reference's
/// first words are the other's too; an answer without text is missing, and counts for neither side.
struct GreedyFinding {
  Likeness likeness = Likeness::unknown;
  std::string text;  ///< "3 of 3 begin alike"; empty when unknown
};

/// The first whole list of answers before a load: what the engine says when nothing has been asked
/// of it yet. Null when there is none.
const nlohmann::json* answers_at_first(const GreedyAnswers& engine);

/// The answers before the first load, against those of the first engine that has any. In the order
/// of the engines.
std::vector<GreedyFinding> judge_answers(const std::vector<GreedyAnswers>& engines);

/// The answers after each load, against the same engine's at first, and against those after a load
/// of the first engine that did not change. One changed trial decides; without one, a trial whose
/// answers are missing leaves the engine unknown. In the order of the engines.
std::vector<GreedyFinding> judge_answers_after_load(const std::vector<GreedyAnswers>& engines);

}  // namespace tokamark::analysis
