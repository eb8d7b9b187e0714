#include "load/scripted_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

namespace tokamark::load {

namespace {

/// Reads one whole request; false at the end of the connection.
bool read_request(int socket) {
  std::string text;
  char block[4096];
  for (;;) {
    const std::size_t head = text.find("\r\n\r\n");
    if (head != std::string::npos) {
      const std::size_t at = text.find("Content-Length: ");
      const std::size_t length = std::stoul(text.substr(at + 16));
      if (text.size() >= head + 4 + length) return true;
    }
    const ssize_t got = ::read(socket, block, sizeof block);
    if (got <= 0) return false;
    text.append(block, static_cast<std::size_t>(got));
  }
}

std::string chunk(const std::string& body) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", body.size());
  return size + body + "\r\n";
}

}  // namespace

std::string streamed_answer(int tokens) {
  std::string text =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < tokens; ++i) {
    text += chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n");
  }
  text += chunk(
      "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":" +
      std::to_string(tokens) + "}}\n\ndata: [DONE]\n\n");
  return text + "0\r\n\r\n";
}

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener_, 1024), 0);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stop_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int socket : sockets_) ::close(socket);
}

void ScriptedServer::accept_all() {
  while (!stop_) {
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    ++connections_;
    const std::lock_guard<std::mutex> lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void ScriptedServer::serve(int socket) {
  while (!stop_ && read_request(socket)) {
    const int now = ++at_once_;
    int most = most_at_once_;
    while (now > most && !most_at_once_.compare_exchange_weak(most, now)) {
    }
    const Answer answer = script_(requests_++);
    if (answer.silent) continue;
    --at_once_;
    if (::send(socket, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL) < 0) return;
    if (answer.after == After::half_close) {
      ::shutdown(socket, SHUT_WR);
      char ignored[4096];
      while (::read(socket, ignored, sizeof ignored) > 0) {
      }
      return;
    }
    if (answer.after == After::close) {
      ::shutdown(socket, SHUT_RDWR);
      return;
    }
  }
}

}  // namespace tokamark::load
