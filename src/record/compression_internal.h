#pragma once

#include <zstd.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tokamark::record {

/// Compresses text piece by piece into one zstd frame, so that a long record file never lies in
/// memory uncompressed. The same pieces make the same frame.
class FrameWriter {
 public:
  FrameWriter();

  /// Takes more text. Memory is the only thing that can fail, and it aborts.
  void append(std::string_view text);
  /// Ends the frame and returns it; the writer is spent.
  std::string finish();

 private:
  void feed(std::string_view text, ZSTD_EndDirective directive);

  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  std::string frame_;
};

/// Gives the text of a zstd file to `take`, piece by piece, until the end or its first error.
/// Errors have kind `study`: not zstd, damaged, or cut short.
base::Result<void> decompress(std::string_view frames,
                              const std::function<base::Result<void>(std::string_view)>& take);

}  // namespace tokamark::record
