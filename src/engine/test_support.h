#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tokamark::engine::test {

/// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file below the folder, making its parents.
  std::filesystem::path write(const std::string& name, const std::string& text) const;
  /// The same, executable.
  std::filesystem::path write_program(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

/// Asks again until the condition holds; false after a minute, so that a defect ends the test.
bool eventually(const std::function<bool()>& condition);

/// One request as the server saw it.
struct SeenRequest {
  std::string method, path, head, body;
};

/// A tiny HTTP/1.1 server on a free loopback port: one connection at a time, closed after its
/// answer. The handler returns the whole response; an empty one closes without an answer.
class TestServer {
 public:
  using Handler = std::function<std::string(const SeenRequest&)>;
  explicit TestServer(Handler handler);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<SeenRequest> seen() const;

 private:
  void serve();
  Handler handler_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

/// "HTTP/1.1 STATUS ...", the headers (each with its CRLF) and the body.
std::string http_answer(int status, const std::string& body, const std::string& headers = "");

/// A loopback port on which nothing listens.
std::uint16_t free_port();

}  // namespace tokamark::engine::test
