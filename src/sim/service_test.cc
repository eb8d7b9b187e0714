#include "sim/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sim/unit_profile.h"

namespace tokamark::sim {
namespace {

using std::chrono::microseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// Keeps what was sent, and stamps each write with a time of the test's.
class KeepingSink final : public ReplySink {
 public:
  base::TimePoint send(ConnectionId connection, std::string_view bytes) override {
    sent[connection] += bytes;
    return now;
  }
  void finished(ConnectionId connection, KeepAlive) override { ended[connection] += 1; }
  void reset(ConnectionId) override {}

  base::TimePoint now{};
  std::map<ConnectionId, std::string> sent;
  std::map<ConnectionId, int> ended;
};

base::TimePoint at(microseconds since_start) {
  return base::TimePoint{std::chrono::seconds{100} + since_start};
}

HttpRequest completion(std::string_view body) {
  return {"POST", "/v1/completions", "id-1", std::string(body), KeepAlive::yes};
}

constexpr std::string_view kStream =
    R"({"model":"unit","prompt":[1,2,3,4],"max_tokens":2,"stream":true})";

class ServiceTest : public testing::Test {
 protected:
  Service& start(DialectKind dialect) {
    Profile profile = unit_profile();
    profile.dialect = dialect;
    profile.engine.request_overhead = microseconds{300};
    service_ = std::make_unique<Service>(ServiceOptions{profile, "unit", 1.0}, TruthLog{}, sink_);
    service_->set_ready();
    return *service_;
  }

