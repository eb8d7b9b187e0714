#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tokamark::workload {

/// How requests are released (methodology M5).
enum class LoadKind {
  closed,  ///< exactly `concurrency` requests in flight; the next starts when one ends
  open,    ///< requests start at their scheduled instants, whatever the server does
};

/// Gap distribution of an open load.
enum class Arrivals { constant, poisson, gamma };

/// The word used in files: "constant", "poisson" or "gamma".
const char* to_word(Arrivals arrivals);

/// One load level. For `closed` only `concurrency` counts, for `open` the rest.
struct LoadShape {
  LoadKind kind = LoadKind::closed;
  std::uint32_t concurrency = 1;
  double rate_per_s = 0.0;
  Arrivals arrivals = Arrivals::poisson;
  double gamma_cv = 1.0;  ///< coefficient of variation of gamma gaps; 1 is Poisson

  /// "c=8" or "rate=4/s": for tables, file names and seeds.
  [[nodiscard]] std::string label() const;
};

/// One prompt as it will be rendered into a request body.
struct Prompt {
  std::string category;            ///< "short", "code", ...; "synthetic" when generated
  std::string text;                ///< UTF-8 user text; empty when `messages_json` is set
  std::string messages_json;       ///< a JSON array of chat messages, or empty
  std::uint32_t input_tokens = 0;  ///< asked length of a synthetic prompt; 0 = not stated
};

/// One planned request.
struct PlannedRequest {
  base::Nanos offset{0};            ///< open load: due time after the start; closed load: 0
  std::uint32_t prompt = 0;         ///< index into Schedule::prompts
  std::uint32_t output_tokens = 0;  ///< asked output length
};

/// Whether each request starts with its own few random words, so that no two requests share a
/// prompt prefix (methodology M9).
enum class Salting { off, on };

/// What a trial plays: immutable, made before the run from a seed, stored and hashed
/// (methodology M1). An open load plays `requests` once, in order of `offset`. A closed load plays
/// them in order and starts over when it reaches the end; the salt of request i counts laps, so a
/// repeated prompt still has an unseen prefix.
struct Schedule {
  LoadShape load;
  std::uint64_t seed = 0;
  Salting salting = Salting::on;
  std::vector<Prompt> prompts;
  std::vector<PlannedRequest> requests;

  /// The salt of the `sequence`-th request played (0-based, laps included): `kSaltWords` words
  /// and a trailing space, or "" when salting is off. Deterministic in (seed, sequence).
  [[nodiscard]] std::string salt(std::uint64_t sequence) const;

  /// The canonical JSON text of the schedule, one request a line; the stored file and the input
  /// of the hash.
  [[nodiscard]] std::string canonical_text() const;
};

/// Words in a salt: 4 out of 1,024 words make 2^40 prefixes.
inline constexpr std::uint32_t kSaltWords = 4;

}  // namespace tokamark::workload
