#include "sim/faults.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/assert.h"
#include "sim/nearest.h"

namespace tokamark::sim {
namespace {

using base::Error;
using base::ErrorKind;
using Number = FaultKey::Number;

constexpr double kMostTokens = 1e6;
constexpr double kMostBytes = 16.0 * 1024 * 1024;
constexpr double kMostSeconds = 86400;
constexpr double kLeastSeconds = 0.001;
constexpr double kMostFactor = 1000;
constexpr double kLeastFactor = 0.001;

FaultKey tokens(std::string_view name = "tokens", std::optional<double> otherwise = {}) {
  return {name, 1, kMostTokens, Number::whole, otherwise};
}
FaultKey seconds(std::string_view name) {
  return {name, kLeastSeconds, kMostSeconds, Number::any, {}};
}
FaultKey factor() { return {"factor", kLeastFactor, kMostFactor, Number::any, {}}; }
FaultKey bytes(std::string_view name) { return {name, 1, kMostBytes, Number::whole, {}}; }

/// The keys of a fault that strikes single requests.
std::vector<FaultKey> each(std::vector<FaultKey> keys) {
  keys.push_back({"share", 0, 1, Number::any, 1.0});
  keys.push_back({"skip", 0, kMostTokens, Number::whole, 0.0});
  return keys;
}

std::vector<FaultInfo> make_list() {
  using Kind = FaultKind;
  return {
      {"stall",
       Kind::stall,
       "the engine stops for `seconds` in every `every` seconds",
       {seconds("seconds"), seconds("every")}},
      {"bundle", Kind::bundle, "`tokens` tokens in one event", each({tokens()})},
      {"coalesce", Kind::coalesce, "`tokens` events are held back and written at once",
       each({tokens()})},
      {"early_role", Kind::early_role, "chat: the role chunk is sent at arrival", each({})},
      {"late_role", Kind::late_role, "chat: the role chunk follows the first content", each({})},
      {"buffer", Kind::buffer, "the streamed answer is written only at its end", each({})},
      {"no_stream", Kind::no_stream, "`stream: true` is ignored: one JSON body", each({})},
      {"prefix_cache", Kind::prefix_cache, "`hit_rate` of the prompt tokens come from a cache",
       each({{"hit_rate", 0, 1, Number::any, {}}})},
      {"truncate", Kind::truncate, "answers are `tokens` tokens too short", each({tokens()})},
      {"overlong", Kind::overlong, "answers are `tokens` tokens too long", each({tokens()})},
      {"wrong_usage", Kind::wrong_usage, "usage states completion tokens times `factor`",
       each({factor()})},
      {"drop_slowest",
       Kind::drop_slowest,
       "the connections of the slowest `share` are closed before their last token",
       {{"share", 0, 1, Number::any, 0.05}, {"skip", 0, kMostTokens, Number::whole, 0.0}}},
      {"refuse_one_token", Kind::refuse_one_token, "200, one token, finish_reason stop", each({})},
      {"status", Kind::status, "HTTP error `code`: 429, 500 or 503",
       each({{"code", 429, 503, Number::whole, {}}})},
      {"reset", Kind::reset, "TCP reset after `after_bytes` bytes of the response",
       each({{"after_bytes", 0, kMostBytes, Number::whole, {}}})},
      {"half_open", Kind::half_open, "the request is read and never answered", each({})},
      {"stall_mid", Kind::stall_mid, "nothing is written after `after_tokens`; stays connected",
       each({tokens("after_tokens", 1.0)})},
      {"slow_headers", Kind::slow_headers, "header bytes come one by one over `seconds`",
       each({seconds("seconds")})},
      {"malformed_sse", Kind::malformed_sse, "one data line holds broken JSON", each({})},
      {"giant_line", Kind::giant_line, "the first event has `bytes` bytes more of text",
       each({bytes("bytes")})},
      {"drift",
       Kind::drift,
       "steps get slower by `percent` percent over `over_s` seconds",
       {{"percent", -99, 10000, Number::any, {}}, seconds("over_s")}},
      {"second_tenant",
       Kind::second_tenant,
       "steps take `factor` times as long for `seconds` in every `every` seconds",
       {seconds("seconds"), seconds("every"), factor()}},
      {"no_done", Kind::no_done, "the stream ends without `data: [DONE]`", each({})},
      {"error_event", Kind::error_event, "the engine's own error after `after_tokens` tokens",
       each({tokens("after_tokens", 1.0)})},
      {"overload_counter",
       Kind::overload_counter,
       "the metrics page's generated tokens are multiplied by `factor`",
       {factor()}},
  };
}

Error usage(std::string message) { return {ErrorKind::usage, std::move(message)}; }

std::string keys_of(const FaultInfo& info) {
  std::vector<std::string> names;
  for (const FaultKey& key : info.keys) {
    names.push_back(key.otherwise ? fmt::format("{} (default {})", key.name, *key.otherwise)
                                  : std::string(key.name));
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

base::Result<void> read_pair(std::string_view pair, const FaultInfo& info, FaultSpec& spec) {
  const std::size_t equals = pair.find('=');
  const std::string_view name = pair.substr(0, equals);
  const auto key = std::find_if(info.keys.begin(), info.keys.end(),
                                [name](const FaultKey& k) { return k.name == name; });
  if (key == info.keys.end()) {
    return usage(
        fmt::format("fault {} has no key '{}'; its keys are: {}", info.name, name, keys_of(info)));
  }
  if (spec.values.count(name) != 0) {
    return usage(fmt::format("fault {}: {} is given twice; keep one", info.name, name));
  }
  const std::string_view text = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool number = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  // Written so that a NaN fails.
  const bool fits = number && value >= key->least && value <= key->most &&
                    (key->number == Number::any || value == std::floor(value));
  if (!fits) {
    return usage(fmt::format("fault {}: {} must be a {}number from {} to {}, not '{}'", info.name,
                             name, key->number == Number::whole ? "whole " : "", key->least,
                             key->most, text));
  }
  spec.values.emplace(name, value);
  return base::ok();
}

/// What the ranges of single keys cannot say.
base::Result<void> check_whole(const FaultInfo& info, const FaultSpec& spec) {
  const bool windows = spec.values.count("every") != 0;
  if (windows && spec.value("seconds") >= spec.value("every")) {
    return usage(fmt::format("fault {}: seconds ({}) must be below every ({})", info.name,
                             spec.value("seconds"), spec.value("every")));
  }
  if (spec.kind == FaultKind::status) {
    const std::int64_t code = spec.whole("code");
    if (code != 429 && code != 500 && code != 503) {
      return usage(fmt::format("fault status: code must be 429, 500 or 503, not {}", code));
    }
  }
  return base::ok();
}

}  // namespace

const std::vector<FaultInfo>& all_faults() {
  static const std::vector<FaultInfo> list = make_list();
  return list;
}

double FaultSpec::value(std::string_view key) const {
  const auto found = values.find(key);
  TOKAMARK_ASSERT(found != values.end());
  return found->second;
}

std::int64_t FaultSpec::whole(std::string_view key) const {
  return static_cast<std::int64_t>(value(key));
}

base::Result<FaultSpec> parse_fault(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto info = std::find_if(all_faults().begin(), all_faults().end(),
                                 [name](const FaultInfo& i) { return i.name == name; });
  if (info == all_faults().end()) {
    std::vector<std::string> names;
    for (const FaultInfo& known : all_faults()) names.emplace_back(known.name);
    return usage(fmt::format("no fault is named '{}'; the nearest are {}", name,
                             fmt::join(nearest_names(name, std::move(names)), ", ")));
  }
  FaultSpec spec;
  spec.kind = info->kind;
  std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    TOKAMARK_TRY_VOID(read_pair(rest.substr(0, comma), *info, spec));
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  for (const FaultKey& key : info->keys) {
    if (spec.values.count(key.name) != 0) continue;
    if (!key.otherwise) {
      return usage(fmt::format("fault {} needs {}=NUMBER; its keys are: {}", info->name, key.name,
                               keys_of(*info)));
    }
    spec.values.emplace(key.name, *key.otherwise);
  }
  TOKAMARK_TRY_VOID(check_whole(*info, spec));
  return spec;
}

std::string fault_list() {
  std::string list;
  for (const FaultInfo& info : all_faults()) {
    std::string keys;
    for (const FaultKey& key : info.keys) {
      if (key.name == "share" || key.name == "skip") continue;
      keys += fmt::format("{}{}=", keys.empty() ? ":" : ",", key.name);
    }
    list += fmt::format("\n  {}{}  {}", info.name, keys, info.summary);
  }
  return list;
}

}  // namespace tokamark::sim
