#pragma once

#include <optional>
#include <string_view>

#include "workload/schedule.h"

namespace tokamark::record {

/// "closed" or "open".
inline const char* load_kind_word(workload::LoadKind kind) {
  return kind == workload::LoadKind::closed ? "closed" : "open";
}

inline std::optional<workload::LoadKind> load_kind_from_word(std::string_view word) {
  if (word == "closed") {
    return workload::LoadKind::closed;
  }
  if (word == "open") {
    return workload::LoadKind::open;
  }
  return std::nullopt;
}

/// "constant", "poisson" or "gamma".
inline const char* arrivals_word(workload::Arrivals arrivals) {
  switch (arrivals) {
    case workload::Arrivals::constant:
      return "constant";
    case workload::Arrivals::gamma:
      return "gamma";
    case workload::Arrivals::poisson:
      break;
  }
  return "poisson";
}

inline std::optional<workload::Arrivals> arrivals_from_word(std::string_view word) {
  for (const auto arrivals :
       {workload::Arrivals::constant, workload::Arrivals::poisson, workload::Arrivals::gamma}) {
    if (word == arrivals_word(arrivals)) {
      return arrivals;
    }
  }
  return std::nullopt;
}

}  // namespace tokamark::record
