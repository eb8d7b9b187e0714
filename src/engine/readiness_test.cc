#include "engine/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/first_token.h"
#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

using base::ErrorKind;
using test::http_answer;
using test::SeenRequest;
using testing::HasSubstr;

constexpr const char* kModels = R"({"object":"list","data":[{"id":"m"},{"id":"other"}]})";
constexpr const char* kStream =
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"
    "data: [DONE]\n\n";

TEST(FirstToken, ARoleChunkIsNoToken) {
  EXPECT_FALSE(
      holds_token("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\","
                  "\"content\":null}}]}\n\n"));
  EXPECT_FALSE(
      holds_token("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\","
                  "\"content\":\"\"}}]} \n\n"));
}

TEST(FirstToken, TextReasoningOrACountedTokenIsOne) {
  EXPECT_TRUE(holds_token("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n"));
  EXPECT_TRUE(holds_token("data:{\"choices\":[{\"delta\":{\"reasoning\":\"a\"}}]}\n"));
  EXPECT_TRUE(holds_token("data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"a\"}}]}\r\n"));
  EXPECT_TRUE(holds_token("data: {\"choices\":[{\"text\":\"a\"}]}\n"));
  EXPECT_TRUE(holds_token("data: {\"choices\":[],\"usage\":{\"completion_tokens\":1}}\n"));
  EXPECT_FALSE(holds_token("data: {\"choices\":[],\"usage\":{\"completion_tokens\":0}}\n"));
}

TEST(FirstToken, AnEventThatIsNotCompleteYetIsNotJudged) {
  EXPECT_FALSE(holds_token("data: {\"choices\":[{\"text\":\"a\"}]}"));
  EXPECT_FALSE(holds_token(": ping\n\ndata: {\"choi"));
}

TEST(FirstToken, TheRequestHoldsOnlyTheFieldsThatTheEngineTakes) {
  RequestFields none;
  none.stream_usage = false;
  EXPECT_EQ(nlohmann::json::parse(probe_body("completions", "m", none)),
            nlohmann::json::parse(R"({"model":"m","prompt":"Once upon a time","max_tokens":8,
                                      "temperature":0,"stream":true})"));
  RequestFields all{true, true, true, true, true};
  const auto body = nlohmann::json::parse(probe_body("chat", "m", all));
  EXPECT_EQ(body["stream_options"].dump(),
            R"({"continuous_usage_stats":true,"include_usage":true})");
  EXPECT_EQ(body["min_tokens"], 8);
  EXPECT_EQ(body["ignore_eos"], true);
  EXPECT_EQ(body["cache_prompt"], false);
}

/// An attached server with the given handler.
class AwaitReady : public testing::Test {
 protected:
  base::Result<Readiness> wait(const std::string& url) {
    const ControlPlane plane(url, {}, options_.stop);
    ReadinessTask task;
    task.spec = &spec_;
    task.wanted_model = model_;
    task.fields.ignore_eos = true;
    task.fields.min_tokens = true;
    task.plane = &plane;
    task.process = process_;
    task.log_path = folder_.path() / "engine.log";
    task.options = &options_;
    task.begun = std::chrono::steady_clock::now();
    return await_ready(task);
  }
  AwaitReady() {
    spec_.name = "a";
    spec_.kind = "openai";
  }
  /// An engine process of ours that the task waits for.
  std::unique_ptr<SupervisedProcess> start_process(const std::string& script) {
    auto process = SupervisedProcess::spawn({{"/bin/sh", "-c", script}, {}},
                                            folder_.path() / "engine.log", std::chrono::seconds(5));
    if (process.has_error()) return nullptr;
    process_ = process.value().get();
    return std::move(process.value());
  }
  static std::string usual(const SeenRequest& request) {
    if (request.path == "/health") return http_answer(200, "");
    if (request.path == "/v1/models") return http_answer(200, kModels);
    if (request.path == "/v1/chat/completions") return http_answer(200, kStream);
    return http_answer(404, "");
  }
  test::TemporaryFolder folder_;
  EngineSpec spec_;
  StartOptions options_;
  std::string model_ = "m";
  SupervisedProcess* process_ = nullptr;
};

