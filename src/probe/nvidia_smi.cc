#include "probe/nvidia_smi.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/program.h"

namespace tokamark::probe {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

/// The fields of a row, blanks at their ends dropped.
std::vector<std::string_view> fields_of(std::string_view row) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t comma = row.find(',');
    std::string_view field = row.substr(0, comma);
    while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
    while (!field.empty() && (field.back() == ' ' || field.back() == '\r')) field.remove_suffix(1);
    fields.push_back(field);
    if (comma == std::string_view::npos) return fields;
    row.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> rows_of(std::string_view csv) {
  std::vector<std::string_view> rows;
  while (!csv.empty()) {
    const std::size_t end = csv.find('\n');
    const std::string_view row = csv.substr(0, end);
    if (row.find_first_not_of(" \r") != std::string_view::npos) rows.push_back(row);
    csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
  }
  return rows;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

Error malformed(std::string_view row) {
  return Error{ErrorKind::engine, fmt::format("nvidia-smi printed \"{}\"", row.substr(0, 100))};
}

const std::vector<std::string> kGpuQuery{
    "--query-gpu=uuid,name,memory.total,memory.used,driver_version",
    "--format=csv,noheader,nounits"};
const std::vector<std::string> kProcessQuery{"--query-compute-apps=gpu_uuid,pid,used_memory",
                                             "--format=csv,noheader,nounits"};

class NvidiaSmi final : public GpuReader {
 public:
  explicit NvidiaSmi(std::string program) : program_(std::move(program)) {}

  base::Result<void> list() {
    TOKAMARK_TRY(const auto rows, query_gpus());
    if (rows.empty()) return Error{ErrorKind::engine, "nvidia-smi lists no GPU"};
    for (const SmiGpu& gpu : rows) gpus_.push_back(gpu.identity);
    driver_ = rows.front().driver_version;
    return base::ok();
  }

  [[nodiscard]] std::string source() const override { return "nvidia-smi"; }
  [[nodiscard]] const std::vector<GpuIdentity>& gpus() const override { return gpus_; }
  [[nodiscard]] std::string driver_version() const override { return driver_; }

  base::Result<std::vector<GpuReading>> read() override {
    TOKAMARK_TRY(const auto rows, query_gpus());
    TOKAMARK_TRY(const std::string text, query(kProcessQuery));
    TOKAMARK_TRY(const auto processes, parse_smi_processes(text));
    if (rows.size() != gpus_.size()) {
      return Error{ErrorKind::engine, "the number of GPUs changed during the run"};
    }
    std::vector<GpuReading> readings;
    for (const SmiGpu& gpu : rows) {
      GpuReading reading{gpu.used_bytes, {}, {}};
      for (const SmiProcess& row : processes) {
        if (row.gpu_uuid == gpu.identity.uuid) reading.processes.push_back(row.process);
      }
      readings.push_back(std::move(reading));
    }
    return readings;
  }

 private:
  base::Result<std::string> query(const std::vector<std::string>& words) const {
    base::ProgramCall call;
    call.argv = {program_};
    call.argv.insert(call.argv.end(), words.begin(), words.end());
    TOKAMARK_TRY(base::ProgramEnd end, base::run_program(call));
    if (end.exit_code != 0) return Error{ErrorKind::engine, program_ + " failed"};
    return std::move(end.output);
  }
  base::Result<std::vector<SmiGpu>> query_gpus() const {
    TOKAMARK_TRY(const std::string text, query(kGpuQuery));
    return parse_smi_gpus(text);
  }

  std::string program_;
  std::vector<GpuIdentity> gpus_;
  std::string driver_;
};

}  // namespace

base::Result<std::vector<SmiGpu>> parse_smi_gpus(std::string_view csv) {
  std::vector<SmiGpu> gpus;
  for (const std::string_view row : rows_of(csv)) {
    const auto fields = fields_of(row);
    if (fields.size() != 5) return malformed(row);
    const auto total = integer(fields[2]);
    const auto used = integer(fields[3]);
    if (!total || !used) return malformed(row);
    gpus.push_back({{std::string(fields[1]), std::string(fields[0]), *total * kMiB},
                    *used * kMiB,
                    std::string(fields[4])});
  }
  return gpus;
}

base::Result<std::vector<SmiProcess>> parse_smi_processes(std::string_view csv) {
  std::vector<SmiProcess> processes;
  for (const std::string_view row : rows_of(csv)) {
    const auto fields = fields_of(row);
    const auto pid = fields.size() == 3 ? integer(fields[1]) : std::nullopt;
    if (!pid) return malformed(row);
    GpuProcess process{*pid, std::nullopt};
    if (const auto used = integer(fields[2])) process.used_bytes = *used * kMiB;
    processes.push_back({std::string(fields[0]), process});
  }
  return processes;
}

base::Result<std::unique_ptr<GpuReader>> open_nvidia_smi(const std::string& program) {
  auto reader = std::make_unique<NvidiaSmi>(program);
  TOKAMARK_TRY_VOID(reader->list());
  return std::unique_ptr<GpuReader>(std::move(reader));
}

}  // namespace tokamark::probe
