#include "doctor/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <list>
#include <map>
#include <set>

#include "doctor/arms.h"
#include "doctor/container_checks.h"
#include "doctor/engine_checks.h"
#include "doctor/gpu_checks.h"
#include "doctor/host_needs.h"
#include "doctor/known_broken.h"
#include "doctor/memory_check.h"
#include "doctor/model_checks.h"
#include "engine/launch_line.h"
#include "probe/host_facts.h"

namespace tokamark::doctor {

namespace {

namespace fs = std::filesystem;

void append(std::vector<Check>& checks, std::vector<Check> more) {
  for (Check& check : more) checks.push_back(std::move(check));
}

/// Engines that read weights on this machine.
bool loads_weights(const engine::EngineSpec& spec) {
  return spec.kind != "openai" && spec.kind != "simulated";
}

double total_memory_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0 ? static_cast<double>(pages) * static_cast<double>(size) : 0.0;
}

/// Everything that is known of one engine of the plan.
struct Visited {
  const engine::EngineSpec* spec = nullptr;
  EngineFindings found;
};

/// Engines that load the same weights from the same place.
struct SameWeights {
  std::vector<const Visited*> engines;
  ModelFacts facts;
};

class Examination {
 public:
  Examination(const study::Study& study, const study::Plan& plan) : study_(study), plan_(plan) {
    std::set<std::size_t> seen;
    for (const study::EngineVisit& visit : plan.visits) seen.insert(visit.engine);
    for (const std::size_t index : seen) {
      const engine::EngineSpec& spec = study.engines[index];
      engines_.push_back({&spec, find_engine(spec, study.model)});
    }
    gpus_ = read_gpu_facts();
  }

  std::vector<Check> run(const fs::path& results) {
    std::vector<Check> checks =
        probe::check_host(probe::read_host_facts(), host_needs(study_, plan_));
    append(checks, check_gpus(gpus_, gpu_needs()));
    checks.push_back(check_results_disk(free_bytes(results)));
    append(checks, containers());
    append(checks, weights());
    append(checks, each_engine());
    return checks;
  }

 private:
  [[nodiscard]] GpuNeeds gpu_needs() const {
    GpuNeeds needs;
    needs.wanted = GpuNeeds::Wanted::no;
    needs.stated = study_.hardware.gpu;
    std::vector<std::string> names;
    for (const Visited& engine : engines_) {
      if (!needs_gpu(*engine.spec, engine.found)) continue;
      needs.wanted = GpuNeeds::Wanted::yes;
      needs.gpus = std::max(needs.gpus, launch_shape(*engine.spec).gpus);
      names.push_back(engine.spec->name);
    }
    needs.engines = joined_names(names);
    return needs;
  }

  std::vector<Check> containers() {
    std::map<std::string, ContainerFacts> runtimes;
    std::vector<std::string> names;
    GpuHere gpu = GpuHere::no;
    for (Visited& engine : engines_) {
      const engine::EngineSpec& spec = *engine.spec;
      if (spec.image.empty()) continue;
      names.push_back(spec.name);
      const std::string& wanted = spec.container_runtime;
      if (runtimes.count(wanted) == 0) runtimes[wanted] = find_containers(wanted);
      const ImageFacts image = find_image(runtimes[wanted], spec.image);
      engine.found.cuda = image.cuda;
      images_[spec.name] = check_image(spec.name, runtimes[wanted], image);
      if (needs_gpu(spec, engine.found) && !gpus_.gpus.empty()) gpu = GpuHere::yes;
    }
    std::vector<Check> checks;
    for (const auto& [wanted, runtime] : runtimes) {
      append(checks, check_containers(runtime, joined_names(names), gpu));
    }
    return checks;
  }

  /// Groups the engines by what they load, and looks for it once.
  void group_weights() {
    for (const Visited& engine : engines_) {
      if (!loads_weights(*engine.spec)) continue;
      ModelFacts facts = find_model(*engine.spec, study_.model);
      const auto same = std::find_if(groups_.begin(), groups_.end(), [&](const SameWeights& group) {
        return group.facts.location == facts.location && group.facts.cache == facts.cache &&
               group.facts.offline == facts.offline;
      });
      if (same != groups_.end()) {
        same->engines.push_back(&engine);
        continue;
      }
      const bool hub = facts.form == ModelFacts::Form::hub_id && engine.spec->kind != "llama-cpp";
      if (hub && facts.held.empty() && !facts.offline) {
        facts.hub = ask_hub(facts, engine.spec->env);
      }
      groups_.push_back({{&engine}, std::move(facts)});
    }
  }

