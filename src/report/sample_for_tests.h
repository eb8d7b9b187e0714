#pragma once

#include <string>
#include <vector>

#include "record/result.h"

namespace tokamark::report {

/// A made-up trial, valid, with round numbers: `engine` at concurrency `c` of workload "chat".
/// TTFT p50 is `ttft_ms`, TPOT p50 10 ms, output 100 tokens/s times `c`, 240 requests.
record::TrialResult sample_trial(const std::string& engine, std::uint32_t c, std::uint32_t repeat,
                                 double ttft_ms);

/// A made-up simulated study: engines a and b at concurrency 1 and 8, one repeat; b is invalid at
/// 8 with the code "errors".
record::StudyResult sample_study();

/// A made-up study with comparisons: engines a and b at concurrency 8, nine repeats. By the primary
/// metrics a has a 20 % lower TTFT p50, TPOT p50 is equivalent, and output is not resolved; TTFT
/// p99 is compared and not primary. One recommendation.
record::StudyResult compared_study();

/// Compares with tests/golden/NAME; with TOKAMARK_APPROVE set in the environment, writes it.
void expect_golden(const std::string& name, const std::string& text);

/// Engine, workload, model, code and study names that try to break out of every format.
record::StudyResult hostile_study();

}  // namespace tokamark::report
