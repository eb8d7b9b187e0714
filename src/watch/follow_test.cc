#include "watch/follow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watch/event_log.h"

namespace tokamark::watch {
namespace {

using testing::HasSubstr;

class Following : public testing::Test {
 protected:
  Following() : out(std::tmpfile()), view(out, {}), follower(view) {}
  ~Following() override { std::fclose(out); }

  std::FILE* out;
  TerminalView view;
  Follower follower;
};

Snapshot ended(int code) {
  Snapshot s;
  s.study = "s";
  s.state = State::finished;
  s.exit_code = code;
  s.message = code == 0 ? "" : "why";
  return s;
}

TEST_F(Following, ReadsWhatAServerSendsCutAnywhere) {
  EventLog log("x");
  FinishedTrial trial;
  trial.id = "t1";
  trial.verdict = "valid";
  log.add(trial);
  log.set_state(ended(5));
  Cursor cursor;
  const std::string bytes = "retry: 2000\n\n" + std::string(kKeepAlive) + log.next(cursor);
  for (const char byte : bytes) {
    EXPECT_FALSE(follower.ended());
    follower.feed({&byte, 1});
  }
  EXPECT_TRUE(follower.ended());
  EXPECT_EQ(follower.problem(), "");
  const auto result = result_of(follower.last());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, base::ErrorKind::measurement);
  EXPECT_EQ(result.error().message, "why");
}

TEST_F(Following, TheResultIsTheStudys) {
  EXPECT_TRUE(result_of(ended(0)).has_value());
  for (const int code : {1, 2, 3, 4, 5, 6, 130}) {
    EXPECT_EQ(base::exit_code(result_of(ended(code)).error().kind), code);
  }
  EXPECT_EQ(result_of(ended(99)).error().kind, base::ErrorKind::internal);
}

TEST_F(Following, OtherEventsAreAProblem) {
  follower.feed("data: {\"hello\": 1}\n\n");
  EXPECT_THAT(follower.problem(), HasSubstr("not one of a tokamark watch server"));
}

TEST_F(Following, DeepJsonIsAProblem) {
  follower.feed("data: " + std::string(100'000, '[') + "\n\n");
  EXPECT_THAT(follower.problem(), HasSubstr("too deep"));
}

TEST(Follow, RefusesWhatIsNoUrlAndWhereNobodyListens) {
  std::FILE* out = std::tmpfile();
  TerminalView view(out, {});
  const std::atomic<bool> stop{false};
  EXPECT_EQ(follow("ftp://127.0.0.1/", view, stop).error().kind, base::ErrorKind::usage);
  // Port 1 is reserved; nothing listens there.
  const auto nobody = follow("http://127.0.0.1:1/", view, stop);
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().kind, base::ErrorKind::network);
  EXPECT_THAT(nobody.error().message, HasSubstr("tokamark watch DIR"));
  std::fclose(out);
}

}  // namespace
}  // namespace tokamark::watch
