#include <fmt/format.h>

#include <algorithm>

#include "engine/launch_line.h"
#include "engine/python_launch_internal.h"

namespace tokamark::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

void append(std::vector<std::string>& words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

base::Result<void> check_model_folder(const EngineSpec& spec, const ModelSpec& model) {
  const std::string location = model_location(spec, model);
  std::error_code failed;
  if (!looks_like_path(location) || fs::exists(location, failed)) return base::ok();
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": model folder {} does not exist; correct `model`",
                           spec.name, location)};
}

MountedModel model_place(const EngineSpec& spec, const ModelSpec& model) {
  if (spec.image.empty()) return {model_location(spec, model), {}};
  return mounted_model(spec, model);
}

base::Result<LaunchCommand> finished(const EngineSpec& spec, ContainerCommand command) {
  if (!spec.image.empty()) return in_container(spec, command);
  return std::move(command.inside);
}

std::optional<LaunchCommand> help_of(const EngineSpec& spec,
                                     base::Result<std::vector<std::string>> program,
                                     const std::vector<std::string>& words, bool keep_entrypoint) {
  if (program.has_error()) return std::nullopt;
  ContainerCommand command;
  command.keep_entrypoint = keep_entrypoint;
  command.inside.argv = std::move(program.value());
  append(command.inside.argv, words);
  command.inside.env = venv_environment(spec);
  for (const auto& [name, value] : spec.env) command.inside.env[name] = value;
  auto made = finished(spec, std::move(command));
  if (made.has_error()) return std::nullopt;
  return std::move(made.value());
}

bool has_words(const std::vector<std::string>& words, const std::string& flag,
               const std::string& value) {
  const auto at = std::find(words.begin(), words.end(), flag);
  return at != words.end() && at + 1 != words.end() && *(at + 1) == value;
}

}  // namespace tokamark::engine