TEST_F(AwaitReady, PassesEveryStageAndTimesThem) {
  test::TestServer server(usual);
  const auto process = start_process("sleep 1000");
  const auto found = wait(server.url());
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found.value().model, "m");
  EXPECT_TRUE(found.value().warnings.empty());
  EXPECT_TRUE(found.value().fields.ignore_eos);
  EXPECT_FALSE(found.value().says_simulated);
  for (const char* phase : {"port_answers", "healthy", "first_token"}) {
    EXPECT_EQ(found.value().startup_s.count(phase), 1U) << phase;
  }
}

TEST_F(AwaitReady, WaitsWhileAnEngineOfOursIsNotHealthy) {
  std::atomic<int> asked{0};
  test::TestServer server([&asked](const SeenRequest& request) {
    return asked++ < 3 ? http_answer(500, "starting") : usual(request);
  });
  const auto process = start_process("sleep 1000");
  ASSERT_TRUE(wait(server.url()).has_value());
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 6U) << "three times not, then health, models, token";
  EXPECT_EQ(seen[3].path, "/health");
  EXPECT_EQ(seen[4].path, "/v1/models");
}

TEST_F(AwaitReady, WaitsWhileAnAttachedServerLoads) {
  std::atomic<int> asked{0};
  test::TestServer server([&asked](const SeenRequest& request) {
    if (asked++ < 3) {
      return http_answer(503, R"({"error":{"message":"Loading model","code":503}})");
    }
    return usual(request);
  });
  std::vector<std::string> said;
  options_.progress = [&said](double, const std::string& line) { said.push_back(line); };
  EXPECT_TRUE(wait(server.url()).has_value());
  EXPECT_THAT(said, testing::Contains("/v1/models answers HTTP 503: Loading model"));
}

TEST_F(AwaitReady, ToleratesAMissingHealthRoute) {
  test::TestServer server([](const SeenRequest& request) {
    return request.path == "/health" ? http_answer(404, "") : usual(request);
  });
  const auto process = start_process("sleep 1000");
  EXPECT_TRUE(wait(server.url()).has_value());
}

TEST_F(AwaitReady, ToleratesABrokenModelListAndSaysSo) {
  for (const int status : {404, 500}) {
    test::TestServer server([status](const SeenRequest& request) {
      return request.method == "GET" ? http_answer(status, "x") : usual(request);
    });
    const auto found = wait(server.url());
    ASSERT_TRUE(found.has_value()) << found.error().message;
    ASSERT_EQ(found.value().warnings.size(), 1U);
    EXPECT_THAT(found.value().warnings[0], HasSubstr("not checked"));
  }
}

TEST_F(AwaitReady, AWrongModelNameListsTheServedOnes) {
  test::TestServer server(usual);
  model_ = "nope";
  const auto found = wait(server.url());
  ASSERT_TRUE(found.has_error());
  EXPECT_EQ(found.error().kind, ErrorKind::engine);
  EXPECT_THAT(found.error().message,
              HasSubstr("does not serve model \"nope\"; it serves \"m\", \"other\""));
}

TEST_F(AwaitReady, TakesTheFirstServedModelWhenNoneIsNamed) {
  test::TestServer server(usual);
  model_ = "";
  EXPECT_EQ(wait(server.url()).value().model, "m");
}

TEST_F(AwaitReady, AnUnreachableUrlIsNamedWithACheckToMake) {
  const std::string url = "http://127.0.0.1:" + std::to_string(test::free_port());
  const auto found = wait(url);
  ASSERT_TRUE(found.has_error());
  EXPECT_EQ(found.error().kind, ErrorKind::engine);
  EXPECT_THAT(found.error().message, HasSubstr(url + " does not answer"));
  EXPECT_THAT(found.error().message, HasSubstr("curl " + url + "/v1/models"));
}

TEST_F(AwaitReady, SendsLessToAServerThatRefusesFieldsAndSaysSo) {
  test::TestServer server([](const SeenRequest& request) {
    if (request.body.find("ignore_eos") != std::string::npos) {
      return http_answer(422, R"({"detail":"Unexpected fields in the request: {'ignore_eos'}"})");
    }
    return usual(request);
  });
  const auto found = wait(server.url());
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_FALSE(found.value().fields.ignore_eos || found.value().fields.min_tokens);
  EXPECT_TRUE(found.value().fields.stream_usage);
  ASSERT_EQ(found.value().warnings.size(), 1U);
  EXPECT_THAT(found.value().warnings[0], HasSubstr("refuses ignore_eos and min_tokens"));
}

