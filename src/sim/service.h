#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "sim/dialect.h"
#include "sim/fault_plan.h"
#include "sim/http_connection.h"
#include "sim/step_loop.h"
#include "sim/text.h"
#include "sim/truth_log.h"

namespace tokamark::sim {

using ConnectionId = std::uint64_t;

/// Where the service's bytes go. The socket loop is one, tests have another.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  /// Sends the bytes; returns the time read just before the write.
  virtual base::TimePoint send(ConnectionId connection, std::string_view bytes) = 0;
  /// The answer is complete; the connection may bring its next request, or close.
  virtual void finished(ConnectionId connection, KeepAlive keep_alive) = 0;
  /// Ends the connection at once with a TCP reset; `disconnected` follows.
  virtual void reset(ConnectionId connection) = 0;
};

/// What a service is made of.
struct ServiceOptions {
  Profile profile;
  std::string served_model;
  double speed = 1.0;
  std::vector<FaultSpec> faults = {};  ///< planted
  std::uint64_t fault_seed = 1;        ///< decides which requests are struck
};

/// The simulated engine between parsed requests and bytes: routes, admission to the step loop,
/// token emission, truth records. No sockets and no monotonic clock of its own. One thread.
class Service {
 public:
  /// `sink` must outlive the service.
  Service(ServiceOptions options, TruthLog truth, ReplySink& sink);
  /// Requests still open are recorded as aborted.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Until this call every route answers that the model is loading.
  void set_ready() { ready_ = true; }
  /// One request of a connection; its predecessor on that connection has been answered.
  void handle(ConnectionId connection, const HttpRequest& request, base::TimePoint now);
  /// The input of the connection was not HTTP.
  void reject_malformed(ConnectionId connection);
  /// The client is gone: its request, if any, is aborted and its cache is free.
  void disconnected(ConnectionId connection, base::TimePoint now);

  /// When `run_due` has something to do; nothing when idle.
  [[nodiscard]] std::optional<base::TimePoint> next_due() const;
  /// Does what is due at `now`; at most one step ends.
  void run_due(base::TimePoint now);

  /// Writes waiting truth records; errors have kind `output`.
  base::Result<void> flush_truth() { return truth_.flush(); }
  [[nodiscard]] EngineCounters counters() const { return steps_.counters(); }

 private:
  struct Active {
    ConnectionId connection = 0;
    Reply reply;
    KeepAlive keep_alive = KeepAlive::yes;
    RequestFaults faults;
    bool head_sent = false;  ///< or waits in `pending`
    base::TimePoint admitted;
    base::TimePoint first_token;
    base::TimePoint last_token;
    std::string whole_text;  ///< only without streaming
    TruthRecord truth;
    std::string pending;  ///< bytes of the next write
    std::int64_t pending_events = 0;
    std::int64_t pending_tokens = 0;  ///< not written yet, those in `bundled_ids` included
    std::string bundled_text;         ///< of tokens that wait for the rest of their event
    std::vector<std::int64_t> bundled_ids;
    std::int64_t bytes_sent = 0;
    bool silent = false;    ///< nothing is written any more
    bool ended = false;     ///< finished once `pending` is written
    std::string slow_head;  ///< header bytes that are still to be written, one by one
    base::TimePoint slow_due;
    base::Nanos slow_gap{0};
  };
  enum class Stays { as_asked, closed };

  void generate(ConnectionId connection, Api api, const HttpRequest& request, base::TimePoint now);
  void small_route(ConnectionId connection, const HttpRequest& request);
  void tokenize(ConnectionId connection, const HttpRequest& request);
  void answer(ConnectionId connection, const Answer& answer, KeepAlive keep_alive);
  [[nodiscard]] SequenceRequest plant(SequenceId id, const RequestFaults& faults,
                                      GenerateRequest& request) const;
  void send_head(SequenceId id, Active& active, base::TimePoint now);
  void send_role(SequenceId id, Active& active, base::TimePoint now);
  void emit(const Emission& emission, base::TimePoint now);
  void observe(const Emission& emission, Active& active, base::TimePoint now);
  void append_event(Active& active, Token token);
  void append_whole(Active& active, const Token& token);
  [[nodiscard]] bool broke_off(const Emission& emission, Active& active, base::TimePoint now);
  void fail(SequenceId id, Active& active);
  void write(SequenceId id, Active& active, base::TimePoint now);
  base::TimePoint send(Active& active, std::string_view bytes);
  void write_slow_heads(base::TimePoint now);
  void finish(SequenceId id, Outcome outcome, Stays stays);
  [[nodiscard]] Token make_token(const Active& active, const Emission& emission,
                                 base::TimePoint now) const;

  ServiceOptions options_;
  std::unique_ptr<Dialect> dialect_;
  BodyRules rules_;
  ServerFacts facts_;
  FaultPlan plan_;
  StepLoop steps_;
  Latencies latencies_;
  TruthLog truth_;
  ReplySink& sink_;
  bool ready_ = false;
  SequenceId next_id_ = 1;
  std::unordered_map<SequenceId, Active> active_;
  std::unordered_map<ConnectionId, SequenceId> by_connection_;
  std::vector<SequenceId> slow_heads_;  ///< requests with a `slow_head`
};

}  // namespace tokamark::sim
