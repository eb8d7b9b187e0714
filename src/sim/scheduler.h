#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/error.h"
#include "sim/profile.h"
#include "sim/roofline.h"

namespace tokamark::sim {

/// Names one request inside the simulated engine.
using SequenceId = std::uint64_t;

/// One request as the scheduler sees it.
struct SequenceRequest {
  SequenceId id = 0;
  std::int64_t prompt_tokens = 0;  ///< >= 1
  std::int64_t output_tokens = 0;  ///< >= 1, exactly this many are generated
  std::int64_t cached_tokens = 0;  ///< head of the prompt that needs no prefill; < prompt_tokens
};

/// One token that appears at the end of a step.
struct Emission {
  SequenceId id = 0;
  std::int64_t token_index = 0;  ///< 0-based
  bool last = false;             ///< the sequence is finished and has left the engine
};

/// Continuous batching without a clock: what the next step holds, how long it takes by the
/// roofline, and which tokens it yields. First come, first served; deterministic; not thread-safe.
///
/// Use: `submit` at any time, then `begin_step` and `end_step` in turn. A request submitted between
/// the two enters at the next step; one aborted between them yields nothing, and the step's length
/// stays as it was.
class Scheduler {
 public:
  explicit Scheduler(Profile profile);

  /// Whether the request can ever run: prompt plus output within the context limit and the KV
  /// cache, and for whole-prompt prefill the prompt within one step. The error (kind `engine`)
  /// names the limit.
  [[nodiscard]] base::Result<void> check(const SequenceRequest& request) const;

  /// Queues the request. Asserts that `check` accepts it and that the id is not in use.
  void submit(const SequenceRequest& request);

  /// Removes the request wherever it is and frees its cache; unknown ids are ignored.
  void abort(SequenceId id);

  /// Plans the next step and returns its time; nothing when no request is left.
  std::optional<StepTime> begin_step();

  /// Applies the planned step; its tokens in batch order.
  std::vector<Emission> end_step();

  /// The work of the step planned last.
  [[nodiscard]] const StepWork& work() const { return work_; }
  /// The sequences that the step planned last took from the queue.
  [[nodiscard]] const std::vector<SequenceId>& entered() const { return entered_; }
  [[nodiscard]] std::int64_t running() const;
  [[nodiscard]] std::int64_t waiting() const;
  /// Cache tokens held: used or, with `Admission::reserve_output`, promised.
  [[nodiscard]] std::int64_t kv_tokens_held() const { return kv_held_; }
  [[nodiscard]] std::int64_t preemptions() const { return preemptions_; }
  [[nodiscard]] const Profile& profile() const { return profile_; }

 private:
  struct Sequence {
    SequenceRequest request;
    std::int64_t computed = 0;        ///< tokens in the cache
    std::int64_t prefill_target = 0;  ///< decoding once `computed` has reached it
    std::int64_t held = 0;            ///< cache tokens held
    std::int64_t generated = 0;
    std::int64_t step_tokens = 0;  ///< tokens computed in the planned step
    [[nodiscard]] bool prefilling() const { return computed < prefill_target; }
  };
  enum class Preempted { no, yes };

  Preempted plan_decodes(std::int64_t& budget);
  void plan_prefills(std::int64_t& budget);
  void admit_waiting(std::int64_t& budget);
  void plan_chunk(Sequence& sequence, std::int64_t& budget);
  Preempted make_room_for(std::size_t index);
  void preempt_newest();
  [[nodiscard]] std::int64_t admission_need(const Sequence& sequence) const;

  Profile profile_;
  std::vector<Sequence> running_;  ///< oldest admission first
  std::deque<Sequence> waiting_;
  StepWork work_;
  std::vector<SequenceId> entered_;
  std::int64_t kv_held_ = 0;
  std::int64_t preemptions_ = 0;
  bool in_step_ = false;
};

}  // namespace tokamark::sim
