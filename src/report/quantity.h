#pragma once

#include <array>
#include <optional>
#include <string>

#include "record/result.h"

namespace tokamark::report {

/// The numbers that tables and charts show, each taken from one trial.
enum class Quantity {
  ttft_p50,
  ttft_p95,
  ttft_p99,
  tpot_p50,
  tpot_p95,
  tpot_p99,
  e2e_p50,
  e2e_p95,
  e2e_p99,
  output_tokens_per_s,
  goodput_requests_per_s,
};

/// Whether more is better.
enum class Sense { lower_is_better, higher_is_better };

struct QuantityInfo {
  Quantity quantity;
  const char* group;  ///< "TTFT"
  const char* part;   ///< "p50", or empty
  const char* unit;   ///< "ms", "tok/s", "req/s"
  const char* key;    ///< for programs, "ttft_p50", and the unit that ends it there, "ms"
  const char* key_unit;
  Sense sense;
};

inline constexpr std::array kQuantities{
    QuantityInfo{Quantity::ttft_p50, "TTFT", "p50", "ms", "ttft_p50", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::ttft_p95, "TTFT", "p95", "ms", "ttft_p95", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::ttft_p99, "TTFT", "p99", "ms", "ttft_p99", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::tpot_p50, "TPOT", "p50", "ms", "tpot_p50", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::tpot_p95, "TPOT", "p95", "ms", "tpot_p95", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::tpot_p99, "TPOT", "p99", "ms", "tpot_p99", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::e2e_p50, "E2E", "p50", "ms", "e2e_p50", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::e2e_p95, "E2E", "p95", "ms", "e2e_p95", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::e2e_p99, "E2E", "p99", "ms", "e2e_p99", "ms", Sense::lower_is_better},
    QuantityInfo{Quantity::output_tokens_per_s, "Output", "", "tok/s", "output", "tokens_per_s",
                 Sense::higher_is_better},
    QuantityInfo{Quantity::goodput_requests_per_s, "Goodput", "", "req/s", "goodput",
                 "requests_per_s", Sense::higher_is_better},
};

/// The columns of the tables, in order; the charts use the p95 of TPOT and E2E too.
inline constexpr std::array kTableQuantities{
    Quantity::ttft_p50,
    Quantity::ttft_p95,
    Quantity::ttft_p99,
    Quantity::tpot_p50,
    Quantity::tpot_p99,
    Quantity::e2e_p50,
    Quantity::e2e_p99,
    Quantity::output_tokens_per_s,
    Quantity::goodput_requests_per_s,
};

const QuantityInfo& info(Quantity quantity);

/// "TTFT p99", "Output".
std::string full_name(Quantity quantity);

/// A number, or why there is none.
struct Reading {
  std::optional<double> value;
  std::string reason;  ///< set when `value` is empty
};

Reading read(Quantity quantity, const record::TrialResult& trial);

}  // namespace tokamark::report
