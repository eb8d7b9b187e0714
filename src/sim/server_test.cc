#include "sim/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/files.h"

namespace tokamark::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A blocking client connection.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Reads until `end` has come or the server closes; returns everything up to there.
  std::string read_until(std::string_view end) {
    for (;;) {
      const std::size_t found = buffer_.find(end);
      if (found != std::string::npos) {
        const std::string result = buffer_.substr(0, found + end.size());
        buffer_.erase(0, found + end.size());
        return result;
      }
      char bytes[4096];
      const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
      if (got <= 0) {
        last_error_ = got < 0 ? errno : 0;
        return std::exchange(buffer_, {});
      }
      buffer_.append(bytes, static_cast<std::size_t>(got));
    }
  }

  /// What ended the last read that came short; 0 when the server closed.
  [[nodiscard]] int last_error() const { return last_error_; }

 private:
  int fd_;
  std::string buffer_;
  int last_error_ = 0;
};

constexpr std::string_view kEndOfStream = "data: [DONE]\n\n\r\n0\r\n\r\n";

std::string post(std::string_view body, std::string_view id = "") {
  std::ostringstream out;
  out << "POST /v1/completions HTTP/1.1\r\nHost: x\r\nx-request-id: " << id
      << "\r\nContent-Length: " << body.size() << "\r\n\r\n"
      << body;
  return out.str();
}

std::string stream_body(int max_tokens) {
  return R"({"model":"tiny","prompt":[1,2,3],"ignore_eos":true,"stream":true,"max_tokens":)" +
         std::to_string(max_tokens) + "}";
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    found += 1;
  }
  return found;
}

std::unique_ptr<SimServer> start(SimOptions options) {
  auto server = SimServer::start(options);
  EXPECT_TRUE(server.has_value()) << server.error().message;
  return std::move(server.value());
}

SimOptions tiny(std::string profile = "tiny-vllm") {
  SimOptions options;
  options.profile = std::move(profile);
  options.speed = 20;
  return options;
}

std::filesystem::path temporary_file(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / (name + std::to_string(::getpid()));
}

TEST(SimServer, StreamsOneEventATokenAndKeepsTheConnection) {
  const auto server = start(tiny());
  Client client(server->port());
  for (int round = 0; round < 2; ++round) {
    client.write(post(stream_body(5)));
    const std::string reply = client.read_until(kEndOfStream);
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(reply, HasSubstr("X-Tokamark-Simulated: 1\r\n"));
    EXPECT_EQ(count(reply, "\"text\":\" tok"), 5U);
  }
}

TEST(SimServer, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = start(tiny());
  Client client(server->port());
  client.write(post(stream_body(2)) + post(stream_body(3)));
  EXPECT_EQ(count(client.read_until(kEndOfStream), "\"text\":"), 2U);
  EXPECT_EQ(count(client.read_until(kEndOfStream), "\"text\":"), 3U);
}

TEST(SimServer, RequestSplitOverManyWritesIsUnderstood) {
  const auto server = start(tiny());
  Client client(server->port());
  for (const char byte : post(stream_body(2))) client.write(std::string_view(&byte, 1));
  EXPECT_EQ(count(client.read_until(kEndOfStream), "\"text\":"), 2U);
}

