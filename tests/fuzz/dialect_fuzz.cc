// libFuzzer target: an answer that a dialect of the simulated engine writes, drawn from the bytes,
// must be read by the load generator as what it is, however it is cut into reads.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fuzz_input.h"
#include "load/stream_reader.h"
#include "sim/dialect.h"
#include "sim/unit_profile.h"

namespace {

namespace load = tokamark::load;
namespace record = tokamark::record;
namespace sim = tokamark::sim;
using tokamark::fuzz::Input;

/// One answer, and what a client has to know of it.
struct Case {
  sim::DialectKind kind = sim::DialectKind::vllm;
  sim::Reply reply;
  std::int64_t tokens = 1;       ///< the whole answer
  std::int64_t per_event = 1;    ///< tokens in an event
  std::int64_t fails_after = 0;  ///< tokens before the engine's error; 0 = it does not fail
  std::size_t piece = 1;
};

Case draw(Input& input) {
  Case drawn;
  drawn.kind = static_cast<sim::DialectKind>(input.byte() % 4);
  const unsigned flags = input.byte();
  sim::GenerateRequest& request = drawn.reply.request;
  request.api = (flags & 1U) != 0 ? sim::Api::chat : sim::Api::completions;
  request.stream = true;
  request.include_usage = (flags & 2U) != 0;
  request.continuous_usage = (flags & 4U) != 0;
  request.return_token_ids = (flags & 8U) != 0;
  request.finish = (flags & 16U) != 0 ? sim::FinishReason::stop : sim::FinishReason::length;
  drawn.reply.done_mark = (flags & 32U) != 0 ? sim::DoneMark::left_out : sim::DoneMark::sent;
  drawn.tokens = request.output_tokens = 1 + input.byte() % 40;
  drawn.per_event = 1 + input.byte() % 5;
  if ((flags & 64U) != 0) drawn.fails_after = 1 + input.byte() % drawn.tokens;
  drawn.piece = 1 + input.byte() + 256 * (input.byte() % 16);
  request.prompt_tokens = 1 + input.byte();
  drawn.reply.cached_tokens = input.byte() % (request.prompt_tokens + 1);
  drawn.reply.id = "id-1";
  drawn.reply.model = input.take(input.byte() % 16);
  for (std::int64_t id = 0; id < request.prompt_tokens % 7; ++id) request.prompt_ids.push_back(id);
  return drawn;
}

/// Status line, events, end of body.
std::string bytes_of(const Case& drawn, Input& input) {
  sim::Profile profile = sim::unit_profile();
  profile.dialect = drawn.kind;
  const auto dialect = sim::make_dialect(profile);
  std::string out = dialect->stream_head({"Tue, 24 Nov 2026 12:00:00 GMT", sim::KeepAlive::yes});
  sim::Token token;
  for (std::int64_t index = 0; index < drawn.tokens; ++index) {
    if (drawn.fails_after == index && index > 0) {
      dialect->append_failure(drawn.reply, "it \"broke\"", out);
      return out;
    }
    token.text += " " + std::string(input.take(input.byte() % 12));
    token.index = index;
    token.id = index % 1000;
    token.last = index + 1 == drawn.tokens;
    if (!token.last && static_cast<std::int64_t>(token.earlier_ids.size()) + 1 < drawn.per_event &&
        drawn.fails_after != index + 1) {
      token.earlier_ids.push_back(token.id);
      continue;
    }
    dialect->append_token(drawn.reply, token, out);
    token = sim::Token();
  }
  return out;
}

record::RequestRecord read(const std::string& bytes, std::size_t piece,
                           load::ChunkCounting counting) {
  tokamark::protocol::StreamEventParser events;
  load::StreamReader reader(events);
  record::RequestRecord seed;
  seed.scheduled = seed.sent = tokamark::base::Nanos(0);
  reader.begin(seed, counting);
  load::ReadStamp stamp;
  tokamark::fuzz::in_pieces(bytes, piece, [&](char* data, std::size_t size) {
    stamp.time += tokamark::base::Nanos(1);
    reader.on_bytes(data, size, stamp);
    return reader.active();
  });
  if (reader.active()) reader.on_eof(stamp);
  return reader.take();
}

void check_failure(const Case& drawn, const record::RequestRecord& seen) {
  TOKAMARK_ASSERT(seen.status == record::RequestStatus::failed);
  const bool drops = drawn.kind == sim::DialectKind::tensorrt_llm;
  TOKAMARK_ASSERT(seen.error == (drops ? record::RequestError::connection_closed
                                       : record::RequestError::error_event));
  if (!drops) TOKAMARK_ASSERT(seen.error_message == "it \"broke\"");
}

void check_success(const Case& drawn, const record::RequestRecord& seen,
                   load::ChunkCounting counting) {
  const sim::GenerateRequest& request = drawn.reply.request;
  TOKAMARK_ASSERT(seen.status == record::RequestStatus::succeeded);
  TOKAMARK_ASSERT(seen.finish_reason ==
                  (request.finish == sim::FinishReason::stop ? "stop" : "length"));
  const auto events = (drawn.tokens + drawn.per_event - 1) / drawn.per_event;
  TOKAMARK_ASSERT(static_cast<std::int64_t>(seen.chunks.size()) == events);
  if (!request.include_usage) return;
  TOKAMARK_ASSERT(seen.output_tokens == drawn.tokens);
  TOKAMARK_ASSERT(seen.input_tokens == request.prompt_tokens);
  if (counting != load::ChunkCounting::continuous_usage) return;
  std::int64_t told = 0;
  for (const record::Chunk& chunk : seen.chunks) told += chunk.tokens;
  TOKAMARK_ASSERT(told == drawn.tokens);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const Case drawn = draw(input);
  const std::string bytes = bytes_of(drawn, input);
  // llama.cpp has no continuous usage; the others are asked for it as a study does.
  const sim::GenerateRequest& request = drawn.reply.request;
  const bool continuous = request.include_usage && request.continuous_usage &&
                          drawn.kind != sim::DialectKind::llama_cpp;
  const auto counting =
      continuous ? load::ChunkCounting::continuous_usage : load::ChunkCounting::one_each;
  const record::RequestRecord whole = read(bytes, bytes.size(), counting);
  const record::RequestRecord cut = read(bytes, drawn.piece, counting);
  for (const record::RequestRecord* seen : {&whole, &cut}) {
    if (drawn.fails_after > 0 && drawn.fails_after < drawn.tokens) {
      check_failure(drawn, *seen);
    } else {
      check_success(drawn, *seen, counting);
    }
  }
  TOKAMARK_ASSERT(whole.output_tokens == cut.output_tokens);
  TOKAMARK_ASSERT(whole.cached_tokens == cut.cached_tokens);
  return 0;
}
