#include "sim/roofline.h"

#include <algorithm>

#include "base/assert.h"

namespace tokamark::sim {

StepTime step_time(const Profile& profile, const StepWork& work) {
  const EngineFacts& engine = profile.engine;
  TOKAMARK_ASSERT(engine.memory_efficiency > 0 && engine.compute_efficiency > 0);
  StepTime time;
  time.memory = base::from_seconds(roofline::bytes_read(profile.model, work) /
                                   (profile.gpu.memory_bytes_per_s * engine.memory_efficiency));
  time.compute = base::from_seconds(roofline::flops(profile.model, work) /
                                    (profile.gpu.flops_per_s * engine.compute_efficiency));
  time.total = std::max(time.memory, time.compute) + engine.step_overhead;
  return time;
}

base::Nanos calibrated_overhead(const Profile& profile, double tokens_per_s, std::int64_t context) {
  Profile bare = profile;
  bare.engine.step_overhead = base::Nanos{0};
  StepWork work;
  work.add_decode(context);
  const base::Nanos overhead = base::from_seconds(1.0 / tokens_per_s) - step_time(bare, work).total;
  TOKAMARK_ASSERT(overhead >= base::Nanos{0});
  return overhead;
}

}  // namespace tokamark::sim
