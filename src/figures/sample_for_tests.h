#pragma once

#include <string>

#include "detail/detail.h"
#include "figures/figures.h"
#include "record/result.h"

namespace tokamark::figures {

/// What a made-up study has.
struct SampleSize {
  std::size_t engines = 2, loads = 3, repeats = 1;
  bool open = false;        ///< open loads instead of closed ones
  bool long_names = false;  ///< names of 40 characters
  bool missing = false;     ///< every third trial is invalid, has failures and lacks numbers
  bool detailed = true;     ///< with raw records behind it
};

/// A made-up, simulated study of workload "chat" with an SLO, a price and GPUs, and its detail.
struct Sample {
  record::StudyResult result;
  detail::StudyDetail detail;
};
Sample sample(const SampleSize& size);

/// The figures of its workload.
FigureSet make(const Sample& sample);
/// A figure by its id; throws std::out_of_range where it is not there.
const Figure& find(const FigureSet& set, const std::string& id);
bool has(const FigureSet& set, const std::string& id);
/// Rows of data below a part of a specification.
std::size_t count_rows(const nlohmann::json& part);

}  // namespace tokamark::figures
