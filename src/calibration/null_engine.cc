#include "calibration/null_engine.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <queue>
#include <unordered_map>
#include <utility>

#include "calibration/null_wire.h"
#include "net/receive.h"
#include "sim/http_connection.h"
#include "sim/server_loop.h"

namespace tokamark::calibration {

namespace {

using base::Error;
using base::ErrorKind;
using PeerId = std::uint64_t;

constexpr PeerId kListener = 0;
constexpr PeerId kTimer = 1;
constexpr int kLongestWaitMs = 100;
constexpr int kEventsPerWait = 64;
/// Tokens written before new requests are looked at again.
constexpr int kEmissionsPerTurn = 256;
/// Longest answer that a request may ask for.
constexpr std::uint64_t kMostTokens = 1'000'000;
constexpr const char* kModels = R"({"object":"list","data":[{"id":"null","object":"model",)"
                                R"("created":1764000000,"owned_by":"tokamark"}]})";

void become_undisturbed() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 1) {
    int last = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) last = cpu;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    (void)::sched_setaffinity(0, sizeof one, &one);
  }
  sched_param parameter{};
  parameter.sched_priority = 1;
  (void)::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameter);
}

/// Client and server of a calibration share one process's descriptors.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

base::TimePoint first_due(const NullEngineOptions& options, base::TimePoint origin,
                          base::TimePoint arrival, std::uint64_t stream) {
  const base::TimePoint least = arrival + options.first_token;
  if (options.bursts == 0) return least;
  const base::Nanos gap = options.token_gap * options.tokens_per_chunk;
  const base::TimePoint start =
      origin + gap * static_cast<std::int64_t>(stream % options.bursts) / options.bursts;
  if (least <= start) return start;
  return start + gap * ((least - start + gap - base::Nanos(1)) / gap);
}

