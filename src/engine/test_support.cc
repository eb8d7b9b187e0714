#include "engine/test_support.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace tokamark::engine::test {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "tokamark-engine-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder::write(const std::string& name, const std::string& text) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

fs::path TemporaryFolder::write_program(const std::string& name, const std::string& text) const {
  const fs::path file = write(name, text);
  fs::permissions(file, fs::perms::owner_all);
  return file;
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t bound_port(int fd) {
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

int bound_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("bind");
  }
  return fd;
}

std::size_t content_length(const std::string& head) {
  for (const char* name : {"Content-Length: ", "content-length: "}) {
    const std::size_t at = head.find(name);
    if (at != std::string::npos) return std::stoul(head.substr(at + 16));
  }
  return 0;
}

bool read_request(int fd, SeenRequest& request) {
  std::string text;
  std::array<char, 4096> buffer{};
  std::size_t head_end = std::string::npos;
  while (true) {
    head_end = text.find("\r\n\r\n");
    if (head_end != std::string::npos &&
        text.size() >= head_end + 4 + content_length(text.substr(0, head_end))) {
      break;
    }
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  request.head = text.substr(0, head_end);
  request.body = text.substr(head_end + 4);
  const std::size_t first = text.find(' ');
  request.method = text.substr(0, first);
  request.path = text.substr(first + 1, text.find(' ', first + 1) - first - 1);
  return true;
}

}  // namespace

TestServer::TestServer(Handler handler) : handler_(std::move(handler)), fd_(bound_socket()) {
  ::listen(fd_, 16);
  port_ = bound_port(fd_);
  thread_ = std::thread([this] { serve(); });
}

TestServer::~TestServer() {
  closing_ = true;
  ::shutdown(fd_, SHUT_RDWR);
  thread_.join();
  ::close(fd_);
}

std::string TestServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::vector<SeenRequest> TestServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void TestServer::serve() {
  while (!closing_) {
    const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) continue;
    SeenRequest request;
    if (read_request(peer, request)) {
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(request);
      }
      const std::string answer = handler_(request);
      [[maybe_unused]] const ssize_t sent =
          ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    ::close(peer);
  }
}

std::string http_answer(int status, const std::string& body, const std::string& headers) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     body.size(), headers, body);
}

std::uint16_t free_port() {
  const int fd = bound_socket();
  const std::uint16_t port = bound_port(fd);
  ::close(fd);
  return port;
}

}  // namespace tokamark::engine::test
