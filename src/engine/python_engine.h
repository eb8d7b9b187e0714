#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/help_text.h"

namespace tokamark::engine {

/// An engine that is a Python package with a command, as it lies in an environment of its own.
struct PythonEngine {
  const char* kind;
  const char* title;                       ///< in messages: "vLLM"
  const char* package;                     ///< folder in site-packages
  std::vector<const char*> distributions;  ///< that bring the package; the first is the usual one
  const char* script;                      ///< in the environment's bin, and on PATH
  std::vector<std::string> script_words;   ///< behind the script, as in {"serve"}
  std::vector<std::string>
      module_words;     ///< behind python where the script is no use; empty = none
  const char* install;  ///< the package as pip takes it
};

/// The words that start it, up to where its own arguments begin: `binary`, else the script or the
/// module of `venv`, else the script on PATH. In an image the script's own name. A script counts
/// only where the first distribution is installed, whose metadata it reads. Errors: `engine`.
base::Result<std::vector<std::string>> python_program(const PythonEngine& engine,
                                                      const EngineSpec& spec);

/// Whether those words start the module.
bool starts_module(const std::vector<std::string>& program);

/// The environment that an activated venv has; JIT compilers look for ninja on PATH.
std::map<std::string, std::string> venv_environment(const EngineSpec& spec);

/// The first known environment that holds it, else the script on PATH.
Discovery discover_python(const PythonEngine& engine);

}  // namespace tokamark::engine
