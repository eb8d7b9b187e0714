#include "sim/truth_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "sim/wire.h"

namespace tokamark::sim {
namespace {

base::Error write_error(const std::filesystem::path& path, int code) {
  return {base::ErrorKind::output,
          fmt::format("cannot write the truth file {}: {}", path.string(), std::strerror(code))};
}

}  // namespace

base::Result<TruthLog> TruthLog::open(const std::filesystem::path& path) {
  TruthLog log;
  log.path_ = path;
  log.file_.reset(std::fopen(path.c_str(), "we"));
  if (!log.file_) return write_error(path, errno);
  return log;
}

void TruthLog::add(const TruthRecord& record) {
  if (file_) waiting_ += truth_line(record);
}

base::Result<void> TruthLog::flush() {
  if (failure_ == 0 && !waiting_.empty()) {
    const std::size_t written = std::fwrite(waiting_.data(), 1, waiting_.size(), file_.get());
    if (written != waiting_.size() || std::fflush(file_.get()) != 0) failure_ = errno;
    waiting_.clear();
  }
  if (failure_ != 0) return write_error(path_, failure_);
  return base::ok();
}

std::string truth_line(const TruthRecord& record) {
  const auto ns = [](base::TimePoint time) { return time.time_since_epoch().count(); };
  std::string line = fmt::format(
      R"({{"simulated":true,"request_id":{},"outcome":"{}","prompt_tokens":{},"arrival_ns":{},)"
      R"("emissions_ns":[)",
      json_string(record.request_id), record.outcome == Outcome::finished ? "finished" : "aborted",
      record.prompt_tokens, ns(record.arrival));
  for (std::size_t i = 0; i < record.emissions.size(); ++i) {
    if (i != 0) line += ',';
    line += fmt::format("{}", ns(record.emissions[i]));
  }
  line += "]}\n";
  return line;
}

}  // namespace tokamark::sim
