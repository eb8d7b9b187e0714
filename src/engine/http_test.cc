#include "engine/http.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

using base::ErrorKind;

TEST(Url, TakesHostsPortsPathsAndIpv6) {
  EXPECT_EQ(parse_url("http://127.0.0.1:8000/").value().text(), "http://127.0.0.1:8000");
  EXPECT_EQ(parse_url("https://api.example.com/openai/").value().text(),
            "https://api.example.com/openai");
  EXPECT_EQ(parse_url("http://localhost").value().port, 80);
  EXPECT_EQ(parse_url("http://[::1]:9000").value().host, "::1");
  EXPECT_EQ(parse_url("http://[::1]:9000").value().text(), "http://[::1]:9000");
}

TEST(Url, RefusesWhatIsNoHttpUrlAndNamesIt) {
  for (const char* bad : {"", "127.0.0.1:8000", "ftp://host", "http://", "http://host:99999",
                          "http://user:word@host", "http://host/?a=1", "http://ho st/"}) {
    const auto url = parse_url(bad);
    ASSERT_TRUE(url.has_error()) << bad;
    EXPECT_EQ(url.error().kind, ErrorKind::usage);
    EXPECT_NE(url.error().message.find(std::string("\"") + bad + "\""), std::string::npos)
        << url.error().message;
  }
}

TEST(Url, BaseUrlLosesATrailingV1) {
  EXPECT_EQ(normalized_base_url("http://h:1/v1/").value(), "http://h:1");
  EXPECT_EQ(normalized_base_url("http://h:1/proxy/v1").value(), "http://h:1/proxy");
  EXPECT_EQ(normalized_base_url("http://h:1/av1").value(), "http://h:1/av1");
}

TEST(Http, SendsHeadersAndBodyAndReadsTheAnswer) {
  test::TestServer server(
      [](const test::SeenRequest&) { return test::http_answer(418, "tea", "X-Pot: yes\r\n"); });
  HttpRequest request;
  request.url = server.url() + "/pot?x=1";
  request.method = "POST";
  request.body = "{}";
  request.headers["authorization"] = "Bearer k";
  const auto answer = http_send(request);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer.value().status, 418);
  EXPECT_EQ(answer.value().body, "tea");
  EXPECT_EQ(answer.value().headers.at("x-pot"), "yes");
  const auto seen = server.seen().at(0);
  EXPECT_EQ(seen.method + " " + seen.path, "POST /pot?x=1");
  EXPECT_EQ(seen.body, "{}");
  EXPECT_NE(seen.head.find("authorization: Bearer k"), std::string::npos);
  EXPECT_NE(seen.head.find("Content-Type: application/json"), std::string::npos);
}

TEST(Http, APostWithoutABodyIsStillAPost) {
  test::TestServer server([](const test::SeenRequest&) { return test::http_answer(200, ""); });
  HttpRequest request;
  request.url = server.url() + "/reset";
  request.method = "POST";
  ASSERT_TRUE(http_send(request).has_value());
  EXPECT_EQ(server.seen().at(0).method, "POST");
}

TEST(Http, NobodyListeningIsANetworkErrorThatNamesTheUrl) {
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(test::free_port()) + "/health";
  const auto answer = http_send(request);
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().kind, ErrorKind::network);
  EXPECT_NE(answer.error().message.find(request.url), std::string::npos);
}

TEST(Http, AServerThatClosesWithoutAnAnswerIsANetworkError) {
  test::TestServer server([](const test::SeenRequest&) { return std::string(); });
  HttpRequest request;
  request.url = server.url() + "/";
  EXPECT_EQ(http_send(request).error().kind, ErrorKind::network);
}

TEST(Http, TheStopFlagInterrupts) {
  const std::atomic<bool> stop{true};
  test::TestServer server([](const test::SeenRequest&) { return test::http_answer(200, ""); });
  HttpRequest request;
  request.url = server.url() + "/";
  request.stop = &stop;
  EXPECT_EQ(http_send(request).error().kind, ErrorKind::interrupted);
}

TEST(Http, AnAnswerThatDoesNotComeIsATimeout) {
  std::atomic<bool> release{false};
  test::TestServer server([&release](const test::SeenRequest&) {
    release.wait(false);
    return test::http_answer(200, "");
  });
  HttpRequest request;
  request.url = server.url() + "/";
  request.timeout = std::chrono::milliseconds(20);
  const auto answer = http_send(request);
  release = true;
  release.notify_all();
  EXPECT_EQ(answer.error().kind, ErrorKind::timeout);
}

TEST(Http, AProxyFromTheEnvironmentDoesNotCatchLoopback) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  test::TestServer server(
      [](const test::SeenRequest&) { return test::http_answer(200, "direct"); });
  HttpRequest request;
  request.url = server.url() + "/";
  const auto answer = http_send(request);
  ::unsetenv("http_proxy");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer.value().body, "direct");
}

}  // namespace
}  // namespace tokamark::engine
