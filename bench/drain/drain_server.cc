#include "drain/drain_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>

#include "drain/token_stream.h"

namespace tokamark::bench {

namespace {

/// Longest that a client may take over one round, or to come up.
constexpr double kLongestWait_s = 60.0;

double clock_s(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Whether every thread of a process sleeps.
bool sleeps(pid_t process) {
  const std::string folder = fmt::format("/proc/{}/task", process);
  DIR* tasks = ::opendir(folder.c_str());
  if (tasks == nullptr) return true;
  bool all = true;
  while (const dirent* task = ::readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    std::FILE* file = std::fopen((folder + "/" + task->d_name + "/stat").c_str(), "re");
    if (file == nullptr) continue;
    char text[512] = {};
    const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
    std::fclose(file);
    const char* name_end = size > 0 ? std::strrchr(text, ')') : nullptr;
    all = all && name_end != nullptr && name_end[2] == 'S';
  }
  ::closedir(tasks);
  return all;
}

class Server {
 public:
  Server(const DrainOptions& options, SSL_CTX* tls) : options_(options), tls_(tls) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const timeval patience{static_cast<time_t>(kLongestWait_s), 0};
    (void)::setsockopt(listener_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, static_cast<int>(options.streams)) != 0) {
      error_ = std::string("cannot listen: ") + std::strerror(errno);
    }
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Server() {
    for (SSL* session : sessions_) SSL_free(session);
    for (const int socket : sockets_) ::close(socket);
    ::close(listener_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& error() const { return error_; }

  /// Takes all connections, then one request from each.
  bool accept_all() {
    for (std::uint32_t i = 0; i < options_.streams && error_.empty(); ++i) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) {
        error_ = fmt::format("connection {} of {}: {}", i, options_.streams, std::strerror(errno));
        break;
      }
      const int on = 1;
      (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      sockets_.push_back(socket);
      if (tls_ == nullptr) continue;
      sessions_.push_back(SSL_new(tls_));
      SSL_set_fd(sessions_.back(), socket);
      if (SSL_accept(sessions_.back()) != 1) error_ = "TLS handshake failed";
    }
    char buffer[16 * 1024];
    for (std::size_t i = 0; i < sockets_.size() && error_.empty(); ++i) {
      const long got = tls_ == nullptr ? ::recv(sockets_[i], buffer, sizeof buffer, 0)
                                       : SSL_read(sessions_[i], buffer, sizeof buffer);
      if (got <= 0) error_ = "a client sent no request";
    }
    return error_.empty();
  }

  /// The same bytes to every stream. All of them fit in the sockets' buffers.
  bool write_all(const std::string& bytes) {
    const int size = static_cast<int>(bytes.size());
    for (std::size_t i = 0; i < sockets_.size() && error_.empty(); ++i) {
      const long sent = tls_ == nullptr
                            ? ::send(sockets_[i], bytes.data(), bytes.size(), MSG_NOSIGNAL)
                            : SSL_write(sessions_[i], bytes.data(), size);
      if (sent != size) error_ = "a write failed";
    }
    return error_.empty();
  }

 private:
  const DrainOptions& options_;
  SSL_CTX* tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<int> sockets_;
  std::vector<SSL*> sessions_;
  std::string error_;
};

/// The client's process, as the server sees it.
class Child {
 public:
  Child(DrainClient client, const DrainLoad& load) : process_(::fork()) {
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::_exit(run_drain_client(client, load));
    }
    (void)::clock_getcpuclockid(process_, &clock_);
  }
  void stop() {
    ::kill(process_, SIGSTOP);
    int status = 0;
    ::waitpid(process_, &status, WUNTRACED);
    ended_ = WIFEXITED(status) || WIFSIGNALED(status);
  }
  /// Continues it and returns the CPU seconds it took until it slept again; below 0 when it does
  /// not come to rest. A millisecond between two looks, so that the looking disturbs little.
  double go_on() {
    const double before = clock_s(clock_);
    const double give_up = clock_s(CLOCK_MONOTONIC) + kLongestWait_s;
    ::kill(process_, SIGCONT);
    const timespec pause{0, 1'000'000};
    int quiet = 0;
    while (!ended_ && quiet < 3) {
      ::nanosleep(&pause, nullptr);
      quiet = sleeps(process_) ? quiet + 1 : 0;
      if (clock_s(CLOCK_MONOTONIC) > give_up) return -1.0;
    }
    return ended_ ? -1.0 : clock_s(clock_) - before;
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] double memory_bytes() const {
    std::FILE* file = std::fopen(fmt::format("/proc/{}/status", process_).c_str(), "re");
    if (file == nullptr) return 0.0;
    char line[256];
    long kilobytes = 0;
    while (std::fgets(line, sizeof line, file) != nullptr) {
      if (std::sscanf(line, "RssAnon: %ld kB", &kilobytes) == 1) break;
    }
    std::fclose(file);
    return static_cast<double>(kilobytes) * 1024.0;
  }
  /// Its exit status; kills it first when `failed`.
  int wait(bool failed) {
    if (failed && !ended_) ::kill(process_, SIGKILL);
    int status = 0;
    if (!ended_) ::waitpid(process_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }

 private:
  pid_t process_;
  clockid_t clock_{};
  bool ended_ = false;
};

/// One chunk to every stream, and until the client has drained them.
double one_round(Server& server, Child& child, const std::string& bytes,
                 DrainOptions::Client client) {
  if (client == DrainOptions::Client::stands) child.stop();
  if (child.ended() || !server.write_all(bytes)) return -1.0;
  return child.go_on();
}

}  // namespace

DrainRun run_drain(DrainClient client, const DrainOptions& options) {
  DrainRun run;
  Server server(options, uses_tls(client) ? options.tls : nullptr);
  Child child(client,
              {server.port(), options.streams, options.rounds + 1, options.certificate_file});
  const std::string token = token_chunk();
  bool good =
      server.accept_all() && one_round(server, child, answer_head() + token, options.client) >= 0;
  for (std::uint32_t round = 0; round < options.rounds && good; ++round) {
    const double cpu_s = one_round(server, child, token, options.client);
    good = cpu_s >= 0;
    if (!good) break;
    run.cpu_s += cpu_s;
    run.events += options.streams;
  }
  run.memory_bytes = child.memory_bytes();
  good = good && server.write_all(answer_end(options.rounds + 1));
  const int status = child.wait(!good);
  if (!server.error().empty()) {
    run.error = server.error();
  } else if (!good) {
    run.error = "the client ended early or did not come to rest";
  } else if (status != 0) {
    run.error = "the client found an incomplete answer";
  }
  return run;
}

}  // namespace tokamark::bench
