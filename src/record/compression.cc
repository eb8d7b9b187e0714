#include "base/assert.h"
#include "base/files.h"
#include "record/compression_internal.h"
#include "record/request_file.h"

namespace tokamark::record {
namespace {

/// zstd's own default: on these lines about 6:1 at some 300 MB/s a core.
constexpr int kLevel = 3;

}  // namespace

FrameWriter::FrameWriter() : context_(ZSTD_createCCtx(), &ZSTD_freeCCtx) {
  TOKAMARK_ASSERT(context_ != nullptr);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
  // Four bytes that let every reader notice a damaged file.
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

void FrameWriter::feed(std::string_view text, ZSTD_EndDirective directive) {
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  std::string buffer(ZSTD_CStreamOutSize(), '\0');
  std::size_t left = 0;
  do {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    left = ZSTD_compressStream2(context_.get(), &out, &in, directive);
    TOKAMARK_ASSERT(ZSTD_isError(left) == 0);
    frame_.append(buffer.data(), out.pos);
  } while (in.pos < in.size || (directive == ZSTD_e_end && left > 0));
}

void FrameWriter::append(std::string_view text) { feed(text, ZSTD_e_continue); }

std::string FrameWriter::finish() {
  feed({}, ZSTD_e_end);
  return std::move(frame_);
}

base::Result<void> decompress(std::string_view frames,
                              const std::function<base::Result<void>(std::string_view)>& take) {
  if (frames.empty()) {
    return base::Error{base::ErrorKind::study, "the file is empty, not zstd"};
  }
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  TOKAMARK_ASSERT(context != nullptr);
  std::string buffer(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{frames.data(), frames.size(), 0};
  std::size_t left = 1;
  bool filled = false;
  // Once the input is used up, only a full output buffer can mean that more is to come.
  while (in.pos < in.size || filled) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) {
      return base::Error{base::ErrorKind::study,
                         std::string("not readable as zstd: ") + ZSTD_getErrorName(left)};
    }
    filled = out.pos == out.size && left > 0;
    TOKAMARK_TRY_VOID(take(std::string_view(buffer.data(), out.pos)));
  }
  if (left != 0) {
    return base::Error{base::ErrorKind::study, "the zstd data is cut short"};
  }
  return base::ok();
}

base::Result<void> write_compressed(const std::filesystem::path& path, std::string_view text) {
  FrameWriter writer;
  writer.append(text);
  return base::write_file_atomic(path, writer.finish());
}

base::Result<std::string> read_compressed(const std::filesystem::path& path) {
  TOKAMARK_TRY(const auto frames, base::read_file(path, base::ErrorKind::study));
  std::string text;
  auto result = decompress(frames, [&text](std::string_view piece) -> base::Result<void> {
    text += piece;
    return base::ok();
  });
  if (!result) {
    return std::move(result).error().with_context(path.string());
  }
  return text;
}

}  // namespace tokamark::record
