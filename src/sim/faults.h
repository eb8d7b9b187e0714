#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tokamark::sim {

/// What can be planted into the simulated engine; docs/SIMULATED_ENGINE.md describes each.
enum class FaultKind {
  stall,
  bundle,
  coalesce,
  early_role,
  late_role,
  buffer,
  no_stream,
  prefix_cache,
  truncate,
  overlong,
  wrong_usage,
  drop_slowest,
  refuse_one_token,
  status,
  reset,
  half_open,
  stall_mid,
  slow_headers,
  malformed_sse,
  giant_line,
  drift,
  second_tenant,
  no_done,
  error_event,
  overload_counter,
};

/// One key of a fault.
struct FaultKey {
  std::string_view name;
  double least = 0;
  double most = 0;
  enum class Number { any, whole } number = Number::any;
  std::optional<double> otherwise;  ///< value when the key is absent; nothing = required
};

/// One entry of the list of faults.
struct FaultInfo {
  std::string_view name;
  FaultKind kind = FaultKind::stall;
  std::string_view summary;    ///< one line
  std::vector<FaultKey> keys;  ///< with `share` and `skip` where it strikes single requests
};

/// Every fault, in the order of the documentation.
const std::vector<FaultInfo>& all_faults();

/// One planted fault: its kind and a value for each of its keys.
struct FaultSpec {
  FaultKind kind = FaultKind::stall;
  std::map<std::string, double, std::less<>> values;

  /// The value of a key that the fault has.
  [[nodiscard]] double value(std::string_view key) const;
  /// The same as a whole number.
  [[nodiscard]] std::int64_t whole(std::string_view key) const;
};

/// Reads `NAME[:key=value,...]`. Errors have kind `usage` and name the nearest faults, or the keys
/// and the range that the fault accepts.
base::Result<FaultSpec> parse_fault(std::string_view text);

/// One line a fault with its keys, for `--help`.
std::string fault_list();

}  // namespace tokamark::sim
