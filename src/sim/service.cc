#include "sim/service.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "base/assert.h"

namespace tokamark::sim {
namespace {

std::int64_t wall_seconds() { return static_cast<std::int64_t>(std::time(nullptr)); }

HeadContext head_context(KeepAlive keep_alive) {
  return {fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::time(nullptr))), keep_alive};
}

Problem problem_of(Problem::Kind kind) { return {kind, {}, {}, 0, 0, 0}; }

}  // namespace

Service::Service(ServiceOptions options, TruthLog truth, ReplySink& sink)
    : options_(std::move(options)),
      dialect_(make_dialect(options_.profile)),
      rules_(dialect_->body_rules()),
      facts_{&options_.profile, options_.served_model, wall_seconds()},
      steps_(options_.profile, options_.speed),
      truth_(std::move(truth)),
      sink_(sink) {
  rules_.served_model = options_.served_model;
  rules_.context_limit = options_.profile.model.context_limit;
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
  by_connection_.erase(found);
}

void Service::run_due(base::TimePoint now) {
  const Turn turn = steps_.advance(now);
  for (const SequenceId id : turn.admitted) {
    Active& active = active_.at(id);
    active.admitted = now;
    const bool head_due = dialect_->headers_at() == HeadersAt::admission;
    if (head_due && active.reply.request.stream) send_head(active);
  }
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
  const SequenceRequest sequence{id, parsed.value().prompt_tokens, parsed.value().output_tokens, 0};
  if (const auto fits = steps_.check(sequence); !fits) {
    Problem problem = problem_of(Problem::Kind::refused);
    problem.detail = fits.error().message;
    answer(connection, dialect_->problem_answer(problem, facts_), request.keep_alive);
    return;
  }
  Active active;
  active.connection = connection;
  active.reply = {dialect_->response_id(api, id), wall_seconds(), options_.served_model,
                  std::move(parsed.value()), sequence.cached_tokens};
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
  if (dialect_->headers_at() == HeadersAt::arrival && placed.reply.request.stream) {
    send_head(placed);
  }
  steps_.arrive(sequence, now);
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
  const std::optional<Answer> own =
      dialect_->own_route(request.method, request.path, facts_, steps_.counters());
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

void Service::send_head(Active& active) {
  active.head_sent = true;
  sink_.send(active.connection, dialect_->stream_head(head_context(active.keep_alive)));
}

void Service::emit(const Emission& emission, base::TimePoint now) {
  Active& active = active_.at(emission.id);
  if (emission.token_index == 0) active.first_token = now;
  const Token token = make_token(active, emission, now);
  scratch_.clear();
  if (active.reply.request.stream) {
    if (!active.head_sent) {
      scratch_ = dialect_->stream_head(head_context(active.keep_alive));
      active.head_sent = true;
    }
    dialect_->append_token(active.reply, token, scratch_);
    active.truth.emissions.push_back(sink_.send(active.connection, scratch_));
  } else {
    active.whole_text += token.text;
    if (token.last) {
      const Answer whole{200, {}, dialect_->whole_body(active.reply, token, active.whole_text)};
      scratch_ = dialect_->answer_bytes(whole, head_context(active.keep_alive));
      const base::TimePoint sent = sink_.send(active.connection, scratch_);
      active.truth.emissions.assign(static_cast<std::size_t>(token.index + 1), sent);
    }
  }
  if (token.last) finish(emission.id);
}

void Service::finish(SequenceId id) {
  const auto found = active_.find(id);
  TOKAMARK_ASSERT(found != active_.end());
  const Active active = std::move(found->second);
  active_.erase(found);
  by_connection_.erase(active.connection);
  truth_.add(active.truth);
  sink_.finished(active.connection, active.keep_alive);
}

Token Service::make_token(const Active& active, const Emission& emission,
                          base::TimePoint now) const {
  const GeneratedText text(active.reply.request.text_seed);
  Token token;
  token.index = emission.token_index;
  token.id = text.id(emission.token_index);
  token.text = text.text(emission.token_index);
  token.last = emission.last;
  token.now_s = wall_seconds();
  token.prompt_time = active.first_token - active.admitted;
  token.predicted_time = now - active.first_token;
  return token;
}

}  // namespace tokamark::sim
