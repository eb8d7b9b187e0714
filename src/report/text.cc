#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tokamark::report {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Bytes of the code point that starts here.
std::size_t code_point_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && is_continuation(text[size])) {
    ++size;
  }
  return size;
}

/// C1 controls (U+0080 to U+009F), and the marks that reorder text: U+200E, U+200F,
/// U+2028 to U+202E, U+2066 to U+2069.
bool is_unsafe(std::string_view point) {
  const auto byte = [point](std::size_t i) { return static_cast<unsigned char>(point[i]); };
  if (point.size() == 1) {
    return byte(0) < 0x20 || byte(0) == 0x7F;
  }
  if (point.size() == 2) {
    return byte(0) == 0xC2 && byte(1) < 0xA0;
  }
  if (point.size() == 3 && byte(0) == 0xE2 && byte(1) == 0x80) {
    return byte(2) == 0x8E || byte(2) == 0x8F || (byte(2) >= 0xA8 && byte(2) <= 0xAE);
  }
  return point.size() == 3 && byte(0) == 0xE2 && byte(1) == 0x81 && byte(2) >= 0xA6 &&
         byte(2) <= 0xA9;
}

}  // namespace

std::string format_number(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) {
    return "-";
  }
  const double size = std::abs(*value);
  if (size == 0.0) {
    return "0";
  }
  if (size < 0.001 || size >= 1e15) {
    return fmt::format("{:.2e}", *value);
  }
  // The bounds are where rounding would add a digit: 9.995 prints as "10.0".
  const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return fmt::format("{:.{}f}", *value, decimals);
}

std::string format_bytes(std::int64_t bytes) {
  constexpr double kMebi = 1024.0 * 1024.0;
  const double mebibytes = static_cast<double>(bytes) / kMebi;
  if (mebibytes >= 1024.0) {
    return format_number(mebibytes / 1024.0) + " GiB";
  }
  return format_number(mebibytes) + " MiB";
}

std::string plain_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto point = text.substr(0, code_point_size(text));
    text.remove_prefix(point.size());
    if (point == "\n" || point == "\t") {
      out += ' ';
    } else if (is_unsafe(point)) {
      out += '?';
    } else {
      out += point;
    }
  }
  return out;
}

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_line(std::string_view text) { return html_text(plain_line(text)); }

std::string markdown_text(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_[]|~";
  constexpr std::string_view kZeroWidthSpace = "&#8203;";
  const auto line = plain_line(text);
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '@' || c == '#' || line.compare(i, 3, "://") == 0 ||
               line.compare(i, 4, "www.") == 0) {
      // Escaping does not keep GitHub from making these a mention, a reference or a link.
      out += c;
      out += kZeroWidthSpace;
    } else if (kMarkup.find(c) != std::string_view::npos) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) {
    width += is_continuation(c) ? 0 : 1;
  }
  return width;
}

std::string shorten(std::string_view text, std::size_t width) {
  if (display_width(text) <= width || width == 0) {
    return std::string(text);
  }
  std::string out;
  for (std::size_t kept = 0; kept + 1 < width; ++kept) {
    const auto size = code_point_size(text);
    out += text.substr(0, size);
    text.remove_prefix(size);
  }
  return out + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    line += line.empty() ? "" : " ";
    line += word;
  }
  if (!line.empty()) {
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string count_of(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace tokamark::report
