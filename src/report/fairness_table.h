#pragma once

#include <string>
#include <vector>

#include "record/result.h"
#include "report/table.h"

namespace tokamark::report {

/// One setting: a word for each engine, and how it stands between them.
struct FairnessRow {
  std::string name;
  std::vector<std::string> values;  ///< by engine; "not known" where it does not tell
  std::string standing;             ///< "different", "intended", "as shipped", ...
  bool decides = false;
  bool bad = false;  ///< it makes the comparison unequal
};

/// The settings of the engines of one arm, differences first.
struct FairnessTable {
  std::string title;    ///< "Settings", or "Settings of arm tuned"
  std::string verdict;  ///< one sentence
  bool simulated = false;
  bool bad = false;                  ///< the engines are not comparable
  std::vector<std::string> engines;  ///< columns
  std::vector<FairnessRow> rows;     ///< those that are not equal everywhere
  std::vector<std::string> equal;    ///< "dtype bf16", ...
};

/// One table for each arm with two or more engines.
std::vector<FairnessTable> fairness_tables(const record::StudyResult& result);

/// The rows of one of them, with the verdict and what is equal as notes.
Table as_table(const FairnessTable& fairness);

/// The sentence that stands before every comparison that is not one; empty when all are fair.
std::string unequal_sentence(const std::vector<FairnessTable>& tables);

}  // namespace tokamark::report
