#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sim/service.h"
#include "sim/unit_profile.h"

namespace tokamark::sim {
namespace {

using std::chrono::microseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr ConnectionId kClient = 5;
constexpr std::string_view kDone = "data: [DONE]\n\n\r\n0\r\n\r\n";

/// Keeps every write apart.
class WriteSink final : public ReplySink {
 public:
  base::TimePoint send(ConnectionId connection, std::string_view bytes) override {
    writes[connection].emplace_back(bytes);
    return {};
  }
  void finished(ConnectionId connection, KeepAlive keep_alive) override {
    ended[connection] += 1;
    if (keep_alive == KeepAlive::no) closed[connection] += 1;
  }
  void reset(ConnectionId connection) override { resets[connection] += 1; }

  std::map<ConnectionId, std::vector<std::string>> writes;
  std::map<ConnectionId, int> ended;
  std::map<ConnectionId, int> closed;
  std::map<ConnectionId, int> resets;
};

base::TimePoint at(microseconds since_start) {
  return base::TimePoint{std::chrono::seconds{100} + since_start};
}

std::string body_of(int max_tokens, std::string_view more = R"(,"stream":true)") {
  return R"({"model":"unit","prompt":[1,2,3,4],"ignore_eos":true,"max_tokens":)" +
         std::to_string(max_tokens) + std::string(more) + "}";
}

constexpr std::string_view kUsage =
    R"(,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true})";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t k = text.find(part); k != text.npos; k = text.find(part, k + 1)) found += 1;
  return found;
}

class PlantedFault : public testing::Test {
 protected:
  void start(std::string_view fault, DialectKind dialect = DialectKind::vllm) {
    Profile profile = unit_profile();
    profile.dialect = dialect;
    const auto spec = parse_fault(fault);
    ASSERT_TRUE(spec.has_value()) << spec.error().message;
    service_ = std::make_unique<Service>(ServiceOptions{profile, "unit", 1.0, {spec.value()}, 1},
                                         TruthLog{}, sink_);
    service_->set_ready();
  }
  void run() {
    while (const auto due = service_->next_due()) {
      now_ = *due;
      service_->run_due(now_);
    }
  }
  void post(const std::string& body, ConnectionId connection = kClient) {
    service_->handle(connection, {"POST", "/v1/completions", "id", body, KeepAlive::yes}, now_);
  }
  void chat(std::string_view more = R"(,"stream":true)") {
    service_->handle(kClient,
                     {"POST", "/v1/chat/completions", "id",
                      R"({"model":"unit","ignore_eos":true,"max_tokens":3,)"
                      R"("messages":[{"role":"user","content":"a"}])" +
                          std::string(more) + "}",
                      KeepAlive::yes},
                     now_);
  }
  std::string ask(int max_tokens, std::string_view more = R"(,"stream":true)") {
    sink_.writes.clear();
    post(body_of(max_tokens, more));
    run();
    return text();
  }
  std::string text(ConnectionId connection = kClient) {
    std::string all;
    for (const std::string& write : sink_.writes[connection]) all += write;
    return all;
  }

  base::TimePoint now_ = at(microseconds{0});
  WriteSink sink_;
  std::unique_ptr<Service> service_;
};

TEST_F(PlantedFault, BundlePutsTokensIntoOneEventAndUsageCountsThemAll) {
  start("bundle:tokens=3");
  const std::string answer = ask(7, kUsage);
  EXPECT_EQ(count(answer, "\"text\":\""), 3U);  // 3 + 3 + 1
  EXPECT_EQ(count(answer, " tok"), 7U);
  EXPECT_THAT(answer, HasSubstr(R"("completion_tokens":3)"));
  EXPECT_THAT(answer, HasSubstr(R"("completion_tokens":6)"));
  EXPECT_EQ(count(answer, R"("completion_tokens":7)"), 2U);  // last event and final usage
  EXPECT_THAT(answer, EndsWith(kDone));
}

TEST_F(PlantedFault, BundleKeepsTokenIdsWhole) {
  start("bundle:tokens=2");
  const std::string answer = ask(2, R"(,"stream":true,"return_token_ids":true)");
  EXPECT_THAT(answer, testing::ContainsRegex(R"("token_ids":\[[0-9]+,[0-9]+\])"));
  EXPECT_THAT(answer, HasSubstr(R"("prompt_token_ids":[1,2,3,4])"));
}

TEST_F(PlantedFault, CoalesceWritesSeveralEventsAtOnce) {
  start("coalesce:tokens=3");
  const std::string answer = ask(7);
  EXPECT_EQ(count(answer, "\"text\":\""), 7U);
  EXPECT_THAT(sink_.writes[kClient], SizeIs(4));  // head, 3, 3, 1
}