  KeepingSink sink_;
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, VllmSendsItsHeadAtAdmission) {
  Service& service = start(DialectKind::vllm);
  service.handle(5, completion(kStream), at(microseconds{0}));
  EXPECT_THAT(sink_.sent[5], IsEmpty());
  service.run_due(at(microseconds{300}));
  EXPECT_THAT(sink_.sent[5], StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(sink_.sent[5], testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServiceTest, LlamaCppSendsItsHeadAtOnce) {
  Service& service = start(DialectKind::llama_cpp);
  service.handle(5, completion(kStream), at(microseconds{0}));
  EXPECT_THAT(sink_.sent[5], StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServiceTest, SglangSendsItsHeadWithTheFirstToken) {
  Service& service = start(DialectKind::sglang);
  service.handle(5, completion(kStream), at(microseconds{0}));
  service.run_due(at(microseconds{300}));
  EXPECT_THAT(sink_.sent[5], IsEmpty());
  service.run_due(at(microseconds{1304}));  // 300 + 1 ms + 4 prompt tokens
  EXPECT_THAT(sink_.sent[5], StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(sink_.sent[5], HasSubstr("\"text\":\" tok"));
}

TEST_F(ServiceTest, StreamEndsWithDoneAndFreesTheConnection) {
  Service& service = start(DialectKind::vllm);
  service.handle(5, completion(kStream), at(microseconds{0}));
  while (const auto due = service.next_due()) service.run_due(*due);
  EXPECT_THAT(sink_.sent[5], testing::EndsWith("data: [DONE]\n\n\r\n0\r\n\r\n"));
  EXPECT_EQ(sink_.ended[5], 1);
  EXPECT_EQ(service.counters().generation_tokens, 2);
}

TEST_F(ServiceTest, AnswerWithoutStreamComesWhenTheLastTokenIsDue) {
  Service& service = start(DialectKind::vllm);
  service.handle(5, completion(R"({"model":"unit","prompt":[1,2,3,4],"max_tokens":2})"),
                 at(microseconds{0}));
  service.run_due(at(microseconds{300}));
  service.run_due(at(microseconds{1304}));
  EXPECT_THAT(sink_.sent[5], IsEmpty());
  service.run_due(at(microseconds{2305}));
  EXPECT_THAT(sink_.sent[5], HasSubstr(R"("completion_tokens":2)"));
  EXPECT_EQ(sink_.ended[5], 1);
}

// Arrival at 0, 300 us in the API server, a step of 1,004 us for four prompt tokens, one of 1,001.
TEST_F(ServiceTest, HistogramsOfTheMetricsPageHoldTheTrueTimes) {
  Service& service = start(DialectKind::vllm);
  service.handle(5, completion(kStream), at(microseconds{0}));
  while (const auto due = service.next_due()) service.run_due(*due);
  service.handle(6, {"GET", "/metrics", "", "", KeepAlive::yes}, at(microseconds{5000}));
  const std::string& page = sink_.sent[6];
  const auto line = [](const std::string& name, const std::string& value) {
    return HasSubstr("\nvllm:" + name + "{engine=\"0\",model_name=\"unit\"" + value + "\n");
  };
  EXPECT_THAT(page, line("time_to_first_token_seconds_sum", "} 0.001304"));
  EXPECT_THAT(page, line("time_to_first_token_seconds_bucket", ",le=\"0.001\"} 0.0"));
  EXPECT_THAT(page, line("time_to_first_token_seconds_bucket", ",le=\"0.005\"} 1.0"));
  EXPECT_THAT(page, line("inter_token_latency_seconds_sum", "} 0.001001"));
  EXPECT_THAT(page, line("request_time_per_output_token_seconds_sum", "} 0.001001"));
  EXPECT_THAT(page, line("e2e_request_latency_seconds_sum", "} 0.002305"));
  EXPECT_THAT(page, line("request_queue_time_seconds_count", "} 1.0"));
  EXPECT_THAT(page, line("request_queue_time_seconds_sum", "} 0.0"));
}

TEST_F(ServiceTest, EachDialectHasTheHistogramsOfItsEngine) {
  const auto page_of = [&](DialectKind kind, const char* path) {
    Service& service = start(kind);
    sink_.sent.clear();
    service.handle(6, {"GET", path, "", "", KeepAlive::yes}, at(microseconds{0}));
    return sink_.sent[6];
  };
  const std::string sglang = page_of(DialectKind::sglang, "/metrics");
  EXPECT_THAT(sglang, HasSubstr("\nsglang:inter_token_latency_seconds_count{"));
  EXPECT_THAT(sglang, HasSubstr("\nsglang:queue_time_seconds_bucket{"));
  const std::string trtllm = page_of(DialectKind::tensorrt_llm, "/prometheus/metrics");
  EXPECT_THAT(trtllm, HasSubstr("\ntrtllm_time_per_output_token_seconds_count{"));
  EXPECT_THAT(trtllm, testing::Not(HasSubstr("inter_token")));
  EXPECT_THAT(page_of(DialectKind::llama_cpp, "/metrics"), testing::Not(HasSubstr("_bucket")));
}

TEST_F(ServiceTest, DisconnectAbortsAndFreesTheCache) {
  Service& service = start(DialectKind::vllm);
  service.handle(5, completion(kStream), at(microseconds{0}));
  service.run_due(at(microseconds{300}));
  EXPECT_EQ(service.counters().kv_tokens_held, 4);
  service.disconnected(5, at(microseconds{400}));
  EXPECT_EQ(service.counters().kv_tokens_held, 0);
  service.run_due(at(microseconds{1304}));
  EXPECT_FALSE(service.next_due().has_value());
}

TEST_F(ServiceTest, RequestThatNeverFitsIsRefusedWithTheLimit) {
  Profile profile = unit_profile();
  profile.engine.kv_capacity_tokens = 50;
  Service service({profile, "unit", 1.0}, TruthLog{}, sink_);
  service.set_ready();
  service.handle(5, completion(R"({"model":"unit","prompt":[1],"max_tokens":50})"),
                 at(microseconds{0}));
  EXPECT_THAT(sink_.sent[5], StartsWith("HTTP/1.1 400 Bad Request"));
  EXPECT_THAT(sink_.sent[5], HasSubstr("the KV cache holds 50"));
}

TEST_F(ServiceTest, EveryRouteAnswersLoadingBeforeReady) {
  Profile profile = unit_profile();
  profile.dialect = DialectKind::llama_cpp;
  Service service({profile, "unit", 1.0}, TruthLog{}, sink_);
  service.handle(5, {"GET", "/health", "", "", KeepAlive::yes}, at(microseconds{0}));
  EXPECT_THAT(sink_.sent[5], StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(sink_.sent[5], HasSubstr("Loading model"));
}

TEST_F(ServiceTest, EveryDialectMarksEveryAnswer) {
  for (const DialectKind kind : {DialectKind::vllm, DialectKind::sglang, DialectKind::tensorrt_llm,
                                 DialectKind::llama_cpp}) {
    Service& service = start(kind);
    ConnectionId connection = 10;
    for (const char* path : {"/v1/models", "/health", "/nope", "/metrics", "/version"}) {
      sink_.sent.clear();
      service.handle(++connection, {"GET", path, "", "", KeepAlive::yes}, at(microseconds{0}));
      EXPECT_THAT(sink_.sent[connection], HasSubstr("\r\nX-Tokamark-Simulated: 1\r\n"))
          << dialect_name(kind) << " " << path;
    }
  }
}

}  // namespace
}  // namespace tokamark::sim
