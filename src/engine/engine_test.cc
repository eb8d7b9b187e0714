#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/http.h"
#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

using base::ErrorKind;
using test::http_answer;
using testing::HasSubstr;

std::string answers(const test::SeenRequest& request) {
  if (request.path == "/v1/models") return http_answer(200, R"({"data":[{"id":"m"}]})");
  if (request.path == "/version") return http_answer(200, R"({"version":"0.32.0+cpu"})");
  if (request.path == "/metrics") return http_answer(200, "vllm:prompt_tokens_total 5\n");
  if (request.method == "POST") {
    return http_answer(200, "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n");
  }
  return http_answer(404, "");
}

class Attached : public testing::Test {
 protected:
  Attached() {
    spec_.name = "a";
    spec_.kind = "openai";
    spec_.url = server_.url() + "/v1/";
    model_.name = "m";
  }
  test::TestServer server_{answers};
  EngineSpec spec_;
  ModelSpec model_;
};

TEST_F(Attached, GivesTargetVersionAndCounters) {
  const auto engine = start(spec_, model_, {});
  ASSERT_TRUE(engine.has_value()) << engine.error().message;
  EXPECT_EQ(engine.value()->target().base_url, server_.url());
  EXPECT_EQ(engine.value()->target().model, "m");
  EXPECT_EQ(engine.value()->info()["version"], "0.32.0+cpu");
  EXPECT_TRUE(engine.value()->info()["command"].is_null());
  EXPECT_FALSE(engine.value()->simulated());
  EXPECT_EQ(engine.value()->counters().value(), (CounterSnapshot{{"prompt_tokens_total", 5.0}}));
  EXPECT_TRUE(engine.value()->processes().empty());
  EXPECT_FALSE(engine.value()->ended().has_value());
  EXPECT_TRUE(engine.value()->stop().has_value());
}

TEST(Metrics, WhereAPageIsJsonThePrometheusPageIsBelow) {
  int json_pages = 0;
  test::TestServer server([&](const test::SeenRequest& request) {
    if (request.path == "/metrics") {
      ++json_pages;
      return http_answer(200, "[{\"iter\":1}]");
    }
    if (request.path == "/prometheus/metrics") {
      return http_answer(200, "trtllm_num_requests_running 2\n");
    }
    return answers(request);
  });
  EngineSpec spec;
  spec.name = "a";
  spec.kind = "openai";
  spec.url = server.url();
  ModelSpec model;
  model.name = "m";
  const auto engine = start(spec, model, {});
  ASSERT_TRUE(engine.has_value()) << engine.error().message;
  for (int asked = 0; asked < 2; ++asked) {
    const auto metrics = engine.value()->metrics({});
    ASSERT_TRUE(metrics.has_value()) << metrics.error().message;
    EXPECT_EQ(metrics.value().family, "tensorrt-llm");
    EXPECT_EQ(metrics.value().counters, (CounterSnapshot{{"requests_running", 2.0}}));
  }
  EXPECT_EQ(json_pages, 1) << "reading that page empties it";
}

TEST_F(Attached, AVersionThatIsNotTheWantedOneIsAnError) {
  spec_.version = "0.32";
  EXPECT_TRUE(start(spec_, model_, {}).has_value());
  spec_.version = "0.3";
  const auto engine = start(spec_, model_, {});
  ASSERT_TRUE(engine.has_error());
  EXPECT_EQ(engine.error().kind, ErrorKind::engine);
  EXPECT_THAT(engine.error().message,
              HasSubstr("version 0.3 is wanted, and the server is 0.32.0+cpu"));
}

TEST_F(Attached, TheKeyComesFromTheNamedVariableAndIsNotInTheInfo) {
  spec_.api_key_env = "TOKAMARK_TEST_API_KEY";
  ::unsetenv("TOKAMARK_TEST_API_KEY");
  EXPECT_THAT(start(spec_, model_, {}).error().message,
              HasSubstr("TOKAMARK_TEST_API_KEY (api_key_env) is not set"));
  ::setenv("TOKAMARK_TEST_API_KEY", "sk-hidden", 1);
  const auto engine = start(spec_, model_, {});
  ::unsetenv("TOKAMARK_TEST_API_KEY");
  ASSERT_TRUE(engine.has_value()) << engine.error().message;
  EXPECT_EQ(engine.value()->target().headers.at("authorization"), "Bearer sk-hidden");
  EXPECT_THAT(server_.seen().back().head, HasSubstr("authorization: Bearer sk-hidden"));
  EXPECT_THAT(engine.value()->info().dump(), testing::Not(HasSubstr("sk-hidden")));
}

