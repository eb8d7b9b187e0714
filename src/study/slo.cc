#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>

#include "study/study.h"
#include "study/wording.h"

namespace tokamark::study {

namespace {

constexpr double kMostMs = 1e9;

base::Error slo_error(const std::string& what) {
  return {base::ErrorKind::usage,
          "--slo: " + what + "; write it as \"ttft_ms <= 200, tpot_ms <= 50\""};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double>* field_of(SloSpec& slo, std::string_view name) {
  if (name == "ttft_ms") return &slo.ttft_ms;
  if (name == "tpot_ms") return &slo.tpot_ms;
  if (name == "e2e_ms") return &slo.e2e_ms;
  return nullptr;
}

base::Result<void> read_limit(std::string_view term, SloSpec& slo) {
  const std::size_t sign = term.find("<=");
  if (sign == std::string_view::npos) {
    return slo_error("expected NAME <= NUMBER, found " + shown(term));
  }
  const std::string_view name = trimmed(term.substr(0, sign));
  const std::string_view number = trimmed(term.substr(sign + 2));
  std::optional<double>* field = field_of(slo, name);
  if (field == nullptr) {
    return slo_error("unknown metric " + shown(name) + "; known: ttft_ms, tpot_ms, e2e_ms");
  }
  if (field->has_value()) return slo_error(std::string(name) + " is there twice");
  double value = 0.0;
  const char* end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, value);
  const bool right = !number.empty() && read.ec == std::errc() && read.ptr == end &&
                     std::isfinite(value) && value > 0.0 && value <= kMostMs;
  if (!right) {
    return slo_error(fmt::format("{}: expected a number of milliseconds above 0, found {}", name,
                                 shown(number)));
  }
  *field = value;
  return base::ok();
}

}  // namespace

base::Result<SloSpec> parse_slo(const std::string& expression) {
  SloSpec slo;
  std::string_view rest = expression;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    TOKAMARK_TRY_VOID(read_limit(trimmed(rest.substr(0, comma)), slo));
    if (more) rest = rest.substr(comma + 1);
  }
  return slo;
}

}  // namespace tokamark::study
