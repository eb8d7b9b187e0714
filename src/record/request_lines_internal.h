#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "record/request_record.h"

namespace tokamark::record {

/// Appends the record as one JSON line, newline included.
void append_line(std::string& out, const RequestRecord& record);

/// Reads such lines back; one object for many lines, because it keeps its buffers.
class LineParser {
 public:
  LineParser();
  ~LineParser();

  /// The record in one line without its newline. Errors have kind `study` and name the field.
  base::Result<RequestRecord> parse(std::string_view line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tokamark::record