TEST_F(Attached, AUrlThatIsNoneIsAnEngineErrorThatNamesTheEngine) {
  spec_.url = "localhost:8000";
  const auto engine = start(spec_, model_, {});
  ASSERT_TRUE(engine.has_error());
  EXPECT_EQ(engine.error().kind, ErrorKind::engine);
  EXPECT_THAT(engine.error().message, HasSubstr("engine \"a\": url \"localhost:8000\""));
}

TEST(Started, APortInUseIsFoundBeforeTheEngineIsStarted) {
  const test::TemporaryFolder folder;
  const test::TestServer taken([](const test::SeenRequest&) { return std::string(); });
  EngineSpec spec;
  spec.name = "busy";
  spec.kind = "llama-cpp";
  spec.binary =
      folder.write_program("llama-server", "#!/bin/sh\ntouch " + (folder.path() / "ran").string())
          .string();
  spec.model = folder.write("m.gguf", "GGUF").string();
  spec.port = taken.port();
  StartOptions options;
  options.log_path = folder.path() / "engine.log";
  const auto engine = start(spec, ModelSpec{}, options);
  ASSERT_TRUE(engine.has_error());
  EXPECT_THAT(engine.error().message, HasSubstr("engine \"busy\": port"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "ran"));
}

TEST(Started, AnEngineThatExitsIsAnErrorWithItsLog) {
  const test::TemporaryFolder folder;
  EngineSpec spec;
  spec.name = "dies";
  spec.kind = "llama-cpp";
  spec.binary =
      folder.write_program("llama-server", "#!/bin/sh\necho 'failed to load model'\nexit 1\n")
          .string();
  spec.model = folder.write("m.gguf", "GGUF").string();
  spec.port = test::free_port();
  StartOptions options;
  options.log_path = folder.path() / "engine.log";
  const auto engine = start(spec, ModelSpec{}, options);
  ASSERT_TRUE(engine.has_error());
  EXPECT_EQ(engine.error().kind, ErrorKind::engine);
  EXPECT_THAT(engine.error().message, HasSubstr("exited with code 1"));
  EXPECT_THAT(engine.error().message, HasSubstr("failed to load model"));
  EXPECT_EQ(engine.error().message.find('\n'), std::string::npos);
}

/// A llama-server in Python: answers until it is told to crash with POST /v1/crash.
constexpr const char* kFakeServer = R"(#!/usr/bin/env python3
import http.server, os, sys
print("Traceback (most recent call last):\nHarmless: at the start", flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    def do_GET(self):
        self.answer('{"data":[{"id":"m"}]}' if self.path == "/v1/models" else "{}")
    def do_POST(self):
        if self.path == "/v1/crash":
            print("out of memory", flush=True)
            os._exit(7)
        self.answer('data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')
    def log_message(self, *words):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
)";

TEST(Started, RunsStopsAndTellsHowItEnded) {
  const test::TemporaryFolder folder;
  EngineSpec spec;
  spec.name = "real";
  spec.kind = "llama-cpp";
  spec.binary = folder.write_program("llama-server", kFakeServer).string();
  spec.model = folder.write("m.gguf", "GGUF").string();
  ModelSpec model;
  model.name = "m";
  StartOptions options;
  options.log_path = folder.path() / "engine.log";
  for (const bool crash : {false, true}) {
    spec.port = test::free_port();
    const auto engine = start(spec, model, options);
    ASSERT_TRUE(engine.has_value()) << engine.error().message;
    EXPECT_EQ(engine.value()->processes().size(), 1U);
    EXPECT_GT(engine.value()->info()["startup_s"]["first_token"].get<double>(), 0.0);
    EXPECT_FALSE(engine.value()->ended().has_value());
    if (crash) {
      HttpRequest request;
      request.url = engine.value()->target().base_url + "/v1/crash";
      request.method = "POST";
      static_cast<void>(http_send(request));
      std::optional<std::string> end;
      ASSERT_TRUE(test::eventually([&] { return (end = engine.value()->ended()).has_value(); }));
      EXPECT_THAT(*end, HasSubstr("\"real\" (llama-cpp) exited with code 7: last log lines: out of "
                                  "memory"));
    }
    EXPECT_TRUE(engine.value()->stop().has_value());
    EXPECT_TRUE(engine.value()->stop().has_value());
    EXPECT_TRUE(engine.value()->processes().empty());
  }
}

TEST(Kinds, AreKnownAndDiscoveredInOneOrder) {
  EXPECT_THAT(known_kinds(), testing::ElementsAre("llama-cpp", "openai", "sglang", "simulated",
                                                  "tensorrt-llm", "transformers", "vllm"));
  std::vector<std::string> kinds;
  for (const Discovery& found : discover()) kinds.push_back(found.kind);
  EXPECT_EQ(kinds, known_kinds());
}

}  // namespace
}  // namespace tokamark::engine
