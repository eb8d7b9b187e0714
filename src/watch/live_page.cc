#include "watch/live_page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "base/assert.h"
#include "base/embedded.h"
#include "report/text.h"

TOKAMARK_EMBEDDED(live_style);
TOKAMARK_EMBEDDED(live_script);
TOKAMARK_EMBEDDED(live_body);

namespace tokamark::watch {

namespace {

std::string_view style() { return TOKAMARK_EMBEDDED_BYTES(live_style); }
std::string_view script() { return TOKAMARK_EMBEDDED_BYTES(live_script); }

/// A source expression of Content Security Policy level 3: 'sha256-BASE64'.
std::string policy_hash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  TOKAMARK_ASSERT(done == 1 && size == 32);
  std::array<unsigned char, 64> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string(base64.begin(), base64.begin() + length) + "'";
}

constexpr const char* kHead =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n";

}  // namespace

std::string live_page() {
  return fmt::format(
      "{}<title>tokamark watch</title>\n<style>{}</style>\n</head>\n<body>\n{}<script>{}</script>\n"
      "</body>\n</html>\n",
      kHead, style(), TOKAMARK_EMBEDDED_BYTES(live_body), script());
}

std::string live_policy() {
  return "default-src 'none'; script-src " + policy_hash(script()) + "; style-src " +
         policy_hash(style()) +
         "; connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'";
}

std::string message_page(const std::string& message) {
  return fmt::format(
      "{}<title>tokamark watch</title>\n</head>\n<body>\n<p>{}</p>\n</body>\n</html>\n", kHead,
      report::html_line(message));
}

}  // namespace tokamark::watch
