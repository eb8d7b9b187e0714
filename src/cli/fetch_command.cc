#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/study_engines.h"
#include "engine/launch_line.h"
#include "run/stop.h"
#include "setup/hub.h"
#include "setup/recipes.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr const char* kStopText =
    "\nstopping; the same command again goes on with the files that are whole. Ctrl-C ends at "
    "once.\n";
constexpr const char* kClient = "huggingface_hub";

struct FetchFlags {
  std::string model, revision, study, venv, cache;
  std::vector<std::string> engines, include;
  bool ephemeral = false, dry_run = false;
};

/// Whether the environment holds an engine of the kind.
bool holds(const fs::path& venv, const std::string& kind) {
  for (const auto device : {setup::Device::cuda, setup::Device::cpu}) {
    const auto recipe = setup::recipe_of({kind, "", device, {}});
    if (recipe.has_value() && engine::distribution_version(venv, recipe.value().distribution())) {
      return true;
    }
  }
  return false;
}

/// The first known environment with the hub's client and, unless empty, an engine of the kind.
std::optional<fs::path> client_environment(const std::string& kind) {
  for (const fs::path& venv : engine::known_environments()) {
    if (!kind.empty() && !holds(venv, kind)) continue;
    if (engine::distribution_version(venv, kClient)) return venv;
  }
  return std::nullopt;
}

base::Result<fs::path> python_of(const fs::path& venv) {
  engine::EngineSpec spec;
  spec.name = kClient;
  spec.venv = venv.string();
  return engine::venv_python(spec);
}

base::Result<fs::path> find_python(const std::string& venv, const std::string& kind) {
  if (!venv.empty()) return python_of(venv);
  if (const auto found = client_environment(kind)) return python_of(*found);
  return Error{ErrorKind::engine,
               fmt::format("no environment{} with {} in environments/ or .cache/engines/; make one "
                           "with `tokamark setup`, or name one with --venv DIR",
                           kind.empty() ? "" : " of " + kind, kClient)};
}

setup::FetchOrder order_of(const FetchFlags& flags) {
  setup::FetchOrder order;
  order.request = {flags.model, flags.revision, flags.include};
  if (!flags.cache.empty()) order.cache = folder_path(flags.cache);
  if (flags.ephemeral) order.ephemeral = setup::Ephemeral::allowed;
  if (flags.dry_run) order.extent = setup::Extent::look;
  return order;
}

/// What decides where the engine's own client will look.
std::map<std::string, std::string> hub_variables(const engine::EngineSpec& spec) {
  std::map<std::string, std::string> found;
  for (const auto& [name, value] : spec.env) {
    const bool of_the_hub = name.rfind("HF_", 0) == 0 || name == "HUGGINGFACE_HUB_CACHE";
    // An engine may be kept from asking the hub just because the model was fetched before.
    if (of_the_hub && name != "HF_HUB_OFFLINE") found[name] = value;
  }
  return found;
}

bool same_download(const setup::FetchOrder& left, const setup::FetchOrder& right) {
  return left.request.model == right.request.model && left.env == right.env;
}

/// The downloads that a study's engines need; local models and engines elsewhere need none.
base::Result<std::vector<setup::FetchOrder>> orders_of_study(const FetchFlags& flags) {
  TOKAMARK_TRY(const study::Study study, study_with_engines(flags.study, flags.engines));
  std::vector<setup::FetchOrder> orders;
  for (const engine::EngineSpec& spec : study.engines) {
    const std::string location = engine::model_location(spec, study.model);
    if (!setup::is_known_kind(spec.kind) || engine::looks_like_path(location)) continue;
    setup::FetchOrder order = order_of(flags);
    order.request.model = location;
    if (spec.model.empty() && flags.revision.empty()) {
      order.request.revision = study.model.revision;
    }
    order.env = hub_variables(spec);
    const auto known = [&order](const setup::FetchOrder& other) {
      return same_download(other, order);
    };
    if (std::any_of(orders.begin(), orders.end(), known)) continue;
    const bool own = !spec.venv.empty() && engine::distribution_version(spec.venv, kClient);
    TOKAMARK_TRY(order.python, find_python(flags.venv.empty() && own ? spec.venv : flags.venv, ""));
    orders.push_back(std::move(order));
  }
  return orders;
}

base::Result<void> refuse(const FetchFlags& flags) {
  if (flags.model.empty() == flags.study.empty()) {
    return Error{ErrorKind::usage,
                 "name one model, as in `tokamark fetch OWNER/NAME`, or a study with --study FILE"};
  }
  if (flags.study.empty() && flags.engines.size() > 1) {
    return Error{ErrorKind::usage,
                 "one --engine KIND names the environment; several choose engines of a --study"};
  }
  const std::string kind = flags.engines.empty() ? "" : flags.engines.front();
  if (flags.study.empty() && !kind.empty() && !setup::is_known_kind(kind)) {
    return Error{ErrorKind::usage, fmt::format("--engine {}: no such kind of engine; known are {}",
                                               kind, setup::known_kinds())};
  }
  return base::ok();
}

base::Result<void> fetch(const FetchFlags& flags) {
  TOKAMARK_TRY_VOID(refuse(flags));
  setup::Progress progress(stdout, run::install_stop_handlers(kStopText));
  std::vector<setup::FetchOrder> orders;
  if (flags.study.empty()) {
    setup::FetchOrder order = order_of(flags);
    TOKAMARK_TRY(order.python,
                 find_python(flags.venv, flags.engines.empty() ? "" : flags.engines.front()));
    orders.push_back(std::move(order));
  } else {
    TOKAMARK_TRY(orders, orders_of_study(flags));
  }
  if (orders.empty()) progress.say("nothing to fetch: every model of the study is local");
  for (const setup::FetchOrder& order : orders) {
    TOKAMARK_TRY_VOID(setup::fetch_model(order, progress));
  }
  return base::ok();
}

}  // namespace

void add_fetch(CLI::App& program, Action& action) {
  auto flags = std::make_shared<FetchFlags>();
  CLI::App* command = program.add_subcommand(
      "fetch", "Download a model from its hub, after checking rights, licence and disk");
  command->add_option("MODEL", flags->model, "Hub id, as in OWNER/NAME");
  command->add_option("--study", flags->study,
                      "Fetch every hub model that this study's engines load");
  command->add_option("--revision", flags->revision, "Branch, tag or commit (default: the hub's)");
  command
      ->add_option("--include", flags->include,
                   "Only files that match, as in '*Q4_K_M.gguf'; may be repeated")
      ->type_name("GLOB");
  command
      ->add_option("--engine", flags->engines,
                   "Use the client of this kind's environment; with --study, only this engine's "
                   "model")
      ->type_name("NAME");
  command->add_option("--venv", flags->venv, "Use the client of this environment")
      ->type_name("DIR");
  command
      ->add_option("--cache", flags->cache,
                   "Folder of downloaded models (default: HF_HUB_CACHE, or HF_HOME/hub)")
      ->type_name("DIR");
  command->add_flag("--ephemeral", flags->ephemeral,
                    "Take a cache on a disk that is gone with the container");
  command->add_flag("--dry-run", flags->dry_run, "Check everything; download nothing");
  command->callback([flags, &action] { action = [flags] { return fetch(*flags); }; });
}

}  // namespace tokamark::cli