TEST_F(PlantedFault, BufferWritesEverythingAtTheEnd) {
  start("buffer");
  const std::string answer = ask(7);
  EXPECT_THAT(sink_.writes[kClient], SizeIs(1));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_EQ(count(answer, "\"text\":\""), 7U);
}

TEST_F(PlantedFault, EarlyRoleComesAtArrivalInEveryDialect) {
  for (const DialectKind kind : {DialectKind::vllm, DialectKind::sglang, DialectKind::tensorrt_llm,
                                 DialectKind::llama_cpp}) {
    start("early_role", kind);
    sink_.writes.clear();
    chat();
    EXPECT_THAT(text(), HasSubstr(R"("role":"assistant")")) << dialect_name(kind);
    EXPECT_THAT(text(), Not(HasSubstr(" tok"))) << dialect_name(kind);
    run();
    EXPECT_EQ(count(text(), R"("role":"assistant")"), 1U) << dialect_name(kind);
    EXPECT_EQ(count(text(), " tok"), 3U) << dialect_name(kind);
  }
}

TEST_F(PlantedFault, LateRoleFollowsTheFirstContent) {
  start("late_role");
  chat();
  run();
  EXPECT_EQ(count(text(), R"("role":"assistant")"), 1U);
  EXPECT_GT(text().find(R"("role":"assistant")"), text().find(" tok"));
}

TEST_F(PlantedFault, NoStreamAnswersWithOneJsonBody) {
  start("no_stream");
  const std::string answer = ask(2);
  EXPECT_THAT(answer, HasSubstr("content-type: application/json"));
  EXPECT_THAT(answer, Not(HasSubstr("data: ")));
}

TEST_F(PlantedFault, PrefixCacheIsReportedAndMakesPrefillFaster) {
  start("prefix_cache:hit_rate=0.5");
  post(body_of(1, kUsage));
  service_->run_due(now_);
  EXPECT_EQ(service_->next_due(), at(microseconds{1002}));  // 2 of 4 prompt tokens are computed
  run();
  EXPECT_THAT(text(), HasSubstr(R"("cached_tokens":2)"));
  EXPECT_EQ(service_->counters().cached_tokens, 2);
}

TEST_F(PlantedFault, TruncateAndOverlongMoveTheLengthAndUsageIsHonest) {
  start("truncate:tokens=2");
  EXPECT_THAT(ask(5, kUsage), HasSubstr(R"("finish_reason":"stop")"));
  EXPECT_EQ(count(text(), " tok"), 3U);
  EXPECT_EQ(count(text(), R"("completion_tokens":3)"), 2U);
  start("overlong:tokens=2");
  EXPECT_EQ(count(ask(5, kUsage), " tok"), 7U);
  EXPECT_EQ(count(text(), R"("completion_tokens":7)"), 2U);
}

TEST_F(PlantedFault, WrongUsageMisreportsWhatWasSent) {
  start("wrong_usage:factor=2");
  EXPECT_EQ(count(ask(5, kUsage), " tok"), 5U);
  EXPECT_EQ(count(text(), R"("completion_tokens":10)"), 2U);
}

TEST_F(PlantedFault, RefusedWithOneTokenLooksLikeSuccess) {
  start("refuse_one_token");
  EXPECT_EQ(count(ask(5), " tok"), 1U);
  EXPECT_THAT(text(), HasSubstr(R"("finish_reason":"stop")"));
  EXPECT_THAT(text(), EndsWith(kDone));
}

TEST_F(PlantedFault, StatusAnswersWithTheCodeAndKeepsTheConnection) {
  start("status:code=429");
  EXPECT_THAT(ask(5), StartsWith("HTTP/1.1 429 Too Many Requests"));
  EXPECT_THAT(text(), HasSubstr(R"("code":429)"));
  EXPECT_EQ(sink_.ended[kClient], 1);
}

TEST_F(PlantedFault, ShareStrikesThatPartOfTheRequestsAndSkipSparesTheFirst) {
  start("status:code=500,share=0.3,skip=100");
  int struck = 0;
  int struck_of_skipped = 0;
  for (ConnectionId client = 1; client <= 1100; ++client) {
    post(body_of(1), client);
    const bool failed = text(client).find("HTTP/1.1 500") == 0;
    struck += failed ? 1 : 0;
    struck_of_skipped += failed && client <= 100 ? 1 : 0;
    run();
  }
  EXPECT_EQ(struck_of_skipped, 0);
  EXPECT_NEAR(struck, 300, 60);  // four standard deviations of a binomial with n = 1000, p = 0.3
}

TEST_F(PlantedFault, ResetComesAfterExactlySoManyBytes) {
  start("reset:after_bytes=100");
  EXPECT_THAT(ask(5), SizeIs(100));
  EXPECT_EQ(sink_.resets[kClient], 1);
  EXPECT_EQ(sink_.ended[kClient], 0);
  service_->disconnected(kClient, now_);
}

