#include "record/request_file.h"

#include "base/files.h"
#include "record/compression_internal.h"
#include "record/request_lines_internal.h"

namespace tokamark::record {
namespace {

/// Lines are handed to the compressor in pieces of about this size.
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

/// Cuts text that arrives in pieces into lines and parses each.
class LineCollector {
 public:
  base::Result<void> take(std::string_view piece) {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      if (pending_.empty()) {
        TOKAMARK_TRY_VOID(add(piece.substr(0, end)));
      } else {
        pending_ += piece.substr(0, end);
        TOKAMARK_TRY_VOID(add(pending_));
        pending_.clear();
      }
      piece.remove_prefix(end + 1);
    }
    pending_ += piece;
    return base::ok();
  }

  /// A last line without its newline counts too.
  base::Result<std::vector<RequestRecord>> finish() {
    if (!pending_.empty()) {
      TOKAMARK_TRY_VOID(add(pending_));
    }
    return std::move(records_);
  }

 private:
  base::Result<void> add(std::string_view line) {
    ++line_number_;
    auto record = parser_.parse(line);
    if (!record) {
      return std::move(record).error().with_context("line " + std::to_string(line_number_));
    }
    records_.push_back(std::move(record).value());
    return base::ok();
  }

  LineParser parser_;
  std::string pending_;
  std::size_t line_number_ = 0;
  std::vector<RequestRecord> records_;
};

}  // namespace

std::string to_json_lines(const std::vector<RequestRecord>& records) {
  std::string out;
  for (const auto& record : records) {
    append_line(out, record);
  }
  return out;
}

base::Result<std::vector<RequestRecord>> from_json_lines(std::string_view text) {
  LineCollector collector;
  TOKAMARK_TRY_VOID(collector.take(text));
  return collector.finish();
}

base::Result<void> write_request_file(const std::filesystem::path& path,
                                      const std::vector<RequestRecord>& records) {
  FrameWriter writer;
  std::string piece;
  for (const auto& record : records) {
    append_line(piece, record);
    if (piece.size() >= kPieceBytes) {
      writer.append(piece);
      piece.clear();
    }
  }
  writer.append(piece);
  return base::write_file_atomic(path, writer.finish());
}

base::Result<std::vector<RequestRecord>> read_request_file(const std::filesystem::path& path) {
  TOKAMARK_TRY(const auto frames, base::read_file(path, base::ErrorKind::study));
  LineCollector collector;
  auto result =
      decompress(frames, [&collector](std::string_view piece) { return collector.take(piece); });
  if (!result) {
    return std::move(result).error().with_context(path.string());
  }
  auto records = collector.finish();
  if (!records) {
    return std::move(records).error().with_context(path.string());
  }
  return records;
}

}  // namespace tokamark::record
