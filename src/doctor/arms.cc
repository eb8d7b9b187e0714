#include "doctor/arms.h"

#include <algorithm>

namespace tokamark::doctor {

namespace {

using probe::Check;

/// "vllm" of "vllm.equalised"; the name itself without a point.
std::string stem(const std::string& name) { return name.substr(0, name.rfind('.')); }

bool same_text(const Check& one, const Check& other) {
  return one.status == other.status && one.found == other.found && one.wanted == other.wanted &&
         one.fix == other.fix;
}

/// The part of a check's id behind its engine's name, the point included.
std::string subject(const EngineChecks& engine, const Check& check) {
  return check.id.substr(std::min(check.id.size(), engine.engine.size()));
}

bool has_same(const EngineChecks& engine, const std::string& wanted, const Check& check) {
  return std::any_of(engine.checks.begin(), engine.checks.end(), [&](const Check& own) {
    return subject(engine, own) == wanted && same_text(own, check);
  });
}

}  // namespace

std::vector<Check> merge_arms(const std::vector<EngineChecks>& engines) {
  std::vector<Check> merged;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const EngineChecks& engine = engines[i];
    for (const Check& check : engine.checks) {
      const std::string what = subject(engine, check);
      std::size_t arms = 0, same = 0, first = i;
      for (std::size_t j = 0; j < engines.size(); ++j) {
        if (stem(engines[j].engine) != stem(engine.engine)) continue;
        ++arms;
        if (!has_same(engines[j], what, check)) continue;
        ++same;
        first = std::min(first, j);
      }
      if (arms == 1 || same < arms) {
        merged.push_back(check);
      } else if (first == i) {
        merged.push_back(check);
        merged.back().id = stem(engine.engine) + what;
      }
    }
  }
  return merged;
}

std::string joined_names(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    const auto arms = std::count_if(names.begin(), names.end(), [&](const std::string& other) {
      return stem(other) == stem(name);
    });
    std::string word = arms > 1 ? stem(name) : name;
    if (std::find(shown.begin(), shown.end(), word) == shown.end()) shown.push_back(word);
  }
  std::string line;
  for (const std::string& word : shown) line += (line.empty() ? "" : ", ") + word;
  return line;
}

}  // namespace tokamark::doctor
