#include "render/raster.h"

#include <cairo-pdf.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <librsvg/rsvg.h>
#include <zlib.h>

#include <array>
#include <cmath>
#include <ctime>
#include <memory>
#include <string_view>

namespace tokamark::render {
namespace {

constexpr double kMostPixels = 1e8;

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* held) const {
    release(held);
  }
};
using Handle = std::unique_ptr<RsvgHandle, Release<g_object_unref>>;
using Surface = std::unique_ptr<cairo_surface_t, Release<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Release<cairo_destroy>>;

/// A picture that was read, and its size in pixels of the figure.
struct Picture {
  Handle handle;
  double width = 0.0, height = 0.0;
};

base::Error failed(GError* error) {
  base::Error result{base::ErrorKind::internal,
                     error == nullptr ? "librsvg gives no reason" : error->message};
  g_clear_error(&error);
  return result;
}

base::Result<Picture> read_svg(const std::string& svg) {
  GError* error = nullptr;
  GInputStream* stream =
      g_memory_input_stream_new_from_data(svg.data(), static_cast<gssize>(svg.size()), nullptr);
  Picture picture;
  picture.handle.reset(rsvg_handle_new_from_stream_sync(stream, nullptr, RSVG_HANDLE_FLAG_UNLIMITED,
                                                        nullptr, &error));
  g_object_unref(stream);
  if (!picture.handle) return failed(error);
  if (!rsvg_handle_get_intrinsic_size_in_pixels(picture.handle.get(), &picture.width,
                                                &picture.height)) {
    return base::Error{base::ErrorKind::internal, "the SVG has no size"};
  }
  return picture;
}

base::Result<void> draw(const Picture& picture, cairo_t* context) {
  const RsvgRectangle all{0, 0, picture.width, picture.height};
  GError* error = nullptr;
  if (!rsvg_handle_render_document(picture.handle.get(), context, &all, &error)) {
    return failed(error);
  }
  if (cairo_status(context) != CAIRO_STATUS_SUCCESS) {
    return base::Error{base::ErrorKind::internal, cairo_status_to_string(cairo_status(context))};
  }
  return base::ok();
}

cairo_status_t append(void* closure, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

void append_number(std::string& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> shift));
  }
}

/// Puts a pHYs chunk behind the first, IHDR (PNG specification 2nd ed., 11.3.5.3); cairo has none.
std::string with_resolution(const std::string& png, double dpi) {
  constexpr std::size_t kEndOfHeader = 8 + 25;
  constexpr double kInchesInMetre = 1.0 / 0.0254;
  const auto per_metre = static_cast<std::uint32_t>(std::lround(dpi * kInchesInMetre));
  std::string chunk = "pHYs";
  append_number(chunk, per_metre);
  append_number(chunk, per_metre);
  chunk += '\1';  // the unit is the metre
  const auto checked = static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(chunk.data()), static_cast<uInt>(chunk.size())));
  std::string all = png.substr(0, kEndOfHeader);
  append_number(all, 9);
  all += chunk;
  append_number(all, checked);
  return all + png.substr(kEndOfHeader);
}

std::string utc_date(std::int64_t unix_s) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(unix_s)));
}

}  // namespace

base::Result<std::string> svg_to_pdf(const std::string& svg, const PdfFacts& facts) {
  TOKAMARK_TRY(const Picture picture, read_svg(svg));
  std::string bytes;
  const Surface surface(
      cairo_pdf_surface_create_for_stream(append, &bytes, picture.width, picture.height));
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE,
                                 utc_date(facts.created_unix_s).c_str());
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATOR, "tokamark");
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, facts.title.c_str());
  {
    const Context context(cairo_create(surface.get()));
    TOKAMARK_TRY_VOID(draw(picture, context.get()));
  }
  cairo_surface_finish(surface.get());
  if (const auto status = cairo_surface_status(surface.get()); status != CAIRO_STATUS_SUCCESS) {
    return base::Error{base::ErrorKind::internal, cairo_status_to_string(status)};
  }
  return bytes;
}

base::Result<std::string> svg_to_png(const std::string& svg, double dpi) {
  TOKAMARK_TRY(const Picture picture, read_svg(svg));
  const double scale = dpi / 72.0;
  const double width = std::ceil(picture.width * scale);
  const double height = std::ceil(picture.height * scale);
  if (!(width * height <= kMostPixels)) {
    return base::Error{
        base::ErrorKind::study,
        fmt::format("{:.0f} x {:.0f} pixels are too many; the figure is {:.0f} x {:.0f} px", width,
                    height, picture.width, picture.height)};
  }
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, static_cast<int>(width),
                                                   static_cast<int>(height)));
  {
    const Context context(cairo_create(surface.get()));
    cairo_scale(context.get(), width / picture.width, height / picture.height);
    TOKAMARK_TRY_VOID(draw(picture, context.get()));
  }
  std::string bytes;
  if (const auto status = cairo_surface_write_to_png_stream(surface.get(), append, &bytes);
      status != CAIRO_STATUS_SUCCESS) {
    return base::Error{base::ErrorKind::internal, cairo_status_to_string(status)};
  }
  return with_resolution(bytes, dpi);
}

}  // namespace tokamark::render
