#include "study/text_forms.h"

#include <algorithm>
#include <charconv>

namespace tokamark::study {

namespace {

constexpr std::string_view kGamma = "gamma:";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  if (!is_letter(text[0]) && !is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

bool is_not_empty(std::string_view text) { return !text.empty(); }

bool is_url(std::string_view text) {
  const std::size_t scheme = text.rfind("http://", 0) == 0 ? 7 : 8;
  if (scheme == 8 && text.rfind("https://", 0) != 0) return false;
  if (text.size() <= scheme || text[scheme] == '/' || text[scheme] == ':') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

bool is_variable(std::string_view text) {
  if (text.empty() || is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

bool is_arrivals(std::string_view text) {
  if (text == "constant" || text == "poisson" || text == "gamma") return true;
  if (text.rfind(kGamma, 0) != 0) return false;
  const std::string_view number = text.substr(kGamma.size());
  if (number.size() > 16 || number.find_first_not_of("0123456789.") != std::string_view::npos) {
    return false;
  }
  if (number.empty() || !is_digit(number.front()) || !is_digit(number.back())) return false;
  return std::count(number.begin(), number.end(), '.') <= 1;
}

}  // namespace

TextForm name_form() {
  return {is_name, "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
          "a name of up to 64 letters, digits, '.', '_' and '-', a letter or digit first"};
}

TextForm not_empty_form() { return {is_not_empty, "^[\\s\\S]+$", "a text that is not empty"}; }

TextForm url_form() {
  return {is_url, "^https?://[!-.0-9;-~][!-~]*$", "a URL such as http://127.0.0.1:8000"};
}

TextForm variable_form() {
  return {is_variable, "^[A-Za-z_][A-Za-z0-9_]*$", "the name of an environment variable"};
}

TextForm arrivals_form() {
  return {is_arrivals, "^(constant|poisson|gamma(:(?=.{1,16}$)[0-9]+(\\.[0-9]+)?)?)$",
          "constant, poisson, gamma or gamma:CV"};
}

double gamma_cv_of(std::string_view arrivals) {
  if (arrivals.rfind(kGamma, 0) != 0) return 0.0;
  const std::string_view number = arrivals.substr(kGamma.size());
  double value = 0.0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  return read.ec == std::errc() ? value : 0.0;
}

}  // namespace tokamark::study
