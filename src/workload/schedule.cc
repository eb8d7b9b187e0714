#include "workload/schedule.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "workload/words.h"

namespace tokamark::workload {

namespace {

using Json = nlohmann::ordered_json;

/// Layout version of the canonical text; part of what is hashed.
constexpr int kScheduleVersion = 1;

constexpr std::uint32_t kHalfBits = 20;
constexpr std::uint64_t kHalfMask = (1ULL << kHalfBits) - 1;

/// A keyed bijection on 40 bits (four Feistel rounds), so that different sequence numbers never
/// share a salt before 2^40 requests. Independent draws would collide by the birthday rule: with
/// a chance of one half after about 1.2 million requests.
std::uint64_t permute_40_bits(std::uint64_t key, std::uint64_t value) {
  std::uint64_t left = (value >> kHalfBits) & kHalfMask;
  std::uint64_t right = value & kHalfMask;
  for (std::uint64_t round = 0; round < 4; ++round) {
    base::Rng mix(key ^ (round << kHalfBits | right) * 0x9e3779b97f4a7c15ULL);
    const std::uint64_t next = left ^ (mix.next() & kHalfMask);
    left = right;
    right = next;
  }
  return left << kHalfBits | right;
}

Json load_json(const LoadShape& load) {
  Json json;
  if (load.kind == LoadKind::closed) {
    json["kind"] = "closed";
    json["concurrency"] = load.concurrency;
    return json;
  }
  json["kind"] = "open";
  json["rate_per_s"] = load.rate_per_s;
  json["arrivals"] = to_word(load.arrivals);
  if (load.arrivals == Arrivals::gamma) json["gamma_cv"] = load.gamma_cv;
  return json;
}

Json prompt_json(const Prompt& prompt) {
  Json json;
  json["category"] = prompt.category;
  if (prompt.messages_json.empty()) {
    json["text"] = prompt.text;
  } else {
    json["messages_json"] = prompt.messages_json;
  }
  if (prompt.input_tokens != 0) json["input_tokens"] = prompt.input_tokens;
  return json;
}

/// Prompts are checked to be UTF-8 when they are read; `replace` only keeps this from throwing on
/// a schedule that was made by hand.
void append_line(std::string& text, const Json& json) {
  text += json.dump(-1, ' ', false, Json::error_handler_t::replace);
  text += '\n';
}

}  // namespace

const char* to_word(Arrivals arrivals) {
  switch (arrivals) {
    case Arrivals::constant:
      return "constant";
    case Arrivals::poisson:
      return "poisson";
    case Arrivals::gamma:
      break;
  }
  return "gamma";
}

std::string LoadShape::label() const {
  if (kind == LoadKind::closed) return fmt::format("c={}", concurrency);
  return fmt::format("rate={}/s", rate_per_s);
}

std::string Schedule::salt(std::uint64_t sequence) const {
  if (salting == Salting::off) return {};
  std::uint64_t bits = permute_40_bits(base::derive_seed(seed, "salt"), sequence);
  std::string text;
  for (std::uint32_t i = 0; i < kSaltWords; ++i) {
    text += word(bits % kWordCount);
    text += ' ';
    bits /= kWordCount;
  }
  return text;
}

std::string Schedule::canonical_text() const {
  Json header;
  header["version"] = kScheduleVersion;
  header["seed"] = seed;
  header["load"] = load_json(load);
  header["salting"] = salting == Salting::on ? "on" : "off";
  header["prompts"] = prompts.size();
  header["requests"] = requests.size();
  std::string text;
  append_line(text, header);
  for (const Prompt& prompt : prompts) append_line(text, prompt_json(prompt));
  for (const PlannedRequest& request : requests) {
    text += fmt::format("{{\"offset_ns\":{},\"prompt\":{},\"output_tokens\":{}}}\n",
                        request.offset.count(), request.prompt, request.output_tokens);
  }
  return text;
}

}  // namespace tokamark::workload
