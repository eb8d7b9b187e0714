#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/study_engines.h"
#include "run/stop.h"
#include "setup/container_image.h"
#include "setup/environment.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr const char* kStopText =
    "\nstopping; the same command again goes on with what is downloaded. Ctrl-C ends at once.\n";
/// Where engines are looked for by default.
constexpr const char* kFolder = "environments";

struct SetupFlags {
  std::string kind, version, folder, image, runtime, device, study;
  std::vector<std::string> engines, overrides;
  bool replace = false, dry_run = false;

  [[nodiscard]] setup::Extent extent() const {
    return dry_run ? setup::Extent::look : setup::Extent::make;
  }
};

base::Result<setup::Recipe> recipe(const SetupFlags& flags, const std::string& kind,
                                   const std::string& version) {
  setup::RecipeRequest request{kind, version, setup::device_here(), flags.overrides};
  if (!flags.device.empty()) {
    request.device = flags.device == "cpu" ? setup::Device::cpu : setup::Device::cuda;
  }
  return setup::recipe_of(request);
}

base::Result<void> pull(const SetupFlags& flags, const std::string& reference,
                        setup::Progress& progress) {
  std::string name = reference;
  for (char& c : name) {
    if (c == '/' || c == ':' || c == '@') c = '-';
  }
  return setup::pull_image(
      {reference, flags.runtime, fs::path(kFolder) / (name + ".image"), flags.extent()}, progress);
}

base::Result<void> make(const SetupFlags& flags, const setup::Recipe& recipe,
                        const fs::path& folder, setup::Progress& progress) {
  setup::EnvironmentOrder order{folder, recipe, flags.extent(), setup::Existing::keep};
  if (flags.replace) order.existing = setup::Existing::replace;
  return setup::set_up_environment(order, progress);
}

/// One engine, as the flags name it.
base::Result<void> set_up_kind(const SetupFlags& flags, setup::Progress& progress) {
  if (!flags.image.empty()) return pull(flags, flags.image, progress);
  TOKAMARK_TRY(const setup::Recipe what, recipe(flags, flags.kind, flags.version));
  // NVIDIA ships TensorRT-LLM as a container first; a folder asks for the packages.
  if (what.kind == "tensorrt-llm" && flags.folder.empty()) {
    return pull(flags, what.image, progress);
  }
  fs::path folder = fs::path(kFolder) / fmt::format("{}-{}", what.kind, what.version);
  if (!flags.folder.empty()) folder = flags.folder;
  return make(flags, what, folder_path(folder), progress);
}

/// Every engine of a study that names an environment or an image.
base::Result<void> set_up_study(const SetupFlags& flags, setup::Progress& progress) {
  TOKAMARK_TRY(const study::Study study, study_with_engines(flags.study, flags.engines));
  for (const engine::EngineSpec& spec : study.engines) {
    if (spec.venv.empty() && !spec.image.empty()) {
      SetupFlags own = flags;
      if (own.runtime.empty()) own.runtime = spec.container_runtime;
      TOKAMARK_TRY_VOID(pull(own, spec.image, progress));
    } else if (!setup::is_known_kind(spec.kind)) {
      progress.say(fmt::format("{}: nothing to set up for kind {}", spec.name, spec.kind));
    } else if (spec.venv.empty()) {
      progress.say(
          fmt::format("{}: it names neither `venv` nor `image`; `tokamark setup {}` makes "
                      "an environment that `venv` can name",
                      spec.name, spec.kind));
    } else {
      auto what = recipe(flags, spec.kind, spec.version);
      if (what.has_error()) return std::move(what).error().with_context("engine " + spec.name);
      const fs::path folder = folder_path(spec.venv);
      // Several engines may share an environment, and users make their own.
      if (const auto version = setup::engine_present(folder, what.value(), spec.version)) {
        progress.say(fmt::format("{}: {} holds {} {}", spec.name, folder.string(),
                                 what.value().distribution(), *version));
        continue;
      }
      TOKAMARK_TRY_VOID(make(flags, what.value(), folder, progress));
    }
  }
  return base::ok();
}

base::Result<void> refuse(const SetupFlags& flags) {
  if (flags.kind.empty() == flags.study.empty()) {
    return Error{ErrorKind::usage,
                 "name one engine, as in `tokamark setup vllm`, or a study with --study FILE; "
                 "known are " +
                     setup::known_kinds()};
  }
  const bool details = !flags.version.empty() || !flags.folder.empty() || !flags.image.empty();
  if (!flags.study.empty() && details) {
    return Error{ErrorKind::usage,
                 "--version, --folder and --image are the study's own, as its engines' `version`, "
                 "`venv` and `image`; leave them out, or leave out --study"};
  }
  if (flags.study.empty() && !flags.engines.empty()) {
    return Error{ErrorKind::usage, "--engine chooses among the engines of a study; add --study"};
  }
  return base::ok();
}

base::Result<void> set_up(const SetupFlags& flags) {
  TOKAMARK_TRY_VOID(refuse(flags));
  setup::Progress progress(stdout, run::install_stop_handlers(kStopText));
  return flags.study.empty() ? set_up_kind(flags, progress) : set_up_study(flags, progress);
}

}  // namespace

void add_setup(CLI::App& program, Action& action) {
  auto flags = std::make_shared<SetupFlags>();
  CLI::App* command = program.add_subcommand(
      "setup", "Install an engine into an environment of its own, or pull its container image");
  command->add_option("ENGINE", flags->kind,
                      "Kind of engine: vllm, sglang, tensorrt-llm, llama-cpp or transformers");
  command->add_option("--study", flags->study,
                      "Set up every engine of this study that names a venv or an image");
  command->add_option("--engine", flags->engines, "Only this engine of the study; may be repeated")
      ->type_name("NAME");
  command->add_option("--version", flags->version, "Version (default: the one tokamark pins)");
  command
      ->add_option("--folder", flags->folder,
                   "Environment's folder (default: environments/ENGINE-VERSION)")
      ->type_name("DIR");
  command->add_option("--image", flags->image, "Pull this container image instead")
      ->type_name("REF");
  command->add_option("--runtime", flags->runtime, "Container runtime (default: what is found)")
      ->check(CLI::IsMember({"docker", "podman"}));
  command
      ->add_option("--device", flags->device,
                   "Build for a CPU or for CUDA (default: cuda where there is an NVIDIA driver)")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  command
      ->add_option("--override", flags->overrides,
                   "Package version that wins over what packages ask for; may be repeated")
      ->type_name("NAME==V");
  command->add_flag("--replace", flags->replace,
                    "Replace an environment of another version that setup made there");
  command->add_flag("--dry-run", flags->dry_run, "Say what would be downloaded; install nothing");
  command->callback([flags, &action] { action = [flags] { return set_up(*flags); }; });
}

}  // namespace tokamark::cli
