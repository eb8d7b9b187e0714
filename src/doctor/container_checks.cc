#include "doctor/container_checks.h"

#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/program.h"
#include "base/text.h"
#include "engine/launch_line.h"

namespace tokamark::doctor {

namespace {

using Status = CheckStatus;
using Json = nlohmann::json;

constexpr std::chrono::milliseconds kPatience{10'000};
/// Where the NVIDIA container toolkit writes what a container may be given.
constexpr const char* kCdiFiles[] = {"/etc/cdi/nvidia.yaml", "/var/run/cdi/nvidia.yaml"};

base::Result<base::ProgramEnd> call(std::vector<std::string> words, base::CallErrors errors) {
  base::ProgramCall call;
  call.argv = std::move(words);
  call.timeout = kPatience;
  call.errors = errors;
  return base::run_program(call);
}

/// The last line that is not blank, which is where a program says why it failed.
std::string last_line(const std::string& output) {
  const std::size_t end = output.find_last_not_of("\r\n ");
  if (end == std::string::npos) return "no output";
  const std::size_t start = output.find_last_of('\n', end);
  return base::one_line(
      output.substr(start == std::string::npos ? 0 : start + 1, end - (start + 1) + 1));
}

void ask_program(ContainerFacts& facts) {
  const bool docker = facts.program == "docker";
  const auto end =
      call({facts.program, "info", "--format",
            docker ? "{{.ServerVersion}}\n{{json .Runtimes}}" : "{{.Version.Version}}"},
           base::CallErrors::with_output);
  if (!end.has_value()) {
    facts.problem = end.error().message;
    return;
  }
  if (end.value().exit_code != 0) {
    facts.problem = last_line(end.value().output);
    return;
  }
  const std::string& text = end.value().output;
  facts.version = base::one_line(text.substr(0, text.find('\n')));
  if (docker && lists_runtime(text.substr(std::min(text.size(), text.find('\n'))), "nvidia")) {
    facts.gpu_by = "runtime nvidia";
  }
}

}  // namespace

bool lists_runtime(const std::string& json, const std::string& name) {
  if (base::json_depth(json) > base::kMaxJsonDepth) return false;
  const Json runtimes = Json::parse(json, nullptr, false);
  return runtimes.is_object() && runtimes.contains(name);
}

ContainerFacts find_containers(const std::string& wanted) {
  ContainerFacts facts;
  for (const std::string& program :
       wanted.empty() ? std::vector<std::string>{"docker", "podman"} : std::vector{wanted}) {
    if (!engine::find_on_path(program)) continue;
    facts.program = program;
    ask_program(facts);
    break;
  }
  std::error_code failed;
  for (const char* file : kCdiFiles) {
    if (facts.gpu_by.empty() && std::filesystem::exists(file, failed)) facts.gpu_by = file;
  }
  return facts;
}

ImageFacts find_image(const ContainerFacts& containers, const std::string& image) {
  ImageFacts facts{image};
  if (containers.program.empty() || !containers.problem.empty()) return facts;
  const auto end = call(
      {containers.program, "image", "inspect", "--format",
       "{{.Id}} {{range .RepoDigests}}{{.}} {{end}}\n{{range .Config.Env}}{{.}}\n{{end}}", image},
      base::CallErrors::dropped);
  if (!end.has_value() || end.value().exit_code != 0) return facts;
  const std::string& text = end.value().output;
  const std::size_t digest = text.find("@sha256:");
  const std::size_t start = digest == std::string::npos ? 0 : digest + 1;
  facts.digest = text.substr(start, text.find_first_of(" \n", start) - start);
  const std::string name = "\nCUDA_VERSION=";
  const std::size_t cuda = text.find(name);
  if (cuda != std::string::npos) {
    const std::size_t value = cuda + name.size();
    facts.cuda = text.substr(value, text.find('\n', value) - value);
  }
  return facts;
}

std::vector<Check> check_containers(const ContainerFacts& facts, const std::string& engines,
                                    GpuHere gpu) {
  Check runtime{"container.runtime", Status::ok, facts.program + " " + facts.version};
  if (facts.program.empty()) {
    return {{runtime.id, Status::error, "neither docker nor podman is on PATH",
             "one of them, for " + engines, "install docker or podman"}};
  }
  if (!facts.problem.empty()) {
    return {{runtime.id, Status::error, facts.program + " does not answer: " + facts.problem,
             "a daemon that this user may talk to, for " + engines,
             "start it (systemctl start docker), add the user to the group docker, or set "
             "container_runtime: podman where that is here"}};
  }
  std::vector<Check> checks{runtime};
  if (gpu == GpuHere::no) return checks;
  if (!facts.gpu_by.empty()) {
    checks.push_back({"container.gpu", Status::ok, facts.gpu_by});
  } else {
    checks.push_back({"container.gpu", Status::error, "containers are given no GPU",
                      "the runtime nvidia, or /etc/cdi/nvidia.yaml",
                      "install the NVIDIA container toolkit; then nvidia-ctk runtime configure, or "
                      "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"});
  }
  return checks;
}

Check check_image(const std::string& engine, const ContainerFacts& containers,
                  const ImageFacts& facts) {
  const std::string id = engine + ".image";
  if (!facts.digest.empty()) {
    return {id, Status::ok, fmt::format("{}, {}", facts.image, facts.digest)};
  }
  if (containers.program.empty() || !containers.problem.empty()) {
    return {id, Status::skipped, facts.image + ": nothing here could tell"};
  }
  return {id, Status::error, facts.image + " is not on this machine",
          "the image, so that its download is no part of the start",
          containers.program + " pull " + facts.image};
}

}  // namespace tokamark::doctor