TEST(SimServer, ConnectionCloseIsHonoured) {
  const auto server = start(tiny());
  Client client(server->port());
  client.write("GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string everything = client.read_until("never sent");
  EXPECT_THAT(everything, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(everything, HasSubstr(R"({"version":")"));
}

TEST(SimServer, BytesThatAreNotHttpAreAnsweredWith400AndAClose) {
  const auto server = start(tiny());
  Client client(server->port());
  client.write("this is not http\r\n\r\n");
  EXPECT_THAT(client.read_until("never sent"), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
}

TEST(SimServer, HundredsOfStreamsRunAtOnce) {
  const auto server = start(tiny());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 400; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    clients.back()->write(post(stream_body(8)));
  }
  for (const auto& client : clients) {
    EXPECT_EQ(count(client->read_until(kEndOfStream), "\"text\":"), 8U);
  }
}

TEST(SimServer, DisconnectedClientLeavesTheBatch) {
  SimOptions options = tiny();
  options.speed = 1;
  const auto server = start(options);
  {
    Client leaving(server->port());
    leaving.write(post(stream_body(8000)));
    leaving.read_until("\"text\":");
  }
  Client watcher(server->port());
  std::string page;
  // The stream would last for 17 s; each look at the page is one round trip.
  for (int looks = 0; looks < 2000; ++looks) {
    watcher.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    page = watcher.read_until("vllm:generation_tokens_total{engine=\"0\",model_name=\"tiny\"}");
    if (page.find("running{engine=\"0\",model_name=\"tiny\"} 0.0") != std::string::npos) break;
  }
  EXPECT_THAT(page, HasSubstr("running{engine=\"0\",model_name=\"tiny\"} 0.0"));
  EXPECT_THAT(page, HasSubstr("kv_cache_usage_perc{engine=\"0\",model_name=\"tiny\"} 0.0\n"));
}

TEST(SimServer, TruthFileHoldsOneTimeATokenOfEveryRequest) {
  SimOptions options = tiny();
  options.truth_file = temporary_file("truth");
  const auto server = start(options);
  Client client(server->port());
  client.write(post(stream_body(6), "req-7"));
  client.read_until(kEndOfStream);
  ASSERT_TRUE(server->stop().has_value());
  const auto text = base::read_file(options.truth_file, base::ErrorKind::output).value();
  const nlohmann::json line = nlohmann::json::parse(text);
  EXPECT_EQ(line["request_id"], "req-7");
  EXPECT_EQ(line["outcome"], "finished");
  EXPECT_EQ(line["simulated"], true);
  const auto emissions = line["emissions_ns"].get<std::vector<std::int64_t>>();
  ASSERT_EQ(emissions.size(), 6U);
  EXPECT_GT(emissions[0], line["arrival_ns"].get<std::int64_t>());
  EXPECT_TRUE(std::is_sorted(emissions.begin(), emissions.end()));
  std::filesystem::remove(options.truth_file);
}

TEST(SimServer, RequestOpenAtTheStopIsRecordedAsAborted) {
  SimOptions options = tiny();
  options.speed = 1;
  options.truth_file = temporary_file("aborted");
  const auto server = start(options);
  Client client(server->port());
  client.write(post(stream_body(8000), "req-8"));
  client.read_until("\"text\":");
  ASSERT_TRUE(server->stop().has_value());
  const auto text = base::read_file(options.truth_file, base::ErrorKind::output).value();
  EXPECT_EQ(nlohmann::json::parse(text)["outcome"], "aborted");
  std::filesystem::remove(options.truth_file);
}

TEST(SimServer, PortInUseNamesTheAddressAndTheFix) {
  const auto first = start(tiny());
  SimOptions second = tiny();
  second.port = first->port();
  const auto refused = SimServer::start(second);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::engine);
  EXPECT_EQ(refused.error().message,
            "127.0.0.1:" + std::to_string(first->port()) +
                " is already in use: stop the program that listens there, or choose another port");
}

TEST(SimServer, UnknownHostProfileAndSpeedAreRefused) {
  SimOptions options = tiny();
  options.host = "no-such-host.invalid";
  EXPECT_EQ(SimServer::start(options).error().kind, base::ErrorKind::engine);
  EXPECT_EQ(SimServer::start(tiny("nope")).error().kind, base::ErrorKind::usage);
  options = tiny();
  options.speed = 0;
  EXPECT_EQ(SimServer::start(options).error().kind, base::ErrorKind::usage);
  options = tiny();
  options.max_sequences = 2049;  // more than a step has tokens
  EXPECT_EQ(SimServer::start(options).error().kind, base::ErrorKind::usage);
}

TEST(SimServer, LlamaCppAnswers503DuringTheStartupDelay) {
  SimOptions options = tiny("tiny-llama-cpp");
  options.startup_delay = std::chrono::hours{1};
  // An ephemeral port is told only when ready, so a free one is borrowed from a server that ends.
  options.port = start(tiny())->port();
  std::atomic<bool> stop{false};
  std::thread thread([&] { static_cast<void>(serve(options, stop, {})); });
  std::string reply;
  while (reply.empty()) {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool listens =
        ::connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (!listens) continue;
    Client client(options.port);
    client.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = client.read_until("503}}");
  }
  stop = true;
  thread.join();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
}

TEST(SimServer, PlantedResetBreaksTheConnectionAfterItsBytes) {
  SimOptions options = tiny();
  options.faults = {"reset:after_bytes=300"};
  const auto server = start(options);
  Client client(server->port());
  client.write(post(stream_body(5)));
  EXPECT_EQ(client.read_until(kEndOfStream).size(), 300U);
  EXPECT_EQ(client.last_error(), ECONNRESET);
  Client next(server->port());
  next.write(post(stream_body(5)));
  EXPECT_EQ(next.read_until(kEndOfStream).size(), 300U);
}

TEST(SimServer, BadFaultIsAUsageError) {
  SimOptions options = tiny();
  options.faults = {"resett"};
  const auto server = SimServer::start(options);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().kind, base::ErrorKind::usage);
  EXPECT_THAT(server.error().message, HasSubstr("the nearest are reset"));
}

}  // namespace
}  // namespace tokamark::sim
