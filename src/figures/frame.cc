#include "figures/frame.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/sha256.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

/// A name as a part of a file name; one that had to be changed gets a mark of its own.
std::string file_key(const std::string& name) {
  std::string key;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || (c == '.' && !key.empty());
    key += plain ? c : '-';
  }
  constexpr std::size_t kLongest = 48;
  if (key == name && !key.empty() && key.size() <= kLongest) return key;
  return key.substr(0, kLongest) + "-" + base::sha256_hex(name).substr(0, 6);
}

}  // namespace

std::size_t Frame::index_of(const std::string& engine) const {
  const auto place = std::find(engines.begin(), engines.end(), engine);
  TOKAMARK_ASSERT(place != engines.end());
  return static_cast<std::size_t>(std::distance(engines.begin(), place));
}

const detail::TrialDetail* Frame::detail_of(const record::TrialResult& trial) const {
  const auto found = detail.find(trial.id);
  return found == detail.end() ? nullptr : &found->second;
}

std::string Frame::title(const std::string& what) const {
  return fmt::format("{}: {}{}", what, report::plain_line(workload.workload),
                     result.simulated ? " (SIMULATED)" : "");
}

Frame make_frame(const record::StudyResult& result, const report::WorkloadRows& workload,
                 const detail::StudyDetail& detail) {
  Frame frame{
      result, workload, detail, report::engine_names(result), {}, file_key(workload.workload)};
  for (const auto& engine : frame.engines) {
    const auto name = report::shorten(report::plain_line(engine), 40);
    // Names that became equal would be drawn as one engine.
    const auto same = std::count(frame.names.begin(), frame.names.end(), name);
    frame.names.push_back(same == 0 ? name : fmt::format("{} [{}]", name, frame.names.size() + 1));
  }
  return frame;
}

std::vector<workload::LoadShape> loads(const report::WorkloadRows& workload) {
  std::vector<workload::LoadShape> found;
  for (const auto& row : workload.rows) {
    if (found.empty() || found.back().label() != row.load.label()) found.push_back(row.load);
  }
  return found;
}

std::vector<workload::LoadShape> loads(const report::WorkloadRows& workload,
                                       workload::LoadKind kind) {
  auto found = loads(workload);
  std::erase_if(found, [kind](const auto& load) { return load.kind != kind; });
  return found;
}

double load_position(const workload::LoadShape& load) {
  return load.kind == workload::LoadKind::closed ? static_cast<double>(load.concurrency)
                                                 : load.rate_per_s;
}

std::optional<double> slo_limit(const Frame& frame, const char* name) {
  const auto& study = frame.result.study;
  if (!study.is_object() || !study.contains("slo") || !study["slo"].is_object()) {
    return std::nullopt;
  }
  const auto found = study["slo"].find(name);
  if (found == study["slo"].end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

const record::TrialResult& chosen_trial(const report::Row& row) { return *row.used.front(); }

std::vector<const report::Row*> busiest_rows(const Frame& frame) {
  std::vector<const report::Row*> best;
  std::size_t most_valid = 0;
  for (const auto& load : loads(frame.workload)) {
    std::vector<const report::Row*> rows;
    std::size_t valid = 0;
    for (const auto& row : frame.workload.rows) {
      if (row.load.label() != load.label() || frame.detail_of(chosen_trial(row)) == nullptr)
        continue;
      rows.push_back(&row);
      valid += row.comparable ? 1 : 0;
    }
    if (!rows.empty() && valid >= most_valid) {
      most_valid = valid;
      best = std::move(rows);
    }
  }
  return best;
}

Scale choose_scale(const std::string& unit, double most) {
  constexpr double kSecondsFromMs = 10'000.0;
  return unit == "ms" && most >= kSecondsFromMs ? Scale{"s", 1e-3} : Scale{unit, 1.0};
}

}  // namespace tokamark::figures
