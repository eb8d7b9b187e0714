#include "sim/service.h"

#include <algorithm>
#include <utility>

#include "sim/service_internal.h"

namespace tokamark::sim {
namespace {

Problem problem_of(Problem::Kind kind) { return {kind, {}, {}, 0, 0, 0}; }

}  // namespace

Service::Service(ServiceOptions options, TruthLog truth, ReplySink& sink)
    : options_(std::move(options)),
      dialect_(make_dialect(options_.profile)),
      rules_(dialect_->body_rules()),
      facts_{&options_.profile, options_.served_model, wall_seconds()},
      plan_(options_.faults, options_.fault_seed),
      steps_(options_.profile, options_.speed, plan_.step_warp()),
      latencies_(options_.profile.dialect),
      truth_(std::move(truth)),
      sink_(sink) {
  rules_.served_model = options_.served_model;
  rules_.context_limit = options_.profile.context_limit;
}

Service::~Service() {
  for (auto& [id, active] : active_) {
    active.truth.outcome = Outcome::aborted;
    truth_.add(active.truth);
  }
  // A destructor has nobody to tell; callers that care flush before.
  static_cast<void>(truth_.flush());
}

void Service::handle(ConnectionId connection, const HttpRequest& request, base::TimePoint now) {
  if (!ready_) {
    answer(connection, dialect_->problem_answer(problem_of(Problem::Kind::loading), facts_),
           request.keep_alive);
    return;
  }
  const bool chat = request.path == "/v1/chat/completions";
  if (chat || request.path == "/v1/completions") {
    if (request.method == "POST") {
      generate(connection, chat ? Api::chat : Api::completions, request, now);
    } else {
      answer(connection, dialect_->problem_answer(problem_of(Problem::Kind::wrong_method), facts_),
             request.keep_alive);
    }
    return;
  }
  small_route(connection, request);
}

void Service::reject_malformed(ConnectionId connection) {
  answer(connection, {400, "text/plain; charset=utf-8", "Invalid HTTP request received."},
         KeepAlive::no);
}

void Service::disconnected(ConnectionId connection, base::TimePoint) {
  const auto found = by_connection_.find(connection);
  if (found == by_connection_.end()) return;
  const SequenceId id = found->second;
  steps_.abort(id);
  const auto active = active_.find(id);
  active->second.truth.outcome = Outcome::aborted;
  truth_.add(active->second.truth);
  active_.erase(active);
  std::erase(slow_heads_, id);
  by_connection_.erase(found);
}

std::optional<base::TimePoint> Service::next_due() const {
  std::optional<base::TimePoint> due = steps_.next_due();
  for (const SequenceId id : slow_heads_) {
    const base::TimePoint slow = active_.at(id).slow_due;
    due = due ? std::min(*due, slow) : slow;
  }
  return due;
}

void Service::run_due(base::TimePoint now) {
  write_slow_heads(now);
  const Turn turn = steps_.advance(now);
  for (const SequenceId id : turn.admitted) {
    Active& active = active_.at(id);
    active.admitted = now;
    if (dialect_->headers_at() == HeadersAt::admission) send_head(id, active, now);
  }
  for (const base::Nanos wait : turn.waits) latencies_.queue.observe(wait);
  for (const Emission& emission : turn.emissions) emit(emission, now);
}

void Service::generate(ConnectionId connection, Api api, const HttpRequest& request,
                       base::TimePoint now) {
  auto parsed = parse_generate(request.body, api, rules_);
  if (!parsed) {
    answer(connection, dialect_->problem_answer(parsed.error(), facts_), request.keep_alive);
    return;
  }
  const SequenceId id = next_id_++;
  const RequestFaults faults = plan_.of_request(id);
  if (faults.status) {
    answer(connection, dialect_->failure_answer(*faults.status, "planted fault"),
           request.keep_alive);
    return;
  }
  const SequenceRequest sequence = plant(id, faults, parsed.value());
  if (const auto fits = steps_.check(sequence); !fits) {
    Problem problem = problem_of(Problem::Kind::refused);
    problem.detail = fits.error().message;
    answer(connection, dialect_->problem_answer(problem, facts_), request.keep_alive);
    return;
  }
  Active active;
  active.connection = connection;
  active.reply = {dialect_->response_id(api, id),
                  wall_seconds(),
                  options_.served_model,
                  std::move(parsed.value()),
                  sequence.cached_tokens,
                  faults.usage_factor,
                  faults.no_done == Struck::yes ? DoneMark::left_out : DoneMark::sent};
  active.faults = faults;
  active.keep_alive = request.keep_alive;
  active.admitted = now;
  active.truth.request_id = request.request_id;
  active.truth.arrival = now;
  active.truth.prompt_tokens = sequence.prompt_tokens;
  if (active.reply.request.stream) {
    active.truth.emissions.reserve(static_cast<std::size_t>(sequence.output_tokens));
  }
  Active& placed = active_.emplace(id, std::move(active)).first->second;
  by_connection_[connection] = id;
  if (faults.unanswered == Struck::yes) return;
  if (dialect_->headers_at() == HeadersAt::arrival) send_head(id, placed, now);
  if (faults.role == RolePlace::at_arrival) send_role(id, placed, now);
  steps_.arrive(sequence, now);
}

SequenceRequest Service::plant(SequenceId id, const RequestFaults& faults,
                               GenerateRequest& request) const {
  if (faults.unstreamed == Struck::yes) request.stream = false;
  SequenceRequest sequence{id, request.prompt_tokens, request.output_tokens, 0};
  const double cached = faults.cached_share * static_cast<double>(request.prompt_tokens);
  sequence.cached_tokens = std::min(static_cast<std::int64_t>(cached), request.prompt_tokens - 1);
  if (faults.fewer_tokens > 0 || faults.one_token == Struck::yes) {
    const std::int64_t left = request.output_tokens - faults.fewer_tokens;
    sequence.output_tokens = faults.one_token == Struck::yes ? 1 : std::max<std::int64_t>(left, 1);
    request.finish = FinishReason::stop;
  }
  sequence.output_tokens += faults.more_tokens;
  // An answer that the limits do not let grow stays as it was asked for.
  if (faults.more_tokens > 0 && !steps_.check(sequence)) {
    sequence.output_tokens -= faults.more_tokens;
  }
  request.output_tokens = sequence.output_tokens;
  return sequence;
}

void Service::small_route(ConnectionId connection, const HttpRequest& request) {
  if (request.path == "/v1/models" && request.method == "GET") {
    const Answer models{200, {}, dialect_->models_body(facts_)};
    answer(connection, models, request.keep_alive);
    return;
  }
  if ((request.path == "/tokenize" || request.path == "/v1/tokenize") && request.method == "POST") {
    tokenize(connection, request);
    return;
  }
  EngineCounters counters = plan_.shown(steps_.counters());
  counters.latencies = latencies_;
  const std::optional<Answer> own =
      dialect_->own_route(request.method, request.path, facts_, counters);
  answer(connection,
         own ? *own : dialect_->problem_answer(problem_of(Problem::Kind::no_route), facts_),
         request.keep_alive);
}

void Service::tokenize(ConnectionId connection, const HttpRequest& request) {
  const auto ids = parse_tokenize(request.body);
  const Answer reply = ids ? Answer{200, {}, dialect_->tokenize_body(ids.value(), facts_)}
                           : dialect_->problem_answer(ids.error(), facts_);
  answer(connection, reply, request.keep_alive);
}

void Service::answer(ConnectionId connection, const Answer& answer, KeepAlive keep_alive) {
  sink_.send(connection, dialect_->answer_bytes(answer, head_context(keep_alive)));
  sink_.finished(connection, keep_alive);
}

}  // namespace tokamark::sim
