#include <gtest/gtest.h>

#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::record {
namespace {

TEST(Words, AreTheDocumentedOnes) {
  EXPECT_STREQ(to_word(RequestStatus::timed_out), "timed_out");
  EXPECT_STREQ(to_word(RequestStatus::cut_off), "cut_off");
  EXPECT_STREQ(to_word(RequestError::first_byte_timeout), "first_byte_timeout");
  EXPECT_STREQ(to_word(RequestError::http_status), "http_status");
  EXPECT_STREQ(to_word(Phase::warmup), "warmup");
  EXPECT_STREQ(to_word(TokenSource::continuous_usage), "continuous_usage");
  EXPECT_STREQ(to_word(Verdict::incomplete), "incomplete");
}

TEST(Words, EveryErrorComesBackFromItsWord) {
  for (int i = 0; i <= static_cast<int>(RequestError::no_tokens); ++i) {
    const auto error = static_cast<RequestError>(i);
    EXPECT_EQ(from_word<RequestError>(to_word(error)), error);
  }
  for (int i = 0; i <= static_cast<int>(RequestStatus::cut_off); ++i) {
    const auto status = static_cast<RequestStatus>(i);
    EXPECT_EQ(from_word<RequestStatus>(to_word(status)), status);
  }
}

TEST(Words, AnUnknownWordHasNoValue) {
  EXPECT_EQ(from_word<RequestStatus>("Succeeded"), std::nullopt);
  EXPECT_EQ(from_word<Verdict>(""), std::nullopt);
}

}  // namespace
}  // namespace tokamark::record
