#include "engine/engine.h"

#include <fmt/format.h>
#include <algorithm>

#include <cstdlib>

#include "base/files.h"
#include "engine/adapter.h"
#include "engine/container.h"
#include "engine/help_call.h"
#include "engine/launch_line.h"
#include "engine/log_tail.h"
#include "engine/model_files.h"
#include "engine/port.h"
#include "engine/process.h"
#include "engine/readiness.h"
#include "engine/running.h"
#include "engine/startup_phases.h"
#include "engine/version.h"

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;

/// What settings and capacity a log states is within its first MiB after the start.
constexpr std::size_t kFactsLog = std::size_t{1} << 20;

EngineSpec with_port(EngineSpec spec, const EngineAdapter& adapter) {
  if (spec.port == 0) spec.port = adapter.default_port();
  return spec;
}

/// The study's headers, and the API key from the environment variable it names.
base::Result<std::map<std::string, std::string>> request_headers(const EngineSpec& spec) {
  std::map<std::string, std::string> headers = spec.headers;
  if (spec.api_key_env.empty()) return headers;
  const char* key = std::getenv(spec.api_key_env.c_str());
  if (key == nullptr || *key == '\0') {
    return Error{ErrorKind::engine,
                 fmt::format("engine \"{}\": environment variable {} (api_key_env) is not set; "
                             "export the API key in it",
                             spec.name, spec.api_key_env)};
  }
  headers["authorization"] = std::string("Bearer ") + key;
  return headers;
}

base::Result<std::string> base_url_of(const EngineSpec& spec, const LaunchCommand& command) {
  if (command.argv.empty()) return normalized_base_url(spec.url);
  Url url{"http", client_host(spec.host), spec.port, ""};
  return url.text();
}

base::Result<void> check_version(const EngineSpec& spec, const std::string& found) {
  if (spec.version.empty() || version_meets(found, spec.version)) return base::ok();
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": version {} is wanted, and {}; install the wanted one or "
                           "correct `version`",
                           spec.name, spec.version,
                           found.empty() ? std::string("the server does not tell its version")
                                         : "the server is " + found)};
}

ReadinessTask task_of(const RunningParts& parts, const ControlPlane& plane,
                      const StartOptions& options, std::chrono::steady_clock::time_point begun) {
  ReadinessTask task;
  task.spec = &parts.spec;
  task.wanted_model = parts.target.model;
  task.fields = parts.target.fields;
  task.plane = &plane;
  task.process = parts.process.get();
  task.log_path = parts.log_path;
  task.log_from = parts.log_from;
  task.options = &options;
  task.begun = begun;
  return task;
}

/// Beside the engine's log: its help is long and of no interest when all goes well.
std::filesystem::path help_log(std::filesystem::path log) { return log.replace_extension(".help"); }

/// Fills in everything that is known before the first byte is sent.
base::Result<RunningParts> prepare(const EngineSpec& spec, const ModelSpec& model,
                                   const StartOptions& options) {
  RunningParts parts;
  TOKAMARK_TRY(parts.adapter, adapter_of(spec));
  parts.spec = with_port(spec, *parts.adapter);
  // Before anything of the engine runs: what can be seen without its help. Kind openai has no port.
  TOKAMARK_TRY(parts.command, parts.adapter->launch(parts.spec, model, {}));
  if (!parts.command.argv.empty()) {
    const auto port_free = check_port_free(parts.spec.host, parts.spec.port);
    if (port_free.has_error()) {
      return Error{ErrorKind::engine,
                   fmt::format("engine \"{}\": {}", spec.name, port_free.error().message)};
    }
  }
  std::optional<HelpText> help;
  if (const auto call = parts.adapter->help_call(parts.spec)) {
    std::string problem;
    help = ask_for_help(parts.spec, *call, help_log(options.log_path), options.stop, problem);
    if (!problem.empty()) {
      parts.readiness.warnings.push_back("its flags were not checked: " + problem);
    }
  }
  LaunchContext context;
  context.help = help ? &*help : nullptr;
  if (!options.log_path.empty()) {
    context.folder = std::filesystem::absolute(options.log_path).parent_path();
  }
  TOKAMARK_TRY(parts.command, parts.adapter->launch(parts.spec, model, context));
  for (const std::string& note : parts.command.notes) parts.readiness.warnings.push_back(note);
  auto base_url = base_url_of(parts.spec, parts.command);
  if (base_url.has_error()) {
    return Error{ErrorKind::engine,
                 fmt::format("engine \"{}\": {}", spec.name, base_url.error().message)};
  }
  parts.target.base_url = base_url.value();
  TOKAMARK_TRY(parts.target.headers, request_headers(parts.spec));
  parts.target.api = parts.spec.api;
  // An attached server knows its model by the name it serves, which the engine may override.
  const bool attached = parts.command.argv.empty();
  parts.target.model =
      attached && !spec.model.empty() ? spec.model : parts.adapter->served_name(parts.spec, model);
  parts.target.fields = parts.adapter->fields(parts.spec);
  parts.log_path = options.log_path;
  parts.log_from = log_size(options.log_path);
  return parts;
}

