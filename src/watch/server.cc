#include "watch/server.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "watch/session_internal.h"

namespace tokamark::watch {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kTurn = std::chrono::milliseconds(250);
constexpr int kTurnsATick = 4;

}  // namespace

/// Listener, timer and sessions, on one thread.
class Server::Loop {
 public:
  Loop(Content content, std::chrono::milliseconds patience)
      : acceptor_(context_), timer_(context_) {
    all_->content = std::move(content);
    all_->patience = patience;
  }

  base::Result<void> bind(const ServerOptions& options) {
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    const tcp::endpoint place(address, options.port);
    if (!error) acceptor_.open(place.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(place, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return base::ok();
    return base::Error{base::ErrorKind::usage,
                       fmt::format("cannot listen on {}:{}: {}; choose another --port, or 0 for "
                                   "any that is free",
                                   options.address, options.port, error.message())};
  }

  [[nodiscard]] std::uint16_t port() const {
    error_code error;
    return acceptor_.local_endpoint(error).port();
  }

  void run(const std::atomic<bool>& stop, const EventLog& log) {
    all_->log = &log;
    accept();
    turn(stop);
    context_.run();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && all_->connections < kMostConnections) {
        const auto session = std::make_shared<Session>(std::move(socket), all_);
        sessions_.push_back(session);
        session->start();
      }
      // One above the bound is closed unanswered. Without descriptors, the next turn tries again.
      if (!error) accept();
      accepting_ = !error;
    });
  }

  void turn(const std::atomic<bool>& stop) {
    timer_.expires_after(kTurn);
    timer_.async_wait([this, &stop](const error_code&) {
      if (stop) return end();
      if (!accepting_) {
        accepting_ = true;
        accept();
      }
      if (++turns_ % kTurnsATick == 0) tick();
      turn(stop);
    });
  }

  void tick() {
    all_->content.tick();
    std::erase_if(sessions_, [](const auto& session) { return session.expired(); });
    for (const auto& session : sessions_) {
      if (const auto alive = session.lock()) alive->pump();
    }
  }

  void end() {
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& session : sessions_) {
      if (const auto alive = session.lock()) alive->close();
    }
    context_.stop();
  }

  std::shared_ptr<Sessions> all_ = std::make_shared<Sessions>();
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::vector<std::weak_ptr<Session>> sessions_;
  bool accepting_ = true;
  int turns_ = 0;
};

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options,
                                                     Content content) {
  auto loop = std::make_unique<Loop>(std::move(content), options.patience);
  TOKAMARK_TRY_VOID(loop->bind(options));
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

std::uint16_t Server::port() const { return loop_->port(); }

void Server::run(const std::atomic<bool>& stop, const EventLog& log) { loop_->run(stop, log); }

}  // namespace tokamark::watch
