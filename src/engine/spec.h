#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/settings.h"

namespace tokamark::engine {

/// The model under test, from the study's `model`.
struct ModelSpec {
  std::string name;                  ///< served name and default path
  std::string path;                  ///< local folder, GGUF file or hub id; empty = `name`
  std::string revision;              ///< hub revision, or empty
  std::string precision;             ///< "fp8", "bf16", "q4_1", ...; informative
  double parameters_b = 0.0;         ///< total parameters, billions; 0 = not stated
  double active_parameters_b = 0.0;  ///< parameters a token uses, billions; 0 = not stated
};

/// One engine, from the study's `engines[]`. Which fields count depends on `kind`.
struct EngineSpec {
  std::string name;  ///< unique in the study; used in tables, ids and file names
  std::string kind;  ///< "vllm", "llama-cpp", "openai", "simulated", ...
  std::string url;   ///< openai: base URL without /v1
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                   ///< 0 = the kind's default
  std::string venv;                         ///< Python environment that holds the engine
  std::string binary;                       ///< program to run instead of the one that is found
  std::string image;                        ///< container image, as NAME:TAG or NAME@sha256:...
  std::string container_runtime;            ///< docker or podman; empty = the one that is found
  std::vector<std::string> container_args;  ///< added to its `run`
  std::string model;              ///< overrides ModelSpec::path for this engine (a GGUF, say)
  std::string profile;            ///< simulated: profile name
  std::vector<std::string> args;  ///< appended to the launch line as they are
  std::map<std::string, std::string> env;
  std::string version;       ///< version wanted; empty = any; a mismatch is an error
  std::string api = "chat";  ///< "chat" or "completions"
  std::map<std::string, std::string> headers;  ///< extra request headers
  std::string api_key_env;  ///< name of the environment variable that holds the API key
  std::chrono::seconds start_timeout{1200};
  std::chrono::seconds stop_timeout{60};
  std::string arm;    ///< the study's arm that this engine belongs to; empty = the only one
  Settings settings;  ///< what the study asks of it
  Defaults defaults = Defaults::neutral;
};

/// The value of a setting: the spec's, else that of `neutral_settings` where its defaults are
/// neutral.
std::optional<nlohmann::json> value_of(const EngineSpec& spec, Setting setting);

}  // namespace tokamark::engine
