#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace tokamark::advice {

/// What is known of an engine at a load, of a comparison or of a study. A fact that is not known is
/// not in the map, and never 0.
using Value = std::variant<bool, double, std::string>;
using Facts = std::map<std::string, Value, std::less<>>;

/// How a number is written for people.
enum class Unit { none, share, milliseconds, percent_change };

/// One fact that rules may ask for. Its name is that of the field of results.json it comes from,
/// where it comes from one.
struct FactInfo {
  std::string_view name;
  Unit unit = Unit::none;
  std::string_view path;     ///< below an entry of `trials[]`, as in "server/preemptions"; or empty
  std::string_view meaning;  ///< of one that is computed; else docs/RESULT_FORMAT.md has it
};

/// Every fact, those of a trial first. Winners also have those of the engine behind them, with
/// "runner_up." before the name.
std::span<const FactInfo> all_facts();

/// Also for "runner_up.NAME". Null when there is none of that name.
const FactInfo* find_fact(std::string_view name);

/// "97 %", "12.3 ms", "4", "yes", or the text itself.
std::string value_text(std::string_view name, const Value& value);

/// A share as "12 %" from 10 % on and as "3.4 %" below.
std::string share_text(double share);

std::optional<double> number_of(const Facts& facts, std::string_view name);
std::optional<std::string> text_of(const Facts& facts, std::string_view name);
bool is_true(const Facts& facts, std::string_view name);

/// What lies under keys separated by '/'; null when any of them is not there. Takes any JSON.
const nlohmann::json* find_path(const nlohmann::json& json, std::string_view path);
/// The same for a text; empty when there is none.
std::string text_under(const nlohmann::json& json, std::string_view path);
/// The same for a finite number.
std::optional<double> number_under(const nlohmann::json& json, std::string_view path);
/// The same for a boolean, a finite number or a text.
std::optional<Value> value_under(const nlohmann::json& json, std::string_view path);

}  // namespace tokamark::advice
