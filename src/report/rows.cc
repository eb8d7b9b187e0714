#include "report/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/assert.h"

namespace tokamark::report {
namespace {

auto load_key(const workload::LoadShape& load) {
  const bool closed = load.kind == workload::LoadKind::closed;
  return std::tuple(static_cast<int>(load.kind), closed ? load.concurrency : 0U,
                    closed ? 0.0 : load.rate_per_s, static_cast<int>(load.arrivals), load.gamma_cv);
}

double median(std::vector<double> values) {
  TOKAMARK_ASSERT(!values.empty());
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

Cell make_cell(Quantity quantity, const Row& row) {
  Cell cell;
  std::size_t missing = 0;
  for (const auto* trial : row.used) {
    const auto found = read(quantity, *trial);
    if (found.value) {
      cell.runs.push_back(*found.value);
    } else {
      ++missing;
      cell.reason = found.reason;
    }
  }
  if (missing == 0) {
    cell.median = median(cell.runs);
  } else if (missing < row.used.size()) {
    cell.reason += fmt::format(" (in {} of {} runs)", missing, row.used.size());
  }
  return cell;
}

MemoryPeak make_memory(const Row& row) {
  MemoryPeak vram{std::nullopt, "VRAM", ""};
  MemoryPeak rss{std::nullopt, "RSS", "not recorded"};
  const auto raise = [](std::optional<std::int64_t>& peak, std::optional<std::int64_t> value) {
    peak = value ? std::max(peak.value_or(0), *value) : peak;
  };
  for (const auto* trial : row.trials) {
    const auto& resources = trial->resources;
    raise(vram.bytes, resources.vram_peak_bytes);
    raise(rss.bytes, resources.rss_peak_bytes);
    const auto reason = resources.reasons.find("rss_peak_bytes");
    if (reason != resources.reasons.end()) {
      rss.reason = reason->second;
    }
  }
  return vram.bytes ? vram : rss;
}

void fill(Row& row) {
  std::sort(row.trials.begin(), row.trials.end(),
            [](const auto* a, const auto* b) { return a->repeat < b->repeat; });
  for (const auto* trial : row.trials) {
    row.failures += trial->counts.failed + trial->counts.timed_out;
    if (trial->verdict == record::Verdict::valid) {
      row.used.push_back(trial);
    }
  }
  row.comparable = !row.used.empty();
  if (!row.comparable) {
    row.used = row.trials;
  }
  for (const auto* trial : row.used) {
    row.requests += trial->counts.scheduled;
  }
  for (const auto& entry : kQuantities) {
    row.cells[static_cast<std::size_t>(entry.quantity)] = make_cell(entry.quantity, row);
  }
  row.memory = make_memory(row);
}

/// Names in the order of `study[list][i].name`, then what trials name besides, as it comes.
template <typename Name>
std::vector<std::string> names_in_order(const record::StudyResult& result, const char* list,
                                        Name name) {
  std::vector<std::string> present;
  for (const auto& trial : result.trials) {
    if (std::find(present.begin(), present.end(), name(trial)) == present.end()) {
      present.push_back(name(trial));
    }
  }
  std::vector<std::string> order;
  if (result.study.is_object() && result.study.contains(list) && result.study[list].is_array()) {
    for (const auto& entry : result.study[list]) {
      const auto found = text_at(entry, {"name"});
      if (std::find(present.begin(), present.end(), found) != present.end()) {
        order.push_back(found);
      }
    }
  }
  for (const auto& found : present) {
    if (std::find(order.begin(), order.end(), found) == order.end()) {
      order.push_back(found);
    }
  }
  return order;
}

std::string list_of(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return names.size() > most ? text + fmt::format(" and {} more", names.size() - most) : text;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    names.push_back(name);
  }
}

}  // namespace

std::string text_at(const nlohmann::json& json, std::initializer_list<const char*> path) {
  const auto* at = &json;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) {
      return "";
    }
    at = &(*at)[key];
  }
  return at->is_string() ? at->get<std::string>() : "";
}

std::string study_name(const record::StudyResult& result) {
  const auto name = text_at(result.study, {"name"});
  return name.empty() ? "study" : name;
}

std::optional<double> gpu_count(const Row& row) {
  const auto& info = row.used.front()->engine_info;
  const auto facts = info.is_object() ? info.find("gpu_facts") : info.end();
  if (!info.is_object() || facts == info.end() || !facts->is_object()) return std::nullopt;
  const auto count = facts->find("count");
  if (count == facts->end() || !count->is_number() || count->get<double>() < 1.0) {
    return std::nullopt;
  }
  return count->get<double>();
}

