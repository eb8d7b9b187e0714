#include "engine/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

/// Walks over one line.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view name() {
    std::size_t length = 0;
    while (length < rest_.size() && is_name_char(rest_[length])) ++length;
    if (length > 0 && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0) return {};
    return advance(length);
  }
  std::string_view word() {
    std::size_t length = 0;
    while (length < rest_.size() && !is_blank(rest_[length])) ++length;
    return advance(length);
  }
  /// A quoted label value with the escapes \\, \" and \n.
  std::optional<std::string> quoted() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (rest_.empty()) return std::nullopt;
      out += rest_.front() == 'n' ? '\n' : rest_.front();
      rest_.remove_prefix(1);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view advance(std::size_t length) {
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }
  std::string_view rest_;
};

std::optional<double> parse_value(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text == "NaN" || text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Inf" || text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf" || text == "-inf") return -std::numeric_limits<double>::infinity();
  double value = 0.0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "{a="b",c="d"}", the comma after the last pair being allowed. False when it is malformed.
bool parse_labels(LineReader& reader, std::map<std::string, std::string>& labels) {
  if (!reader.take('{')) return true;
  while (true) {
    reader.skip_blanks();
    if (reader.take('}')) return true;
    const std::string_view name = reader.name();
    if (name.empty()) return false;
    reader.skip_blanks();
    if (!reader.take('=')) return false;
    reader.skip_blanks();
    auto value = reader.quoted();
    if (!value) return false;
    labels[std::string(name)] = std::move(*value);
    reader.skip_blanks();
    if (reader.take(',')) continue;
    return reader.take('}');
  }
}

std::optional<std::int64_t> parse_timestamp(std::string_view text, bool& good) {
  if (text.empty() || text.front() == '#') return std::nullopt;  // '#' starts an exemplar
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return value;
  // OpenMetrics writes seconds with a fraction where Prometheus writes milliseconds.
  const auto seconds = parse_value(text);
  good = seconds && std::isfinite(*seconds) && std::abs(*seconds) < 1e15;
  if (!good) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(*seconds * 1e3));
}

/// What is wrong with the line, or nothing.
std::optional<std::string_view> parse_sample(std::string_view line, MetricsPage& page) {
  LineReader reader(line);
  MetricSample sample;
  sample.name = reader.name();
  if (sample.name.empty()) return "no metric name";
  reader.skip_blanks();
  if (!parse_labels(reader, sample.labels)) return "malformed labels";
  reader.skip_blanks();
  const auto value = parse_value(reader.word());
  if (!value) return "no number after the name";
  sample.value = *value;
  reader.skip_blanks();
  bool good = true;
  sample.timestamp_ms = parse_timestamp(reader.word(), good);
  if (!good) return "malformed timestamp";
  page.samples.push_back(std::move(sample));
  return std::nullopt;
}

void parse_comment(std::string_view line, MetricsPage& page) {
  LineReader reader(line.substr(1));
  reader.skip_blanks();
  if (reader.word() != "TYPE") return;
  reader.skip_blanks();
  const std::string family(reader.word());
  reader.skip_blanks();
  if (!family.empty()) page.types[family] = std::string(reader.word());
}

}  // namespace

std::optional<double> MetricsPage::sum(std::string_view name) const {
  std::optional<double> total;
  for (const MetricSample& sample : samples) {
    if (sample.name != name) continue;
    if (!std::isfinite(sample.value)) return std::nullopt;
    total = total.value_or(0.0) + sample.value;
  }
  return total;
}

std::optional<double> MetricsPage::mean(std::string_view name) const {
  const auto total = sum(name);
  if (!total) return std::nullopt;
  const auto count = std::count_if(samples.begin(), samples.end(),
                                   [name](const MetricSample& s) { return s.name == name; });
  return *total / static_cast<double>(count);
}

base::Result<MetricsPage> parse_prometheus(std::string_view text) {
  MetricsPage page;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    if (line.empty()) continue;
    if (line.front() == '#') {
      parse_comment(line, page);
      continue;
    }
    if (const auto problem = parse_sample(line, page)) {
      return Error{ErrorKind::network, fmt::format("metrics line {}: {} in \"{}\"", number,
                                                   *problem, line.substr(0, 60))};
    }
  }
  return page;
}

}  // namespace tokamark::engine