/// Listener, connections and the heap of due tokens; used by the engine's thread alone once it
/// runs.
class NullEngine::Loop {
 public:
  explicit Loop(const NullEngineOptions& options)
      : options_(options),
        chat_(Route::chat, options.tokens_per_chunk),
        text_(Route::completions, options.tokens_per_chunk),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    watch(timer_.get(), kTimer, EPOLL_CTL_ADD, EPOLLIN);
  }

  base::Result<std::uint16_t> listen() {
    if (!options_.truth_file.empty()) {
      TOKAMARK_TRY(log_, sim::TruthLog::open(options_.truth_file));
    }
    raise_file_limit();
    listener_ = sim::OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    (void)::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    const bool good = ::inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) == 1;
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (!good || ::bind(listener_.get(), generic, size) != 0 ||
        ::listen(listener_.get(), 8192) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      return Error{
          ErrorKind::engine,
          fmt::format("cannot listen on {}:{}: {}; choose another host or port", options_.host,
                      options_.port, good ? std::strerror(errno) : "not an IPv4 address")};
    }
    net::enable_receive_stamps(listener_.get());  // what it accepts inherits this
    watch(listener_.get(), kListener, EPOLL_CTL_ADD, EPOLLIN);
    return ntohs(address.sin_port);
  }

  void run(const std::atomic<bool>& stop) {
    become_undisturbed();
    origin_ = base::now();
    while (!stop.load(std::memory_order_relaxed)) {
      arm_timer();
      std::array<epoll_event, kEventsPerWait> events;
      const bool due = !due_.empty() && due_.top().at <= base::now();
      const int timeout = due ? 0 : kLongestWaitMs;
      const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerWait, timeout);
      for (int i = 0; i < count; ++i) dispatch(events[static_cast<std::size_t>(i)]);
      emit_due();
      if (count == 0 && due_.empty()) (void)log_.flush();
    }
    for (auto& [id, peer] : peers_) {
      if (peer.busy) keep(peer, sim::Outcome::aborted);
    }
  }

  base::Result<std::vector<sim::TruthRecord>> take_truth() {
    TOKAMARK_TRY_VOID(log_.flush());
    return std::move(truth_);
  }

 private:
  struct Peer {
    explicit Peer(int fd) : http(std::make_unique<sim::HttpConnection>(fd)) {}
    std::unique_ptr<sim::HttpConnection> http;
    bool busy = false;
    bool usage = false;
    bool waits_for_room = false;
    const NullWire* wire = nullptr;
    std::uint32_t tokens = 0;  ///< of the whole answer
    std::uint32_t emitted = 0;
    base::TimePoint arrival;  ///< of the newest bytes at this host, by the kernel where it says
    base::TimePoint due;
    sim::TruthRecord truth;
  };
  struct Due {
    base::TimePoint at;
    PeerId peer;
    bool operator>(const Due& other) const {
      return at != other.at ? at > other.at : peer > other.peer;
    }
  };

  void watch(int fd, PeerId id, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    (void)::epoll_ctl(epoll_.get(), operation, fd, &event);
  }

  void arm_timer() {
    if (due_.empty() || due_.top().at == armed_) return;
    armed_ = due_.top().at;
    const auto at = armed_.time_since_epoch();
    itimerspec spec{};
    spec.it_value.tv_sec = static_cast<time_t>(at / std::chrono::seconds(1));
    spec.it_value.tv_nsec = static_cast<long>((at % std::chrono::seconds(1)).count());
    (void)::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void dispatch(const epoll_event& event) {
    const PeerId id = event.data.u64;
    if (id == kListener) {
      accept_all();
    } else if (id == kTimer) {
      std::uint64_t expirations = 0;
      (void)!::read(timer_.get(), &expirations, sizeof expirations);
    } else if (const auto found = peers_.find(id); found != peers_.end()) {
      Peer& peer = found->second;
      if ((event.events & EPOLLOUT) != 0U) settle(id, peer, peer.http->flush());
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0U) receive(id);
    }
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const PeerId id = next_id_++;
      peers_.emplace(id, Peer(fd));
      watch(fd, id, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP);
    }
  }

  void receive(PeerId id) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) return;
    if (read_all(found->second) == sim::Link::closed) {
      drop(id);
      return;
    }
    take_request(id, found->second);
  }

  sim::Link read_all(Peer& peer) {
    for (;;) {
      const net::Received got =
          net::receive(peer.http->fd(), read_buffer_.data(), read_buffer_.size());
      if (got.status == net::Received::Status::would_block) return sim::Link::open;
      if (got.status != net::Received::Status::bytes) return sim::Link::closed;
      const base::TimePoint now = base::now();
      (void)stamps_.refresh(now);
      peer.arrival = got.stamp_ns == 0 ? now : std::min(now, stamps_.to_monotonic(got.stamp_ns));
      if (peer.http->take({read_buffer_.data(), got.size}) == sim::Link::closed) {
        return sim::Link::closed;
      }
      if (got.size < read_buffer_.size()) return sim::Link::open;
    }
  }

  void take_request(PeerId id, Peer& peer) {
    while (!peer.busy) {
      const std::optional<sim::HttpRequest> request = peer.http->next_request();
      if (!request) {
        if (peer.http->malformed()) drop(id);
        return;
      }
      const bool chat = request->path == "/v1/chat/completions";
      if (chat || request->path == "/v1/completions") {
        begin(id, peer, *request, chat ? chat_ : text_);
        return;
      }
      const bool known = request->path == "/v1/models";
      const std::string answer = NullWire::json_answer(
          known || request->path == "/health" ? 200 : 404, known ? kModels : "{}");
      if (!settle(id, peer, peer.http->send(answer))) return;
    }
  }

  void begin(PeerId id, Peer& peer, const sim::HttpRequest& request, const NullWire& wire) {
    const auto body = nlohmann::json::parse(request.body, nullptr, false);
    const char* problem = nullptr;
    if (!body.is_object()) {
      problem = R"({"error":{"message":"the body is not a JSON object"}})";
    } else if (asked_tokens(body) > kMostTokens) {
      problem = R"({"error":{"message":"max_tokens: at most 1000000 tokens"}})";
    }
    if (problem != nullptr) {
      (void)settle(id, peer, peer.http->send(NullWire::json_answer(400, problem)));
      return;
    }
    peer.busy = true;
    peer.usage = wants_usage(body);
    peer.wire = &wire;
    peer.tokens = options_.output_tokens > 0 ? options_.output_tokens
                                             : static_cast<std::uint32_t>(asked_tokens(body));
    peer.tokens = std::max(peer.tokens, 1U);
    peer.emitted = 0;
    peer.truth = sim::TruthRecord();
    peer.truth.request_id = request.request_id;
    peer.truth.arrival = peer.arrival;
    peer.truth.prompt_tokens = 1;
    peer.truth.emissions.reserve(peer.tokens);
    peer.due = first_due(options_, origin_, peer.arrival, id);
    due_.push({peer.due, id});
    (void)settle(
        id, peer,
        peer.http->send(options_.early_role ? NullWire::head() + wire.role() : NullWire::head()));
  }

  void emit_due() {
    for (int i = 0; i < kEmissionsPerTurn && !due_.empty(); ++i) {
      const Due next = due_.top();
      if (next.at > base::now()) return;
      due_.pop();
      const auto found = peers_.find(next.peer);
      // A due time of a request that has gone is left behind by its successor's.
      if (found == peers_.end() || !found->second.busy || found->second.due != next.at) continue;
      emit(next.peer, found->second);
    }
  }

  void emit(PeerId id, Peer& peer) {
    const std::uint32_t count = std::min(options_.tokens_per_chunk, peer.tokens - peer.emitted);
    const bool first = peer.emitted == 0;
    const bool last = peer.emitted + count == peer.tokens;
    std::string_view bytes = peer.wire->tokens(count);
    if (first || last) {
      scratch_ = first && !options_.early_role ? peer.wire->role() : std::string();
      scratch_ += last ? peer.wire->last(count) : peer.wire->tokens(count);
      if (last) scratch_ += NullWire::end(peer.tokens, peer.usage);
      bytes = scratch_;
    }
    const base::TimePoint at = base::now();
    const sim::Link link = peer.http->send(bytes);
    peer.truth.emissions.insert(peer.truth.emissions.end(), count, at);
    peer.emitted += count;
    if (last) {
      peer.busy = false;
      keep(peer, sim::Outcome::finished);
    } else {
      peer.due += options_.token_gap * options_.tokens_per_chunk;
      due_.push({peer.due, id});
    }
    if (settle(id, peer, link) && last) take_request(id, peer);
  }

  /// Deals with what a write left behind; false when the peer is gone.
  bool settle(PeerId id, Peer& peer, sim::Link link) {
    if (link == sim::Link::closed) {
      drop(id);
      return false;
    }
    if (peer.http->has_unsent() != peer.waits_for_room) {
      peer.waits_for_room = !peer.waits_for_room;
      const std::uint32_t out = peer.waits_for_room ? static_cast<std::uint32_t>(EPOLLOUT) : 0U;
      watch(peer.http->fd(), id, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP | out);
    }
    return true;
  }

  void drop(PeerId id) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) return;
    if (found->second.busy) keep(found->second, sim::Outcome::aborted);
    peers_.erase(found);
  }

  void keep(Peer& peer, sim::Outcome outcome) {
    peer.truth.outcome = outcome;
    if (options_.truth_file.empty()) {
      truth_.push_back(std::move(peer.truth));
    } else {
      log_.add(peer.truth);
    }
  }

  NullEngineOptions options_;
  NullWire chat_, text_;
  sim::OwnedFd epoll_, timer_, listener_;
  base::TimePoint origin_{}, armed_{};
  PeerId next_id_ = 2;
  std::unordered_map<PeerId, Peer> peers_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::string scratch_;
  std::array<char, 16'384> read_buffer_;
  net::StampClock stamps_;
  std::vector<sim::TruthRecord> truth_;
  sim::TruthLog log_;
};

NullEngine::NullEngine(NullEngineOptions options)
    : options_(std::move(options)), loop_(std::make_unique<Loop>(options_)) {}

NullEngine::~NullEngine() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

base::Result<std::unique_ptr<NullEngine>> NullEngine::start(const NullEngineOptions& options) {
  std::unique_ptr<NullEngine> engine(new NullEngine(options));
  TOKAMARK_TRY(engine->port_, engine->loop_->listen());
  engine->thread_ = std::thread([raw = engine.get()] { raw->loop_->run(raw->stop_); });
  return engine;
}

std::string NullEngine::base_url() const {
  return fmt::format("http://{}:{}", options_.host, port_);
}

base::Result<std::vector<sim::TruthRecord>> NullEngine::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return loop_->take_truth();
}

}  // namespace tokamark::calibration
