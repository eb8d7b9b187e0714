#include "watch/live_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::watch {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(LivePage, ItsPolicyAllowsItsOwnPartsAndThisServerAlone) {
  const std::string policy = live_policy();
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(policy, HasSubstr("style-src 'sha256-"));
  EXPECT_THAT(policy, HasSubstr("connect-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(policy, Not(HasSubstr("http")));
}

TEST(LivePage, NeedsNothingFromElsewhereAndWritesTextAsText) {
  const std::string page = live_page();
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  for (const char* unsafe : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                             "eval(", " style=\"", " onclick"}) {
    EXPECT_THAT(page, Not(HasSubstr(unsafe)));
  }
}

TEST(LivePage, AMessageIsEscaped) {
  EXPECT_THAT(message_page("</p><script>alert(1)</script>"), Not(HasSubstr("<script>")));
}

}  // namespace
}  // namespace tokamark::watch
