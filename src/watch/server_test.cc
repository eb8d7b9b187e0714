#include "watch/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "engine/http.h"
#include "watch/follow.h"

namespace tokamark::watch {
namespace {

using testing::HasSubstr;
using testing::Not;

class Serving : public testing::Test {
 protected:
  Serving() : Serving(ServerOptions(), 0) {}
  /// `evidence_bytes` are told of the finished trial.
  Serving(const ServerOptions& options, std::size_t evidence_bytes) {
    Content content;
    content.answer = [](std::string_view target) {
      Answer answer;
      answer.status = target == "/" ? 200 : 404;
      answer.type = "text/html; charset=utf-8";
      answer.policy = "default-src 'none'; frame-src 'self'";
      answer.body = std::make_shared<const std::string>("body of " + std::string(target));
      return answer;
    };
    content.tick = [] {};
    auto made = Server::listen(options, std::move(content));
    EXPECT_TRUE(made.has_value());
    server = std::move(made.value());
    Snapshot ended;
    ended.exit_code = 0;
    ended.state = State::finished;
    FinishedTrial trial;
    trial.id = "t1";
    trial.codes = {{"errors", std::string(evidence_bytes, 'x')}};
    log.add(trial);
    log.set_state(ended);
    thread = std::thread([this] { server->run(stop, log); });
  }
  ~Serving() override {
    stop = true;
    thread.join();
  }

  [[nodiscard]] std::string url(const std::string& path = "") const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }
  engine::HttpResponse ask(const std::string& path, const std::string& method = "GET",
                           const std::string& host = "") const {
    engine::HttpRequest request;
    request.url = url(path);
    request.method = method;
    if (!host.empty()) request.headers["Host"] = host;
    const auto answer = engine::http_send(request);
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    return answer.has_value() ? answer.value() : engine::HttpResponse();
  }
  /// A connection that takes few bytes at a time. The caller closes it.
  [[nodiscard]] int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const int few = 4096;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof few);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  /// A connection that has asked for /events, and the first bytes of the answer.
  [[nodiscard]] std::pair<int, std::string> ask_for_events() const {
    const int fd = connect();
    const std::string request = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    EXPECT_GT(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), 0);
    std::string head(12, '\0');
    EXPECT_EQ(::recv(fd, head.data(), head.size(), MSG_WAITALL), 12);
    return {fd, head};
  }
  /// What comes back for these bytes until the server closes.
  [[nodiscard]] std::string raw(const std::string& bytes) const {
    const int fd = connect();
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string answer;
    char block[4096];
    for (ssize_t got = 0; (got = ::recv(fd, block, sizeof block, 0)) > 0;) {
      answer.append(block, static_cast<std::size_t>(got));
    }
    ::close(fd);
    return answer;
  }

  std::unique_ptr<Server> server;
  EventLog log{"x"};
  std::atomic<bool> stop{false};
  std::thread thread;
};

TEST_F(Serving, AnswersWithThePolicyAndForbidsUseByOtherSites) {
  const auto answer = ask("/?query=ignored");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "body of /");
  const auto& headers = answer.headers;
  EXPECT_EQ(headers.at("content-security-policy"), "default-src 'none'; frame-src 'self'");
  EXPECT_EQ(headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(headers.at("cross-origin-resource-policy"), "same-origin");
  EXPECT_EQ(headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(headers.at("cache-control"), "no-store");
  EXPECT_EQ(headers.count("access-control-allow-origin"), 0U);
}

TEST_F(Serving, WhatIsNotThereIs404) { EXPECT_EQ(ask("/study.yaml").status, 404); }

TEST_F(Serving, HeadHasNoBody) {
  EXPECT_EQ(raw("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").substr(0, 15),
            "HTTP/1.1 200 OK");
  EXPECT_THAT(raw("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              Not(HasSubstr("body of")));
}

TEST_F(Serving, RefusesAHostThatIsNotThisMachine) {
  EXPECT_EQ(ask("/", "GET", "evil.example").status, 403);
  EXPECT_EQ(ask("/events", "GET", "evil.example:8980").status, 403);
  EXPECT_EQ(ask("/", "GET", "localhost:1234").status, 200) << "as through a tunnel";
  EXPECT_THAT(raw("GET / HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n"),
              HasSubstr("HTTP/1.1 400"));
}

TEST_F(Serving, NothingCanBeChanged) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    EXPECT_EQ(ask("/", method).status, 405) << method;
  }
  EXPECT_THAT(raw("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"),
              testing::AnyOf(HasSubstr("HTTP/1.1 400"), HasSubstr("HTTP/1.1 405")));
}

TEST_F(Serving, WhatIsNoRequestIsRefused) {
  EXPECT_THAT(raw("hello\r\n\r\n"), HasSubstr("HTTP/1.1 400"));
  // The head is bounded. Its end may not be read before the connection is closed.
  const std::string answer =
      raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(kMostHeaderBytes, 'x'));
  EXPECT_TRUE(answer.empty() || answer.find("HTTP/1.1 400") == 0) << answer;
}

TEST_F(Serving, AFollowerGetsTheStudyToItsEnd) {
  std::FILE* out = std::tmpfile();
  {
    TerminalView view(out, {});
    const std::atomic<bool> never{false};
    const auto done = follow(url("/"), view, never);
    EXPECT_TRUE(done.has_value()) << done.error().message;
  }
  EXPECT_GT(std::ftell(out), 0);
  std::fclose(out);
}

TEST_F(Serving, OnlySoManyMayConnect) {
  std::vector<int> open;
  for (std::size_t i = 0; i <= kMostConnections; ++i) open.push_back(connect());
  char byte = 0;
  EXPECT_EQ(::recv(open.back(), &byte, 1, 0), 0) << "the last one is turned away";
  for (const int fd : open) ::close(fd);
}

TEST_F(Serving, OnlySoManyMayFollow) {
  std::vector<int> open;
  for (std::size_t i = 0; i <= kMostFollowers; ++i) {
    const auto [fd, head] = ask_for_events();
    open.push_back(fd);
    EXPECT_EQ(head, i < kMostFollowers ? "HTTP/1.1 200" : "HTTP/1.1 503") << i;
  }
  for (const int fd : open) ::close(fd);
}

/// More to say than a socket holds, and little patience.
class ServingImpatiently : public Serving {
 protected:
  ServingImpatiently() : Serving({"127.0.0.1", 0, std::chrono::milliseconds(50)}, 16'000'000) {}
};

TEST_F(ServingImpatiently, AFollowerThatDoesNotReadLosesItsPlace) {
  std::vector<int> open;
  for (std::size_t i = 0; i < kMostFollowers; ++i) open.push_back(ask_for_events().first);
  // All places are taken until the server has lost its patience.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string head;
  while (head != "HTTP/1.1 200" && std::chrono::steady_clock::now() < until) {
    const auto [fd, answer] = ask_for_events();
    open.push_back(fd);
    head = answer;
  }
  EXPECT_EQ(head, "HTTP/1.1 200");
  for (const int fd : open) ::close(fd);
}

TEST(Server, APortThatIsTakenIsTheUsersToChange) {
  const auto first = Server::listen({}, {});
  ASSERT_TRUE(first.has_value());
  const auto second = Server::listen({"127.0.0.1", first.value()->port()}, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, base::ErrorKind::usage);
  EXPECT_THAT(second.error().message, HasSubstr("--port"));
}

}  // namespace
}  // namespace tokamark::watch