/// What it runs with, and a hash of what it loaded where that lies on this machine.
void read_settings(RunningParts& parts, const ModelSpec& model, std::string_view log) {
  const SettingsEvidence evidence{parts.spec, parts.command, log, parts.facts};
  parts.adapter->read_settings(evidence, parts.settings);
  if (!parts.spec.image.empty()) parts.image = image_facts(parts.spec);
  if (parts.command.argv.empty()) return;
  read_model_files(model_files_place(parts.spec, model), parts.settings);
}

}  // namespace

base::Result<LaunchCommand> launch_command(const EngineSpec& spec, const ModelSpec& model) {
  TOKAMARK_TRY(const EngineAdapter* adapter, adapter_of(spec));
  return adapter->launch(with_port(spec, *adapter), model, {});
}

base::Result<std::unique_ptr<RunningEngine>> start(const EngineSpec& spec, const ModelSpec& model,
                                                   const StartOptions& options) {
  TOKAMARK_TRY(RunningParts parts, prepare(spec, model, options));
  const ControlPlane plane(parts.target.base_url, parts.target.headers, options.stop);
  const auto begun = std::chrono::steady_clock::now();
  if (!parts.command.argv.empty()) {
    for (const auto& [path, text] : parts.command.files) {
      TOKAMARK_TRY_VOID(base::write_file_atomic(path, text));
    }
    TOKAMARK_TRY(parts.process, SupervisedProcess::spawn(parts.command, options.log_path,
                                                         parts.spec.stop_timeout));
  }
  std::vector<std::string> notes = std::move(parts.readiness.warnings);
  TOKAMARK_TRY(parts.readiness, await_ready(task_of(parts, plane, options, begun)));
  auto& warnings = parts.readiness.warnings;
  warnings.insert(warnings.begin(), notes.begin(), notes.end());
  if (const auto outside = container_process(parts.command)) {
    parts.process->watch_outside(*outside);
  }
  parts.target.model = parts.readiness.model;
  parts.target.fields = parts.readiness.fields;
  const std::string log =
      parts.process ? read_log(options.log_path, parts.log_from, kFactsLog) : std::string();
  for (const auto& [phase, seconds] : startup_phases(log)) {
    parts.readiness.startup_s.emplace(phase, seconds);
  }
  parts.facts = parts.adapter->facts(parts.spec, plane, log);
  TOKAMARK_TRY_VOID(check_version(parts.spec, parts.facts.version));
  read_settings(parts, model, log);
  parts.log_ready = log_size(options.log_path);
  return make_running_engine(std::move(parts));
}

std::vector<std::string> known_kinds() {
  std::vector<std::string> kinds;
  for (const EngineAdapter* adapter : all_adapters()) kinds.emplace_back(adapter->kind());
  return kinds;
}

std::vector<Discovery> discover() {
  std::vector<Discovery> found;
  for (const EngineAdapter* adapter : all_adapters()) found.push_back(adapter->discover());
  std::sort(found.begin(), found.end(),
            [](const Discovery& a, const Discovery& b) { return a.kind < b.kind; });
  return found;
}

}  // namespace tokamark::engine
