#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/absences.h"
#include "figures/stacks.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

constexpr const char* kPort = "process to open port";
constexpr const char* kHealth = "port to healthy";
constexpr const char* kToken = "healthy to first token";
constexpr std::size_t kMostStarts = 12;

std::optional<double> number(const json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_number()) return std::nullopt;
  return object[key].get<double>();
}

/// "weights 3.2 s, graphs 4.1 s": what the log states.
std::string log_text(const json& startup) {
  std::string text;
  for (const char* part : {"weights", "compile", "graphs", "engine"}) {
    if (const auto seconds = number(startup, part)) {
      text +=
          fmt::format("{}{} {} s", text.empty() ? "" : ", ", part, report::format_number(*seconds));
    }
  }
  return text;
}

/// The start of an engine in each block, once however many trials it served.
std::vector<Stack> find_starts(const Frame& frame, std::string& logs) {
  std::vector<std::pair<std::pair<std::uint32_t, std::size_t>, Stack>> found;
  for (const auto& trial : frame.result.trials) {
    const auto index = frame.index_of(trial.engine);
    const std::pair key{trial.repeat, index};
    const bool seen = std::any_of(found.begin(), found.end(),
                                  [&key](const auto& entry) { return entry.first == key; });
    const auto startup =
        trial.engine_info.is_object() ? trial.engine_info.value("startup_s", json()) : json();
    const auto token = number(startup, "first_token");
    if (seen || !token) continue;
    const double port = number(startup, "port_answers").value_or(0.0);
    const double healthy = std::max(port, number(startup, "healthy").value_or(port));
    Stack stack{fmt::format("{}, start {}", frame.names[index], trial.repeat),
                {{kPort, port}, {kHealth, healthy - port}, {kToken, *token - healthy}},
                true};
    const auto log = log_text(startup);
    if (!log.empty() && trial.repeat == 1) logs += fmt::format(" {}: {}.", frame.names[index], log);
    found.emplace_back(key, std::move(stack));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Stack> stacks;
  for (auto& [key, stack] : found) stacks.push_back(std::move(stack));
  return stacks;
}

constexpr const char* kVram = "VRAM";
constexpr const char* kHost = "Host memory";

struct Memory {
  const char* name;
  std::optional<std::int64_t> idle, loaded, warmed, peak;
};

Memory memory_of(const record::TrialResources& resources, bool vram) {
  if (vram) {
    return {kVram, resources.vram_idle_bytes, resources.vram_loaded_bytes,
            resources.vram_warmed_bytes, resources.vram_peak_bytes};
  }
  // The engine's own, so nothing before its start.
  return {kHost, 0, resources.rss_loaded_bytes, resources.rss_warmed_bytes,
          resources.rss_peak_bytes};
}

constexpr const char* kBefore = "before the start";
constexpr const char* kLoaded = "engine loaded";
constexpr const char* kWarm = "warm-up";
constexpr const char* kLoad = "load";
constexpr const char* kUnknown = "not told apart";

/// Growth from stage to stage; a stage that is lower than the one before adds nothing, and one
/// after a stage that is not known is not told apart from that.
Stack memory_stack(const std::string& name, const Memory& memory, bool valid) {
  constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
  Stack stack{name, {}, valid};
  double reached = 0.0;
  bool known = true;
  const auto add = [&](const char* part, const std::optional<std::int64_t>& bytes) {
    if (bytes) {
      const double size = static_cast<double>(*bytes) / kGiB;
      stack.pieces.push_back({known ? part : kUnknown, std::max(0.0, size - reached)});
      reached = std::max(reached, size);
    }
    known = bytes.has_value();
  };
  add(kBefore, memory.idle);
  add(kLoaded, memory.loaded);
  add(kWarm, memory.warmed);
  add(kLoad, memory.peak);
  return stack;
}

/// What the figure of memory is made of.
struct Memories {
  std::vector<Stack> stacks;
  std::string name;   ///< of the memory
  std::string kinds;  ///< what each peak is
  bool unknown = false;
  Absences absent;
};

/// Whether VRAM is the memory to show: bars of two kinds of memory on one axis would be read
/// against each other, so it must be known of every engine of which anything is.
bool shows_vram(const std::vector<const report::Row*>& rows) {
  bool any = false;
  for (const auto* row : rows) {
    const auto& resources = chosen_trial(*row).resources;
    any = any || resources.vram_peak_bytes;
    if (!resources.vram_peak_bytes && resources.rss_peak_bytes) return false;
  }
  return any;
}

Memories find_memories(const Frame& frame, const std::vector<const report::Row*>& rows) {
  const bool vram = shows_vram(rows);
  Memories found{{}, vram ? kVram : kHost, "", false, absent_engines(frame, rows)};
  for (const auto* row : rows) {
    const auto& resources = chosen_trial(*row).resources;
    const auto memory = memory_of(resources, vram);
    const auto& engine = frame.name_of(row->engine);
    if (!memory.peak) {
      const auto reason = resources.reasons.find("rss_peak_bytes");
      found.absent.add(engine, reason == resources.reasons.end() ? "" : reason->second);
      continue;
    }
    found.stacks.push_back(memory_stack(engine, memory, row->comparable));
    for (const auto& piece : found.stacks.back().pieces) {
      found.unknown = found.unknown || piece.part == kUnknown;
    }
    const auto kind = report::plain_line(resources.vram_peak_kind);
    if (!kind.empty() && vram) {
      found.kinds += fmt::format(" {}: {}.", engine, kind);
    }
  }
  return found;
}

}  // namespace

