#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tokamark::engine {

/// A text that engines write when they fail in a way that is known, and what to do then.
struct FailurePattern {
  const char* name;    ///< of its test
  const char* text;    ///< as it stands in the log
  const char* advice;  ///< one clause, for "what to do: ..."
};

/// Every pattern, the more particular before the more general.
std::span<const FailurePattern> failure_patterns();

/// The advice of the first pattern whose text is in the log; empty when none is.
std::string failure_advice(std::string_view log);

}  // namespace tokamark::engine