TEST_F(PlantedFault, HalfOpenReadsAndNeverAnswers) {
  start("half_open");
  EXPECT_THAT(ask(5), IsEmpty());
  EXPECT_EQ(sink_.ended[kClient], 0);
  service_->disconnected(kClient, now_);
}

TEST_F(PlantedFault, StallMidGoesSilentAndStaysConnected) {
  start("stall_mid:after_tokens=2");
  EXPECT_EQ(count(ask(5), " tok"), 2U);
  EXPECT_EQ(sink_.ended[kClient], 0);
  service_->disconnected(kClient, now_);
}

TEST_F(PlantedFault, SlowHeadersComeByteByByte) {
  start("slow_headers:seconds=2");
  const std::string answer = ask(2);
  const std::size_t head = answer.find("\r\n\r\n") + 4;
  for (std::size_t i = 0; i < head; ++i) EXPECT_THAT(sink_.writes[kClient][i], SizeIs(1));
  EXPECT_GT(now_, at(std::chrono::milliseconds{1980}));
  EXPECT_LT(now_, at(std::chrono::milliseconds{2000}));
  EXPECT_THAT(answer, EndsWith(kDone));
  EXPECT_EQ(sink_.ended[kClient], 1);
}

TEST_F(PlantedFault, MalformedEventAndGiantLineAreInTheStream) {
  start("malformed_sse");
  EXPECT_THAT(ask(2), HasSubstr("data: {\"id\":\"broken\",\"choices\":[{\"index\":0,\n\n"));
  start("giant_line:bytes=5000");
  EXPECT_THAT(ask(2), HasSubstr(std::string(5000, 'x')));
}

TEST_F(PlantedFault, NoDoneEndsWithTheLastHttpChunk) {
  start("no_done");
  EXPECT_THAT(ask(2), Not(HasSubstr("[DONE]")));
  EXPECT_THAT(text(), EndsWith("\r\n0\r\n\r\n"));
  EXPECT_EQ(sink_.ended[kClient], 1);
}

TEST_F(PlantedFault, ErrorEventHasTheWordsOfItsDialect) {
  start("error_event:after_tokens=2");
  EXPECT_EQ(count(ask(5), " tok"), 2U);
  EXPECT_THAT(text(), HasSubstr(R"(data: {"error":{"message":"Internal server error")"));
  EXPECT_THAT(text(), EndsWith(kDone));
  start("error_event:after_tokens=2", DialectKind::sglang);
  EXPECT_THAT(ask(5), HasSubstr(R"(data: {"error":{"object":"error")"));
  EXPECT_THAT(text(), EndsWith(kDone));
  start("error_event:after_tokens=2", DialectKind::llama_cpp);
  EXPECT_THAT(ask(5), HasSubstr(R"(data: {"error":{)"));
  EXPECT_THAT(text(), Not(HasSubstr("[DONE]")));
  EXPECT_EQ(sink_.closed[kClient], 0);
  start("error_event:after_tokens=2", DialectKind::tensorrt_llm);
  EXPECT_THAT(ask(5), Not(HasSubstr("error")));
  EXPECT_THAT(text(), Not(EndsWith("\r\n0\r\n\r\n")));
  EXPECT_EQ(sink_.closed[kClient], 1);
  EXPECT_EQ(service_->counters().running, 0);
}

TEST_F(PlantedFault, DropSlowestClosesTheSlowOneAndSparesTheRest) {
  start("drop_slowest:share=0.1");
  for (int i = 0; i < 30; ++i) ask(2 + i % 3);
  const int before = sink_.closed[kClient];
  EXPECT_EQ(before, 0);
  ask(50);
  EXPECT_EQ(sink_.closed[kClient], 1);
  EXPECT_EQ(count(text(), " tok"), 49U);
}

TEST_F(PlantedFault, StallDriftAndTenantMoveTheStepsOfTheService) {
  start("stall:seconds=0.5,every=1");
  ask(1);
  now_ = at(microseconds{1'100'000});
  ask(1);
  EXPECT_EQ(now_, at(microseconds{1'501'004}));  // admitted when the stall ends at 1.5 s
}

TEST_F(PlantedFault, OverloadCounterTellsMoreThanWasSent) {
  start("overload_counter:factor=1.5");
  ask(4);
  service_->handle(9, {"GET", "/metrics", "", "", KeepAlive::yes}, now_);
  EXPECT_THAT(text(9),
              HasSubstr("vllm:generation_tokens_total{engine=\"0\",model_name=\"unit\"} 6"));
  EXPECT_EQ(service_->counters().generation_tokens, 4);
}

}  // namespace
}  // namespace tokamark::sim
