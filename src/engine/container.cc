#include "engine/container.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>

#include "base/program.h"
#include "engine/hub_cache.h"
#include "engine/launch_line.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;

constexpr std::chrono::milliseconds kAnswerTimeout{20000};
constexpr const char* kHubInside = "/root/.cache/huggingface";

bool is_podman(const std::string& runtime) {
  return fs::path(runtime).filename().string().rfind("podman", 0) == 0;
}

bool has_nvidia_gpu() {
  std::error_code failed;
  return fs::exists("/dev/nvidiactl", failed);
}

std::string new_name(const EngineSpec& spec) {
  static std::atomic<int> counter{0};
  std::string name = fmt::format("tokamark-{}-{}-{}", ::getpid(), ++counter, spec.name);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '-'; },
      '-');
  return name;
}

/// What the runtime prints, without the newline; empty when it fails.
std::string answer_of(const std::vector<std::string>& argv) {
  base::ProgramCall call;
  call.argv = argv;
  call.timeout = kAnswerTimeout;
  auto end = base::run_program(call);
  if (end.has_error() || end.value().exit_code != 0) return {};
  std::string text = std::move(end.value().output);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Tells how the container ended, for the log, and removes it. The name has only plain letters.
std::vector<std::string> cleanup_of(const std::string& runtime, const std::string& name) {
  const std::string script = fmt::format(
      "\"$0\" inspect --format 'container: exit code {{{{.State.ExitCode}}}}, out of memory "
      "{{{{.State.OOMKilled}}}}' {0} 2>/dev/null; \"$0\" rm --force {0} >/dev/null 2>&1",
      name);
  return {"/bin/sh", "-c", script, runtime};
}

void add_limits(std::vector<std::string>& argv, bool podman) {
  // Worker processes share tensors through /dev/shm.
  argv.insert(argv.end(), {"--network", "host", "--ipc", "host"});
  // Pinned memory and deep stacks, as NVIDIA advises. Podman hands its caller's limits on.
  for (const char* limit : {"memlock=-1", "stack=67108864"}) {
    if (!podman) argv.insert(argv.end(), {"--ulimit", limit});
  }
  if (!has_nvidia_gpu()) return;
  if (podman) {
    argv.insert(argv.end(), {"--device", "nvidia.com/gpu=all"});
  } else {
    argv.insert(argv.end(), {"--gpus", "all"});
  }
}

}  // namespace

base::Result<std::string> container_runtime(const EngineSpec& spec) {
  std::vector<std::string> names{"docker", "podman"};
  if (!spec.container_runtime.empty()) names = {spec.container_runtime};
  for (const std::string& name : names) {
    if (const auto found = find_on_path(name)) return found->string();
  }
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": {} is not on PATH, and `image` needs it; install it, or "
                           "set `venv` or `binary` instead",
                           spec.name, fmt::join(names, " or "))};
}

base::Result<LaunchCommand> in_container(const EngineSpec& spec, const ContainerCommand& command) {
  TOKAMARK_TRY(const std::string runtime, container_runtime(spec));
  const std::string name = new_name(spec);
  LaunchCommand run;
  auto& argv = run.argv;
  argv = {runtime, "run", "--name", name, "--pull=never"};
  add_limits(argv, is_podman(runtime));
  for (const Mount& mount : command.mounts) {
    argv.insert(argv.end(), {"-v", fmt::format("{}:{}{}", mount.here.string(), mount.inside,
                                               mount.writable ? "" : ":ro")});
  }
  // Values go through the client's environment and not through its arguments, which anyone reads.
  run.env = command.inside.env;
  const char* token = std::getenv("HF_TOKEN");
  if (token != nullptr) run.env.emplace("HF_TOKEN", token);
  for (const auto& [variable, value] : run.env) argv.insert(argv.end(), {"-e", variable});
  argv.insert(argv.end(), spec.container_args.begin(), spec.container_args.end());
  const auto& words = command.inside.argv;
  if (!command.keep_entrypoint) argv.insert(argv.end(), {"--entrypoint", words.front()});
  argv.push_back(spec.image);
  argv.insert(argv.end(), words.begin() + (command.keep_entrypoint ? 0 : 1), words.end());
  run.files = command.inside.files;
  run.notes = command.inside.notes;
  run.container = name;
  run.cleanup = cleanup_of(runtime, name);
  return run;
}

MountedModel mounted_model(const EngineSpec& spec, const ModelSpec& model) {
  MountedModel found{model_location(spec, model), {}};
  std::error_code failed;
  if (fs::exists(found.location, failed)) {
    const fs::path here = fs::canonical(found.location, failed);
    found.location = "/models/" + here.filename().string();
    found.mounts = {{here, found.location}};
    return found;
  }
  fs::create_directories(hub_home({}), failed);
  found.mounts = {{hub_home({}), kHubInside, true}};
  return found;
}

std::optional<pid_t> container_process(const LaunchCommand& command) {
  if (command.container.empty()) return std::nullopt;
  const std::string text =
      answer_of({command.argv.front(), "inspect", "--format", "{{.State.Pid}}", command.container});
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  if (pid <= 0) return std::nullopt;
  return pid;
}

Json image_facts(const EngineSpec& spec) {
  Json facts{{"name", spec.image}, {"id", nullptr}, {"digest", nullptr}};
  const auto runtime = container_runtime(spec);
  if (runtime.has_error()) return facts;
  const auto ask = [&](const char* format) {
    return answer_of({runtime.value(), "image", "inspect", "--format", format, spec.image});
  };
  if (const std::string id = ask("{{.Id}}"); !id.empty()) facts["id"] = id;
  const std::string digest = ask("{{if .RepoDigests}}{{index .RepoDigests 0}}{{end}}");
  if (!digest.empty()) facts["digest"] = digest;
  return facts;
}

}  // namespace tokamark::engine
