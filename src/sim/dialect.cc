#include "sim/dialect.h"

#include "sim/dialect_llama_cpp.h"
#include "sim/dialect_sglang.h"
#include "sim/dialect_tensorrt_llm.h"
#include "sim/dialect_vllm.h"

namespace tokamark::sim {

std::unique_ptr<Dialect> make_dialect(const Profile& profile) {
  switch (profile.dialect) {
    case DialectKind::vllm:
      return std::make_unique<VllmDialect>(profile.cached_tokens);
    case DialectKind::sglang:
      return std::make_unique<SglangDialect>(profile.cached_tokens);
    case DialectKind::tensorrt_llm:
      return std::make_unique<TensorrtLlmDialect>();
    case DialectKind::llama_cpp:
      break;
  }
  return std::make_unique<LlamaCppDialect>();
}

}  // namespace tokamark::sim
