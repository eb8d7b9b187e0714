// libFuzzer target: any bytes as the body of a request to the simulated engine, in each dialect.
// What it accepts keeps the limits; what it refuses, the load generator can tell the reason of.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "fuzz_input.h"
#include "load/stream_reader.h"
#include "sim/dialect.h"
#include "sim/request_body.h"
#include "sim/unit_profile.h"

namespace {

namespace load = tokamark::load;
namespace record = tokamark::record;
namespace sim = tokamark::sim;

constexpr std::int64_t kContextLimit = 100;

void check_accepted(const sim::GenerateRequest& request, sim::Api api) {
  TOKAMARK_ASSERT(request.api == api);
  TOKAMARK_ASSERT(request.prompt_tokens >= 1 && request.output_tokens >= 1);
  TOKAMARK_ASSERT(request.prompt_tokens + request.output_tokens <= kContextLimit);
  TOKAMARK_ASSERT(request.return_token_ids || request.prompt_ids.empty());
}

/// The answer to a refused request as the load generator reads it.
void check_refusal(const sim::Dialect& dialect, const sim::Problem& problem,
                   const sim::ServerFacts& facts) {
  const sim::Answer answer = dialect.problem_answer(problem, facts);
  TOKAMARK_ASSERT(answer.status >= 400 && answer.status < 500);
  TOKAMARK_ASSERT(nlohmann::json::accept(answer.body));
  const std::string bytes =
      dialect.answer_bytes(answer, {"Tue, 24 Nov 2026 12:00:00 GMT", sim::KeepAlive::yes});
  tokamark::protocol::StreamEventParser events;
  load::StreamReader reader(events);
  reader.begin({}, load::ChunkCounting::one_each);
  tokamark::fuzz::in_pieces(bytes, 600, [&](char* data, std::size_t size) {
    reader.on_bytes(data, size, {});
    return reader.active();
  });
  TOKAMARK_ASSERT(!reader.active() && reader.keep_alive());
  const record::RequestRecord seen = reader.take();
  TOKAMARK_ASSERT(seen.error == record::RequestError::http_status);
  TOKAMARK_ASSERT(seen.http_status == answer.status && !seen.error_message.empty());
}

void check_body(std::string_view body, sim::DialectKind kind, sim::Api api) {
  sim::Profile profile = sim::unit_profile();
  profile.dialect = kind;
  const auto dialect = sim::make_dialect(profile);
  sim::BodyRules rules = dialect->body_rules();
  rules.served_model = "m";
  rules.context_limit = kContextLimit;
  const auto request = sim::parse_generate(body, api, rules);
  if (request.has_value()) {
    check_accepted(request.value(), api);
  } else {
    check_refusal(*dialect, request.error(), {&profile, rules.served_model, 0});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = tokamark::fuzz::Input(data, size).rest();
  for (const auto kind : {sim::DialectKind::vllm, sim::DialectKind::sglang,
                          sim::DialectKind::tensorrt_llm, sim::DialectKind::llama_cpp}) {
    check_body(body, kind, sim::Api::chat);
    check_body(body, kind, sim::Api::completions);
  }
  TOKAMARK_ASSERT(!sim::parse_tokenize(body).has_value() || nlohmann::json::accept(body));
  return 0;
}
