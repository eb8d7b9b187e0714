#include "study/text_forms.h"

#include <gtest/gtest.h>

#include <regex>

namespace tokamark::study {
namespace {

/// The schema's pattern and the parser's function must agree on every sample.
void expect_agreement(const TextForm& form, const std::vector<std::string>& right,
                      const std::vector<std::string>& wrong) {
  const std::regex pattern(form.pattern);
  for (const std::string& text : right) {
    EXPECT_TRUE(form.matches(text)) << text;
    EXPECT_TRUE(std::regex_search(text, pattern)) << text;
  }
  for (const std::string& text : wrong) {
    EXPECT_FALSE(form.matches(text)) << text;
    EXPECT_FALSE(std::regex_search(text, pattern)) << text;
  }
}

TEST(TextForms, AgreeWithTheirPatterns) {
  expect_agreement(name_form(), {"a", "vllm-0.32_x", "9", std::string(64, 'a')},
                   {"", "-a", ".a", "a b", "a/b", "\xC3\xA4", std::string(65, 'a')});
  expect_agreement(not_empty_form(), {" ", "a"}, {""});
  expect_agreement(url_form(), {"http://h", "https://h:1/v1", "http://[::1]:80", "http://1.2.3.4"},
                   {"", "h:80", "ftp://h", "http://", "http:///x", "http://:80", "http://a b"});
  expect_agreement(variable_form(), {"A", "_a9"}, {"", "9A", "A-B", "A=B"});
  expect_agreement(arrivals_form(),
                   {"constant", "poisson", "gamma", "gamma:1.5", "gamma:0", "gamma:12"},
                   {"", "Poisson", "gamma:", "gamma:.5", "gamma:1.", "gamma:1.2.3", "gamma:-1",
                    "gamma:1e3", "gamma:12345678901234567", "poisson:1"});
}

TEST(TextForms, ReadTheCoefficientOfGammaArrivals) {
  EXPECT_EQ(gamma_cv_of("gamma:1.5"), 1.5);
  EXPECT_EQ(gamma_cv_of("gamma"), 0.0);
  EXPECT_EQ(gamma_cv_of("poisson"), 0.0);
}

}  // namespace
}  // namespace tokamark::study
