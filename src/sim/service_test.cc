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