  std::vector<Check> weights() {
    group_weights();
    std::vector<Check> checks;
    for (const SameWeights& group : groups_) {
      const Visited& first = *group.engines.front();
      // The engine's own start has already named a path that is wrong.
      const bool told = group.facts.held.empty() && !group.facts.location.empty() &&
                        first.found.problem.find(group.facts.location) != std::string::npos;
      if (told) continue;
      std::vector<std::string> names;
      for (const Visited* engine : group.engines) names.push_back(engine->spec->name);
      append(checks,
             check_model({groups_.size() == 1 ? "model" : first.spec->name, joined_names(names),
                          group.facts, weights_size(*first.spec, study_.model, group.facts)}));
    }
    return checks;
  }

  std::vector<Check> each_engine() {
    std::vector<EngineChecks> all;
    std::vector<EngineCase> cases;
    for (const Visited& engine : engines_) {
      if (engine.spec->kind == "openai") continue;
      const EngineCase one{*engine.spec, study_.model, engine.found, gpus_};
      EngineChecks own{engine.spec->name, check_engine(one)};
      if (auto check = memory(engine)) own.checks.push_back(std::move(*check));
      append(own.checks, check_known_broken(one));
      if (const auto image = images_.find(engine.spec->name); image != images_.end()) {
        own.checks.push_back(image->second);
      }
      all.push_back(std::move(own));
      cases.push_back(one);
    }
    std::vector<Check> checks = merge_arms(all);
    append(checks, check_shared_venvs(cases));
    return checks;
  }

  /// Empty when the engine loads nothing, or its size is not known.
  std::optional<Check> memory(const Visited& engine) const {
    const ModelFacts* files = nullptr;
    for (const SameWeights& group : groups_) {
      const auto& list = group.engines;
      if (std::find(list.begin(), list.end(), &engine) != list.end()) files = &group.facts;
    }
    if (files == nullptr) return std::nullopt;
    auto size = weights_size(*engine.spec, study_.model, *files);
    if (!size) return std::nullopt;
    MemoryNeeds needs{engine.spec->name + ".memory",
                      engine.spec->kind,
                      launch_shape(*engine.spec),
                      std::move(*size),
                      files->kv,
                      0,
                      tokens_per_request()};
    for (const workload::LoadShape& load : study_.loads) {
      if (load.kind != workload::LoadKind::closed) continue;
      needs.in_flight = std::max<std::int64_t>(needs.in_flight, load.concurrency);
    }
    return check_memory(needs, place_of(engine));
  }

  /// The greatest prompt and answer of synthetic workloads; 0 when a prompts file says them.
  [[nodiscard]] std::int64_t tokens_per_request() const {
    std::int64_t most = 0;
    for (const study::WorkloadSpec& workload : study_.workloads) {
      if (!workload.prompts.empty()) return 0;
      most = std::max<std::int64_t>(most, workload::greatest_length(workload.input_tokens) +
                                              workload::greatest_length(workload.output_tokens));
    }
    return most;
  }

  [[nodiscard]] MemoryPlace place_of(const Visited& engine) const {
    if (!needs_gpu(*engine.spec, engine.found)) {
      return {"this machine's memory", total_memory_bytes(), MemoryPlace::Kind::host};
    }
    MemoryPlace place;
    for (const GpuFacts::Gpu& gpu : gpus_.gpus) {
      const auto bytes = static_cast<double>(gpu.identity.total_bytes);
      if (place.name.empty() || bytes < place.bytes) place = {gpu.identity.name, bytes};
    }
    return place;
  }

  const study::Study& study_;
  const study::Plan& plan_;
  GpuFacts gpus_;
  std::list<Visited> engines_;  ///< a list, as groups point into it
  std::vector<SameWeights> groups_;
  std::map<std::string, Check> images_;  ///< by engine
};

}  // namespace

std::vector<Check> examine_machine() {
  std::vector<Check> checks = probe::check_host(probe::read_host_facts(), {});
  append(checks, check_gpus(read_gpu_facts(), {}));
  return checks;
}

std::vector<Check> examine(const study::Study& study, const study::Plan& plan,
                           const fs::path& results) {
  return Examination(study, plan).run(results);
}

}  // namespace tokamark::doctor
