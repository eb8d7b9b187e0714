#pragma once

#include "sim/profile.h"

namespace tokamark::sim {

/// A profile for tests whose times can be added up by hand: 1 ms a step plus 1 microsecond a token
/// computed; nothing else costs anything. 16 tokens a step, 4 sequences, a cache of 1000 tokens.
inline Profile unit_profile() {
  Profile profile;
  profile.name = "unit";
  profile.default_model = "unit";
  profile.model.layer_parameters_per_token = 500;  // 1000 FLOPs a token
  profile.context_limit = 1000;
  profile.gpu = {1e9, 1e9};
  profile.engine.step_overhead = std::chrono::milliseconds{1};
  profile.engine.kv_capacity_tokens = 1000;
  profile.engine.tokens_per_step = 16;
  profile.engine.max_sequences = 4;
  return profile;
}

}  // namespace tokamark::sim