void add_startup(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("startup-{}", frame.key), frame.title("Start of the engines"), "",
                Section::over_time, nullptr};
  std::string logs;
  auto stacks = find_starts(frame, logs);
  if (stacks.empty()) {
    set.left_out.push_back(figure.title +
                           ": no engine was started by tokamark, or none says how long it took.");
    return;
  }
  const auto all = stacks.size();
  stacks.resize(std::min(all, kMostStarts));
  figure.caption =
      "Seconds from the start of the process to the first generated token. The first start of a "
      "study "
      "may read files from disk that later ones find in memory. The simulated engine has no "
      "weights to "
      "load.";
  if (!frame.result.simulated)
    figure.caption = figure.caption.substr(0, figure.caption.find(" The simulated"));
  if (all > stacks.size())
    figure.caption += fmt::format(" The first {} of {} starts.", stacks.size(), all);
  figure.caption += logs.empty() ? "" : " By the engines' logs:" + logs;
  auto spec =
      stack_view(frame, figure, stacks, {kPort, kHealth, kToken}, "Time from the start (s)", "s");
  add_figure(frame, std::move(figure), std::move(spec), set);
}

void add_memory(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("memory-{}", frame.key), frame.title("Peak memory and what made it"),
                "", Section::over_time, nullptr};
  const auto levels = loads(frame.workload);
  const auto rows =
      levels.empty() ? std::vector<const report::Row*>{} : rows_at(frame, levels.back().label());
  const auto found = find_memories(frame, rows);
  if (found.stacks.empty()) {
    set.left_out.push_back(figure.title + ": no trial has a memory peak." + found.absent.text());
    return;
  }
  const bool vram = found.name == kVram;
  figure.caption = fmt::format(
      "{} of one run at {}: {}how much the engine's start, the warm-up and the load added to it. "
      "tokamark cannot tell weights from cache in it.",
      found.name, levels.back().label(), vram ? "before the engine was started, and " : "");
  if (found.unknown) {
    figure.caption += " Not told apart: the memory at a stage before it is not known.";
  }
  if (!found.kinds.empty()) {
    figure.caption += " Whether the peak is a reservation or a need:" + found.kinds;
  }
  figure.caption += one_run_text(rows) + found.absent.text();
  std::vector<std::string> parts{kBefore, kLoaded, kWarm, kLoad};
  if (!vram) parts.erase(parts.begin());
  if (found.unknown) parts.emplace_back(kUnknown);
  auto spec =
      stack_view(frame, figure, found.stacks, parts, fmt::format("{} (GiB)", found.name), "GiB");
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
