#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "analysis/greedy_answers_internal.h"

namespace tokamark::analysis {

namespace {

using Json = nlohmann::json;

/// Empty when the answer has a text without a word, nothing when it has no text.
std::optional<std::string> first_word(const Json& answer) {
  const Json text = answer.is_object() ? answer.value("text", Json()) : Json();
  if (!text.is_string()) return std::nullopt;
  const std::string& all = text.get_ref<const std::string&>();
  const std::size_t start = all.find_first_not_of(" \n\t\"'*`");
  if (start == std::string::npos) return "";
  return all.substr(start, all.find_first_of(" \n\t.,:!\"'*`", start) - start);
}

/// Whether every probe was answered with a word, so that others can be held against it.
bool is_whole(const Json& answers) {
  return answers.is_array() && !answers.empty() &&
         std::all_of(answers.begin(), answers.end(),
                     [](const Json& answer) { return !first_word(answer).value_or("").empty(); });
}

struct Comparison {
  std::size_t alike = 0, missing = 0, of = 0;

  /// Half of the answers must begin with the same word.
  [[nodiscard]] Likeness likeness() const {
    if (of == 0) return Likeness::unknown;
    if (2 * (alike + missing) < of) return Likeness::unlike;
    return missing > 0 ? Likeness::unknown : Likeness::alike;
  }
};

Comparison compare(const Json& reference, const Json& answers) {
  Comparison found;
  if (!is_whole(reference)) return found;
  found.of = reference.size();
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const bool there = answers.is_array() && i < answers.size();
    const auto word = there ? first_word(answers[i]) : std::nullopt;
    if (!word) ++found.missing;
    if (word == first_word(reference[i])) ++found.alike;
  }
  return found;
}

/// The trial that says most against an engine: a changed one, else one with missing answers.
struct Worst {
  Comparison compared;
  std::string trial;
};

Worst worst_after(const Json& reference, const GreedyAnswers& engine) {
  const auto weight = [](const Comparison& c) {
    return c.likeness() == Likeness::unlike ? 2 : c.likeness() == Likeness::unknown ? 1 : 0;
  };
  std::optional<Worst> worst;
  for (const GreedyTrial& trial : engine.trials) {
    const Comparison found = compare(reference, trial.after);
    const bool worse =
        !worst || weight(found) > weight(worst->compared) ||
        (weight(found) == weight(worst->compared) && found.alike < worst->compared.alike);
    if (worse) worst = {found, trial.id};
  }
  return worst.value_or(Worst{});
}

/// The answers after a load that others are held against: of the first engine that did not change.
struct Reference {
  std::size_t engine = 0;
  const Json* answers = nullptr;
};

Reference reference_after(const std::vector<GreedyAnswers>& engines,
                          const std::vector<GreedyFinding>& own) {
  for (std::size_t i = 0; i < engines.size(); ++i) {
    if (own[i].likeness != Likeness::alike) continue;
    for (const GreedyTrial& trial : engines[i].trials) {
      if (is_whole(trial.after)) return {i, &trial.after};
    }
  }
  return {};
}

GreedyFinding judge_own(const GreedyAnswers& engine) {
  const Json* first = answers_at_first(engine);
  if (first == nullptr) return {};
  const auto [compared, trial] = worst_after(*first, engine);
  const Likeness likeness = compared.likeness();
  if (likeness == Likeness::unknown) return {};
  const std::string where = likeness == Likeness::unlike ? " (" + trial + ")" : "";
  return {likeness,
          fmt::format("{} of {} begin as before the load{}", compared.alike, compared.of, where)};
}

}  // namespace

const Json* answers_at_first(const GreedyAnswers& engine) {
  const auto found = std::find_if(engine.trials.begin(), engine.trials.end(),
                                  [](const GreedyTrial& trial) { return is_whole(trial.before); });
  return found == engine.trials.end() ? nullptr : &found->before;
}

std::vector<GreedyFinding> judge_answers(const std::vector<GreedyAnswers>& engines) {
  std::vector<GreedyFinding> findings;
  const Json* reference = nullptr;
  for (const GreedyAnswers& engine : engines) {
    findings.emplace_back();
    const Json* first = answers_at_first(engine);
    if (first == nullptr) continue;
    if (reference == nullptr) reference = first;
    const Comparison found = compare(*reference, *first);
    if (found.likeness() == Likeness::unknown) continue;
    findings.back() = {found.likeness(),
                       fmt::format("{} of {} begin alike", found.alike, found.of)};
  }
  return findings;
}

std::vector<GreedyFinding> judge_answers_after_load(const std::vector<GreedyAnswers>& engines) {
  std::vector<GreedyFinding> findings;
  for (const GreedyAnswers& engine : engines) findings.push_back(judge_own(engine));
  const Reference reference = reference_after(engines, findings);
  for (std::size_t i = 0; reference.answers != nullptr && i < engines.size(); ++i) {
    if (i == reference.engine || findings[i].likeness != Likeness::alike) continue;
    const auto [compared, trial] = worst_after(*reference.answers, engines[i]);
    findings[i].likeness = compared.likeness();
    findings[i].text += fmt::format(", {} of {} as {}'s ({})", compared.alike, compared.of,
                                    engines[reference.engine].engine, trial);
    if (findings[i].likeness == Likeness::unknown) findings[i].text.clear();
  }
  return findings;
}

}  // namespace tokamark::analysis