TEST_F(AwaitReady, KeepsTheOutputLengthWhenOnlyTheUsageIsRefused) {
  test::TestServer server([](const SeenRequest& request) {
    if (request.body.find("stream_options") != std::string::npos) return http_answer(400, "no");
    return usual(request);
  });
  const auto found = wait(server.url());
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_TRUE(found.value().fields.ignore_eos && found.value().fields.min_tokens);
  EXPECT_FALSE(found.value().fields.stream_usage);
  ASSERT_EQ(found.value().warnings.size(), 1U);
}

TEST_F(AwaitReady, ARequestThatIsAlwaysRefusedQuotesTheFirstReason) {
  test::TestServer server([](const SeenRequest& request) {
    if (request.method == "POST") return http_answer(400, R"({"error":{"message":"no template"}})");
    return usual(request);
  });
  const auto found = wait(server.url());
  ASSERT_TRUE(found.has_error());
  EXPECT_THAT(found.error().message, HasSubstr("no template"));
  EXPECT_THAT(found.error().message, HasSubstr("api: completions"));
}

TEST_F(AwaitReady, AStreamWithoutATokenIsNotReady) {
  test::TestServer server([](const SeenRequest& request) {
    if (request.method == "POST") return http_answer(200, "data: [DONE]\n\n");
    return usual(request);
  });
  EXPECT_THAT(wait(server.url()).error().message, HasSubstr("without a single token"));
}

TEST_F(AwaitReady, AnErrorInsideTheStreamIsQuoted) {
  test::TestServer server([](const SeenRequest& request) {
    if (request.method == "POST") {
      return http_answer(200, "data: {\"error\":{\"message\":\"CUDA out of memory\"}}\n\n");
    }
    return usual(request);
  });
  EXPECT_THAT(wait(server.url()).error().message, HasSubstr("CUDA out of memory"));
}

TEST_F(AwaitReady, AMissingKeyIsToldHowToBeGiven) {
  test::TestServer server([](const SeenRequest&) { return http_answer(401, R"({"error":"no"})"); });
  EXPECT_THAT(wait(server.url()).error().message, HasSubstr("api_key_env"));
}

TEST_F(AwaitReady, ASimulatedEngineIsRecognisedByItsMark) {
  test::TestServer server([](const SeenRequest& request) {
    if (request.method == "GET") {
      return http_answer(200, kModels, "X-Tokamark-Simulated: 1\r\n");
    }
    return usual(request);
  });
  EXPECT_TRUE(wait(server.url()).value().says_simulated);
}

TEST_F(AwaitReady, TheStopFlagInterrupts) {
  const std::atomic<bool> stop{true};
  options_.stop = &stop;
  EXPECT_EQ(wait("http://127.0.0.1:9").error().kind, ErrorKind::interrupted);
}

TEST_F(AwaitReady, AnEngineThatExitsAtStartIsQuoted) {
  const auto process =
      SupervisedProcess::spawn({{"/bin/sh", "-c", "echo 'bad flag --x' >&2; exit 2"}, {}},
                               folder_.path() / "engine.log", std::chrono::seconds(5));
  ASSERT_TRUE(process.has_value());
  process_ = process.value().get();
  const auto found = wait("http://127.0.0.1:" + std::to_string(test::free_port()));
  ASSERT_TRUE(found.has_error());
  EXPECT_EQ(found.error().kind, ErrorKind::engine);
  EXPECT_THAT(found.error().message, HasSubstr("exited with code 2"));
  EXPECT_THAT(found.error().message, HasSubstr("last log lines: bad flag --x"));
  EXPECT_THAT(found.error().message, HasSubstr("log: " + (folder_.path() / "engine.log").string()));
}

TEST_F(AwaitReady, AnEngineThatNeverBecomesReadyIsQuotedAtTheTimeout) {
  const auto process =
      SupervisedProcess::spawn({{"/bin/sh", "-c", "echo loading; sleep 1000"}, {}},
                               folder_.path() / "engine.log", std::chrono::seconds(5));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(test::eventually(
      [&] { return std::filesystem::file_size(folder_.path() / "engine.log") > 0; }));
  process_ = process.value().get();
  spec_.start_timeout = std::chrono::seconds(0);
  const auto found = wait("http://127.0.0.1:" + std::to_string(test::free_port()));
  ASSERT_TRUE(found.has_error());
  EXPECT_THAT(found.error().message, HasSubstr("not ready within 0 s"));
  EXPECT_THAT(found.error().message, HasSubstr("last log lines: loading"));
}

}  // namespace
}  // namespace tokamark::engine