std::vector<std::string> engine_names(const record::StudyResult& result) {
  return names_in_order(result, "engines", [](const auto& trial) { return trial.engine; });
}

std::vector<WorkloadRows> make_rows(const record::StudyResult& result) {
  using Key = std::pair<decltype(load_key({})), std::size_t>;
  const auto engines = engine_names(result);
  const auto engine_index = [&engines](const std::string& name) {
    return static_cast<std::size_t>(
        std::distance(engines.begin(), std::find(engines.begin(), engines.end(), name)));
  };
  std::vector<WorkloadRows> workloads;
  for (const auto& name :
       names_in_order(result, "workloads", [](const auto& t) { return t.workload; })) {
    std::map<Key, Row> found;
    for (const auto& trial : result.trials) {
      if (trial.workload == name) {
        found[{load_key(trial.load), engine_index(trial.engine)}].trials.push_back(&trial);
      }
    }
    auto& workload = workloads.emplace_back(WorkloadRows{name, {}, result.simulated});
    for (auto& [key, row] : found) {
      row.workload = name;
      row.engine = engines[key.second];
      row.load = row.trials.front()->load;
      fill(row);
      workload.rows.push_back(std::move(row));
    }
  }
  return workloads;
}

std::size_t repeats(const std::vector<WorkloadRows>& workloads) {
  std::size_t most = 0;
  for (const auto& workload : workloads) {
    for (const auto& row : workload.rows) {
      std::set<std::uint32_t> blocks;
      for (const auto* trial : row.trials) blocks.insert(trial->repeat);
      most = std::max(most, blocks.size());
    }
  }
  return most;
}

std::size_t runs(const std::vector<WorkloadRows>& workloads) {
  std::size_t most = 0;
  for (const auto& workload : workloads) {
    for (const auto& row : workload.rows) most = std::max(most, row.trials.size());
  }
  return most;
}

std::string verdict_text(const Row& row) {
  bool any_invalid = false;
  std::vector<std::string> codes;
  for (const auto* trial : row.trials) {
    any_invalid = any_invalid || trial->verdict == record::Verdict::invalid;
    if (trial->verdict != record::Verdict::valid) {
      for (const auto& code : trial->codes) {
        add_once(codes, code.code);
      }
    }
  }
  std::string text = any_invalid ? "invalid" : "incomplete";
  if (row.comparable) {
    text = row.used.size() == row.trials.size()
               ? "valid"
               : fmt::format("{} of {} valid", row.used.size(), row.trials.size());
  }
  return codes.empty() ? text : text + ": " + list_of(codes, 2);
}

namespace {

/// "needs 200 samples" of "needs 200 samples, has 25": the count stands in the table, and without
/// it all rows that lack samples share one note.
std::string without_count(const std::string& reason) {
  return reason.rfind("needs ", 0) == 0 ? reason.substr(0, reason.find(", has ")) : reason;
}

}  // namespace

std::vector<std::string> missing_notes(const WorkloadRows& workload) {
  struct Note {
    std::string reason;
    std::vector<std::string> columns, rows;
  };
  std::vector<Note> notes;
  const auto add = [&notes](const std::string& reason, const std::string& column, const Row& row) {
    auto note = std::find_if(notes.begin(), notes.end(),
                             [&reason](const Note& n) { return n.reason == reason; });
    if (note == notes.end()) {
      note = notes.insert(notes.end(), Note{reason, {}, {}});
    }
    add_once(note->columns, column);
    add_once(note->rows, row.engine + " " + row.load.label());
  };
  for (const auto& row : workload.rows) {
    for (const auto quantity : kTableQuantities) {
      if (!row.cell(quantity).median) {
        add(without_count(row.cell(quantity).reason), full_name(quantity), row);
      }
    }
    if (!row.memory.bytes) {
      add(row.memory.reason, "Peak memory", row);
    }
  }
  constexpr std::size_t kMostNotes = 12;
  std::vector<std::string> lines;
  for (const auto& note : notes) {
    if (lines.size() == kMostNotes) {
      lines.push_back(
          fmt::format("and {} more reasons: see results.json", notes.size() - kMostNotes));
      break;
    }
    const bool everywhere = note.rows.size() == workload.rows.size() && note.rows.size() > 1;
    lines.push_back(fmt::format("{}: {} ({})", list_of(note.columns, kQuantities.size()),
                                note.reason, everywhere ? "all rows" : list_of(note.rows, 3)));
  }
  return lines;
}

}  // namespace tokamark::report
