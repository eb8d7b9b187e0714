#include "render/fonts.h"

#include <fmt/format.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "assets/fonts.h"

namespace tokamark::render {

struct Fonts::State {
  std::vector<int> files;
  FcConfig* config = nullptr;
  PangoFontMap* map = nullptr;
  PangoContext* context = nullptr;
  PangoLayout* layout = nullptr;
};

namespace {

/// A file in memory: fontconfig takes paths only.
base::Result<int> file_in_memory(std::string_view bytes) {
  const int fd = ::memfd_create("tokamark-font", MFD_CLOEXEC);
  std::size_t done = 0;
  while (fd >= 0 && done < bytes.size()) {
    const ssize_t wrote = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote <= 0) break;
    done += static_cast<std::size_t>(wrote);
  }
  if (fd >= 0 && done == bytes.size()) return fd;
  const auto why = std::string(std::strerror(errno));
  if (fd >= 0) ::close(fd);
  return base::Error{base::ErrorKind::internal, "no memory for a font: " + why};
}

PangoWeight weight_of(const std::string& css) {
  if (css == "bold") return PANGO_WEIGHT_BOLD;
  const long number = std::strtol(css.c_str(), nullptr, 10);
  return number > 0 ? static_cast<PangoWeight>(std::clamp(number, 100L, 1000L))
                    : PANGO_WEIGHT_NORMAL;
}

}  // namespace

Fonts::Fonts(std::unique_ptr<State> state) : state_(std::move(state)) {}

base::Result<std::unique_ptr<Fonts>> Fonts::load() {
  auto fonts = std::unique_ptr<Fonts>(new Fonts(std::make_unique<State>()));
  State& state = *fonts->state_;
  state.config = FcConfigCreate();
  for (const std::string_view bytes : assets::font_files()) {
    TOKAMARK_TRY(const int fd, file_in_memory(bytes));
    state.files.push_back(fd);
    const auto path = fmt::format("/proc/self/fd/{}", fd);
    if (FcConfigAppFontAddFile(state.config, reinterpret_cast<const FcChar8*>(path.c_str())) ==
        FcFalse) {
      return base::Error{base::ErrorKind::internal, "fontconfig does not take the font in " + path};
    }
  }
  FcConfigSetCurrent(state.config);
  state.map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
  if (state.map == nullptr) {
    return base::Error{base::ErrorKind::internal, "this Pango has no FreeType fonts"};
  }
  pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(state.map), state.config);
  pango_cairo_font_map_set_default(PANGO_CAIRO_FONT_MAP(state.map));
  state.context = pango_font_map_create_context(state.map);
  pango_context_set_round_glyph_positions(state.context, FALSE);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(state.context, options);
  cairo_font_options_destroy(options);
  state.layout = pango_layout_new(state.context);
  pango_layout_set_single_paragraph_mode(state.layout, TRUE);
  return fonts;
}

Fonts::~Fonts() {
  pango_cairo_font_map_set_default(nullptr);
  if (state_->layout != nullptr) g_object_unref(state_->layout);
  if (state_->context != nullptr) g_object_unref(state_->context);
  if (state_->map != nullptr) g_object_unref(state_->map);
  if (state_->config != nullptr) FcConfigDestroy(state_->config);
  for (const int fd : state_->files) ::close(fd);
}

double Fonts::width(const std::string& text, const TextStyle& style) {
  PangoFontDescription* font = pango_font_description_new();
  pango_font_description_set_family_static(font, "Inter");
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  pango_font_description_set_weight(font, weight_of(style.weight));
  pango_font_description_set_style(font, style.style == "italic" || style.style == "oblique"
                                             ? PANGO_STYLE_ITALIC
                                             : PANGO_STYLE_NORMAL);
  pango_layout_set_font_description(state_->layout, font);
  pango_font_description_free(font);
  pango_layout_set_text(state_->layout, text.data(), static_cast<int>(text.size()));
  int units = 0;
  pango_layout_get_size(state_->layout, &units, nullptr);
  return static_cast<double>(units) / PANGO_SCALE;
}

}  // namespace tokamark::render
