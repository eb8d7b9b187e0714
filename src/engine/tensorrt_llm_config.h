#pragma once

#include <string>

#include "base/error.h"
#include "engine/effective.h"
#include "engine/flag_writer.h"
#include "engine/spec.h"

namespace tokamark::engine {

/// The settings that trtllm-serve takes in its YAML file alone, over the user's own file, which
/// `--config` or `--extra_llm_api_options` in `args` names. Each setting stands in one place only,
/// since versions differ in whether file or flag wins. Marks them done in `writer`. Errors: `study`
/// for a file that cannot be read, or that holds a setting of the study as well.
base::Result<std::string> tensorrt_llm_config(const EngineSpec& spec, FlagWriter& writer);

/// What such a file says, as settings with the source "flag".
void read_tensorrt_llm_config(const std::string& yaml, EffectiveSettings& settings);

/// `args` without the user's file.
std::vector<std::string> args_without_config(const EngineSpec& spec);

}  // namespace tokamark::engine
