#include <array>
#include <cstdlib>
#include <utility>

#include "render_client/render_client.h"

namespace tokamark::render_client {
namespace {

constexpr std::array kTargets{std::pair{Target::col1, std::string_view("col1")},
                              std::pair{Target::col2, std::string_view("col2")},
                              std::pair{Target::web, std::string_view("web")}};
constexpr std::array kFormats{std::pair{Format::svg, std::string_view("svg")},
                              std::pair{Format::pdf, std::string_view("pdf")},
                              std::pair{Format::png, std::string_view("png")}};

template <typename Table, typename Value>
std::string_view find_word(const Table& table, Value value) {
  for (const auto& [each, word] : table) {
    if (each == value) return word;
  }
  return "";
}

template <typename Value, typename Table>
base::Result<Value> find_value(const Table& table, std::string_view what, std::string_view word) {
  std::string known;
  for (const auto& [value, each] : table) {
    if (each == word) return value;
    known += (known.empty() ? "" : ", ") + std::string(each);
  }
  return base::Error{base::ErrorKind::usage, "no " + std::string(what) + " is named '" +
                                                 std::string(word) + "'; there are " + known};
}

}  // namespace

std::int64_t source_date() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

std::string_view to_word(Target target) { return find_word(kTargets, target); }
std::string_view to_word(Format format) { return find_word(kFormats, format); }

base::Result<Target> parse_target(std::string_view word) {
  return find_value<Target>(kTargets, "size", word);
}

base::Result<Format> parse_format(std::string_view word) {
  return find_value<Format>(kFormats, "format", word);
}

}  // namespace tokamark::render_client
