#include "render/figure_drawer.h"

#include "assets/assets.h"
#include "base/embedded.h"

TOKAMARK_EMBEDDED(render_prelude);
TOKAMARK_EMBEDDED(render_draw);

namespace tokamark::render {
namespace {

/// Timers that one figure may have run; a specification without end is ended by the time limit.
constexpr int kMostTurns = 100'000;

std::string to_json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

base::Result<DrawnFigure> read_outcome(const std::string& text) {
  const auto outcome = nlohmann::json::parse(text, nullptr, false);
  if (!outcome.is_object()) {
    return base::Error{base::ErrorKind::internal, "the chart library gave no answer"};
  }
  if (outcome.contains("error")) {
    return base::Error{base::ErrorKind::study, outcome.value("error", "")};
  }
  DrawnFigure figure;
  figure.svg = outcome.at("svg").get<std::string>();
  figure.width = outcome.value("width", 0.0);
  figure.height = outcome.value("height", 0.0);
  figure.warnings = outcome.value("warnings", std::vector<std::string>{});
  figure.layout = outcome.value("layout", std::vector<std::string>{});
  return figure;
}

}  // namespace

FigureDrawer::FigureDrawer(Fonts& fonts)
    : engine_([&fonts](const std::string& text, const TextStyle& style) {
        return fonts.width(text, style);
      }) {}

base::Result<std::unique_ptr<FigureDrawer>> FigureDrawer::make(Fonts& fonts) {
  auto drawer = std::unique_ptr<FigureDrawer>(new FigureDrawer(fonts));
  auto& engine = drawer->engine_;
  TOKAMARK_TRY_VOID(engine.run(TOKAMARK_EMBEDDED_BYTES(render_prelude), "prelude.js"));
  TOKAMARK_TRY_VOID(engine.run(assets::chart_library(), "library.js"));
  TOKAMARK_TRY_VOID(engine.run(assets::target_script(), "target.js"));
  TOKAMARK_TRY_VOID(engine.run(TOKAMARK_EMBEDDED_BYTES(render_draw), "draw.js"));
  return drawer;
}

base::Result<DrawnFigure> FigureDrawer::draw(const nlohmann::json& spec,
                                             const std::string& target) {
  TOKAMARK_TRY_VOID(
      engine_.call("startFigure", to_json_text({{"spec", spec}, {"target", target}})));
  for (int turn = 0; turn < kMostTurns; ++turn) {
    TOKAMARK_TRY(const std::string outcome, engine_.call("takeOutcome", ""));
    if (!outcome.empty()) return read_outcome(outcome);
  }
  return base::Error{base::ErrorKind::study, "it never ends"};
}

}  // namespace tokamark::render
