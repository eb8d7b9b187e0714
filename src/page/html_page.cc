#include "page/html_page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "assets/assets.h"
#include "base/assert.h"
#include "page/page_files.h"
#include "report/text.h"

namespace tokamark::page {
namespace {

using tokamark::report::html_line;
using tokamark::report::html_text;

/// A source expression of Content Security Policy level 3: 'sha256-BASE64'.
std::string policy_hash(std::string_view script) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(script.data(), script.size(), digest.data(), &size, EVP_sha256(), nullptr);
  TOKAMARK_ASSERT(done == 1 && size == 32);
  std::array<unsigned char, 64> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  std::string text(base64.begin(), base64.begin() + length);
  return "'sha256-" + text + "'";
}

/// Only the scripts with these hashes run. Styles cannot be hashed: the chart library makes its
/// own. Pictures are what "Save as PNG" makes.
std::string policy() {
  std::string scripts = policy_hash(page_script());
  if (!assets::chart_library().empty()) {
    scripts += " " + policy_hash(assets::chart_library());
  }
  return "default-src 'none'; script-src " + scripts +
         "; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'";
}

std::string figure_data(const std::vector<figures::Figure>& figures) {
  auto list = nlohmann::json::array();
  for (const auto& figure : figures) {
    list.push_back({{"title", figure.title}, {"spec", figure.spec}});
  }
  return script_json(list);
}

std::string contents(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text = "<nav aria-label=\"Contents\"><ul>\n";
  for (const auto& [id, name] : entries) {
    text += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", html_line(id), html_line(name));
  }
  return text + "</ul></nav>\n";
}

std::string notices_section() {
  if (assets::chart_notices().empty()) {
    return "";
  }
  return fmt::format(
      "<details class=\"notices\"><summary>Licences of the chart libraries in this file</summary>"
      "<pre>{}</pre></details>\n",
      html_text(assets::chart_notices()));
}

}  // namespace

std::string script_json(const nlohmann::json& value) {
  std::string out;
  for (const char c : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string make_page(const PageParts& parts) {
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
      policy(), html_line(parts.title), page_style());
  if (parts.simulated) {
    page += "<div class=\"watermark\" aria-hidden=\"true\">SIMULATED</div>\n";
  }
  page += "<a class=\"skip\" href=\"#content\">Skip to the results</a>\n" +
          contents(parts.contents) + "<main id=\"content\" tabindex=\"-1\">\n" + parts.body;
  page += parts.figures.empty() ? "" : notices_section();
  page += "</main>\n";
  if (!parts.figures.empty()) {
    page += "<script type=\"application/json\" id=\"figures\">" + figure_data(parts.figures) +
            "</script>\n<script>";
    page += assets::chart_library();
    page += "</script>\n";
  }
  page += "<script>";
  page += page_script();
  return page + "</script>\n</body>\n</html>\n";
}

}  // namespace tokamark::page
