#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tokamark::load {

/// A small HTTP server for tests: one thread a connection, answers made by a script. Not part of
/// the product.
class ScriptedServer {
 public:
  /// What happens after the answer. `half_close` ends our direction together with the answer's last
  /// bytes and leaves later requests unread, as some servers' closing does.
  enum class After { keep, close, half_close };
  struct Answer {
    std::string bytes;
    After after = After::keep;
    bool silent = false;  ///< say nothing and keep the connection open
  };
  /// Called with the number of the request, from 0, over all connections.
  using Script = std::function<Answer(int number)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int requests() const { return requests_; }
  int connections() const { return connections_; }
  /// Most requests that were being answered at one time.
  int most_at_once() const { return most_at_once_; }

 private:
  void accept_all();
  void serve(int socket);

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_{0}, connections_{0}, at_once_{0}, most_at_once_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::thread> threads_;  ///< guarded by mutex_
  std::vector<int> sockets_;          ///< guarded by mutex_
  std::thread acceptor_;
};

/// A whole streamed chat answer of `tokens` tokens with usage and `[DONE]`.
std::string streamed_answer(int tokens);

}  // namespace tokamark::load
