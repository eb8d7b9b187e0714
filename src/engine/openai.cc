#include "engine/adapter.h"

namespace tokamark::engine {

namespace {

/// Any server that speaks OpenAI's API and is already running.
class OpenAi final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "openai"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 0; }

  [[nodiscard]] base::Result<LaunchCommand> launch(
      const EngineSpec& spec, const ModelSpec& /*model*/,
      const LaunchContext& /*context*/) const override {
    if (spec.url.empty()) {
      return base::Error{
          base::ErrorKind::study,
          "engine \"" + spec.name + "\": kind openai needs `url`, as in http://127.0.0.1:8000"};
    }
    return LaunchCommand{};
  }

  /// What the first request tries; a server that refuses a field gets less (engine/readiness.h).
  [[nodiscard]] RequestFields fields(const EngineSpec& /*spec*/) const override {
    RequestFields fields;
    fields.ignore_eos = true;
    fields.min_tokens = true;
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const EngineSpec& /*spec*/, const ControlPlane& plane,
                                  std::string_view /*log*/) const override {
    return probe_facts(plane);
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& /*plane*/,
                                                       const EngineSpec& /*spec*/) const override {
    return std::string("not reset: the server was not started by tokamark");
  }

  [[nodiscard]] Discovery discover() const override {
    return {"openai", true, "-", "", "attaches to a running server: give its `url`"};
  }
};

}  // namespace

const EngineAdapter& openai_adapter() {
  static const OpenAi adapter;
  return adapter;
}

}  // namespace tokamark::engine
