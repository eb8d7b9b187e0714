#include "doctor/gpu_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "doctor/launch_shape.h"
#include "probe/sampler.h"

namespace tokamark::doctor {

namespace {

using Gpu = GpuFacts::Gpu;
using Status = CheckStatus;

/// Memory that the driver itself holds on an idle GPU stays below this.
constexpr std::int64_t kIdleMemory_bytes = std::int64_t{2} << 30;
/// A GPU that is this hot before anything runs was just used, or is badly cooled.
constexpr double kHotIdle_c = 60.0;
/// A power limit is set in whole watts.
constexpr double kPowerStep_w = 1.0;

/// "GPU 0: TEXT; GPU 1: TEXT" of the GPUs for which there is a text.
std::string each(const GpuFacts& facts, const std::function<std::string(const Gpu&)>& text) {
  std::string line;
  for (std::size_t i = 0; i < facts.gpus.size(); ++i) {
    const std::string part = text(facts.gpus[i]);
    if (part.empty()) continue;
    line += fmt::format("{}GPU {}: {}", line.empty() ? "" : "; ", i, part);
  }
  return line;
}

/// "2 x NVIDIA H200 (139.8 GiB)", by kinds.
std::string listed(const GpuFacts& facts) {
  std::map<std::string, int> kinds;
  for (const Gpu& gpu : facts.gpus) {
    ++kinds[fmt::format("{} ({})", gpu.identity.name,
                        size_text(static_cast<double>(gpu.identity.total_bytes)))];
  }
  std::string line;
  for (const auto& [kind, count] : kinds) {
    line += fmt::format("{}{} x {}", line.empty() ? "" : ", ", count, kind);
  }
  return line;
}

Check present(const GpuFacts& facts, const GpuNeeds& needs) {
  Check check{"gpu.present", Status::ok, facts.problem.empty() ? listed(facts) : facts.problem};
  if (needs.wanted != GpuNeeds::Wanted::yes) {
    if (!facts.problem.empty()) check.status = Status::skipped;
    if (needs.wanted == GpuNeeds::Wanted::no) check.found += "; no engine of the study needs one";
    return check;
  }
  if (facts.gpus.size() >= needs.gpus) return check;
  check.status = Status::error;
  check.wanted =
      fmt::format("{} GPU{} for {}", needs.gpus, needs.gpus == 1 ? "" : "s", needs.engines);
  if (!needs.stated.empty()) check.wanted += fmt::format(" (the study states {})", needs.stated);
  check.fix = facts.problem.empty()
                  ? "lower the parallel sizes of the engine, or use a machine with more GPUs"
                  : "use a machine with a GPU; with one, nvidia-smi must list it (install the "
                    "driver; start a container with --gpus all)";
  return check;
}

Check driver(const GpuFacts& facts) {
  return {
      "gpu.driver", Status::ok,
      fmt::format("{}{} ({})", facts.driver.empty() ? "not told" : facts.driver,
                  facts.cuda ? ", runs CUDA up to " + cuda_text(*facts.cuda) : "", facts.source)};
}

/// The words of a text that can name a model of GPU: "H200", "L40S", "4090", not "141" or "SXM5".
std::set<std::string> model_words(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  const auto keep = [&] {
    const auto digits = std::count_if(word.begin(), word.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
    const bool letter_first = !word.empty() && std::isalpha(static_cast<unsigned char>(word[0]));
    const bool socket = word.rfind("sxm", 0) == 0 || word.rfind("hbm", 0) == 0;
    const bool number = digits == 4 && word.size() == 4;
    if ((letter_first && digits > 0 && !socket) || number) words.insert(word);
    word.clear();
  };
  for (const char c : lower(text)) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += c;
    } else {
      keep();
    }
  }
  keep();
  return words;
}

Check model(const GpuFacts& facts, const GpuNeeds& needs) {
  Check check{"gpu.model", Status::ok, listed(facts)};
  const std::set<std::string> stated = model_words(needs.stated);
  if (stated.empty()) return check;
  for (const Gpu& gpu : facts.gpus) {
    for (const std::string& word : model_words(gpu.identity.name)) {
      if (stated.count(word) > 0) return check;
    }
  }
  check.status = Status::error;
  check.wanted = needs.stated + ", as hardware.gpu states: the report would name another GPU";
  check.fix = "run the study there, or correct hardware.gpu";
  return check;
}

std::string process_text(const Gpu& gpu) {
  std::string line;
  for (std::size_t i = 0; i < gpu.now.processes.size(); ++i) {
    const probe::GpuProcess& process = gpu.now.processes[i];
    const std::string name = i < gpu.process_names.size() ? gpu.process_names[i] : "";
    line += fmt::format("{}pid {}", line.empty() ? "" : ", ", process.pid);
    if (!name.empty()) line += " (" + name + ")";
    if (process.used_bytes) {
      line += " with " + size_text(static_cast<double>(*process.used_bytes));
    }
  }
  return line;
}

Check processes(const GpuFacts& facts) {
  Check check{"gpu.processes", Status::ok, "no process on a GPU"};
  const std::string listed_ones = each(facts, process_text);
  const std::string hidden = each(facts, [](const Gpu& gpu) {
    if (!gpu.now.processes.empty() || gpu.now.used_bytes < kIdleMemory_bytes) return std::string();
    return size_text(static_cast<double>(gpu.now.used_bytes)) +
           " in use, by no process that the driver lists here";
  });
  if (listed_ones.empty() && hidden.empty()) return check;
  check.found = listed_ones + (listed_ones.empty() || hidden.empty() ? "" : "; ") + hidden;
  check.wanted = "the GPU to the study alone: others take memory and time from its engines";
  check.status = listed_ones.empty() ? Status::warning : Status::error;
  check.fix = listed_ones.empty() ? "look outside this container, and end what uses the GPU"
                                  : "end these processes (an engine that was left behind?)";
  return check;
}

Check mig(const GpuFacts& facts) {
  Check check{"gpu.mig", Status::ok, "off"};
  const auto on = [](const Gpu& gpu) { return gpu.settings.mig == true; };
  if (std::any_of(facts.gpus.begin(), facts.gpus.end(), on)) {
    check.status = Status::error;
    check.found = each(facts, [&](const Gpu& gpu) { return std::string(on(gpu) ? "on" : "off"); });
    check.wanted = "off: an engine sees one slice, and power and clocks are told of the whole GPU";
    check.fix = "nvidia-smi -mig 0, as root and with no program on the GPU";
  } else if (std::none_of(facts.gpus.begin(), facts.gpus.end(),
                          [](const Gpu& gpu) { return gpu.settings.mig.has_value(); })) {
    check.found = "not told";
    check.status = Status::skipped;
  }
  return check;
}

/// A check that warns of some GPUs.
struct Fault {
  const char *id, *wanted, *fix;
};
/// What there is to say of one GPU, and whether it is wrong.
struct Told {
  enum class Kind { fine, wrong };
  Kind kind = Kind::fine;
  std::string text;  ///< empty = not told
};
Check warn(const GpuFacts& facts, const Fault& fault, const std::function<Told(const Gpu&)>& tell) {
  const std::string wrong = each(facts, [&](const Gpu& gpu) {
    const Told told = tell(gpu);
    return told.kind == Told::Kind::wrong ? told.text : "";
  });
  if (!wrong.empty()) return {fault.id, Status::warning, wrong, fault.wanted, fault.fix};
  const std::string fine = each(facts, [&](const Gpu& gpu) { return tell(gpu).text; });
  if (fine.empty()) return {fault.id, Status::skipped, "not told"};
  return {fault.id, Status::ok, fine};
}

Told slowdown(const Gpu& gpu) {
  const auto& reasons = gpu.now.state.throttle_reasons;
  if (!reasons) return {};
  const std::uint64_t bits = *reasons & probe::kHardwareSlowdown;
  if (bits == 0) return {Told::Kind::fine, "not slowed down"};
  if ((bits & 0x40) != 0) return {Told::Kind::wrong, "clocks slowed by heat"};
  if ((bits & 0x80) != 0) return {Told::Kind::wrong, "clocks slowed by the power brake"};
  return {Told::Kind::wrong, "clocks slowed by the hardware"};
}

Told memory_errors(const Gpu& gpu) {
  const auto& errors = gpu.now.state.ecc_errors;
  if (!errors) return {Told::Kind::fine, gpu.settings.ecc == false ? "ECC is off" : ""};
  return {*errors > 0 ? Told::Kind::wrong : Told::Kind::fine,
          fmt::format("{} uncorrected error{}", *errors, *errors == 1 ? "" : "s")};
}

Told persistence(const Gpu& gpu) {
  const auto& on = gpu.settings.persistence;
  if (!on) return {};
  return {*on ? Told::Kind::fine : Told::Kind::wrong, *on ? "on" : "off"};
}

Told power_limit(const Gpu& gpu) {
  const auto &limit = gpu.settings.power_limit_w, &own = gpu.settings.power_default_w;
  if (!limit || !own) return {};
  return {*limit > *own - kPowerStep_w ? Told::Kind::fine : Told::Kind::wrong,
          fmt::format("{:.0f} W of {:.0f} W", *limit, *own)};
}

Told temperature(const Gpu& gpu) {
  const auto heat = gpu.now.state.temperature_c;
  if (!heat) return {};
  return {*heat >= kHotIdle_c ? Told::Kind::wrong : Told::Kind::fine,
          fmt::format("{:.0f} °C", *heat)};
}

Check throttle(const GpuFacts& facts) {
  return warn(facts,
              {"gpu.throttle", "full clocks: a slowed GPU makes trials clock_confounded",
               "see nvidia-smi -q -d PERFORMANCE; cool the machine, or have its power supply "
               "looked at"},
              slowdown);
}

std::vector<Check> health(const GpuFacts& facts) {
  return {
      warn(facts,
           {"gpu.ecc", "no uncorrected memory error since the driver was loaded",
            "reboot, or reset the GPU (nvidia-smi -r); use another GPU when they come back"},
           memory_errors),
      warn(facts,
           {"gpu.persistence",
            "on: else the driver is loaded again for each engine, and its counters restart",
            "nvidia-smi -pm 1"},
           persistence),
      warn(facts,
           {"gpu.power_limit",
            "the device's own: numbers of a capped GPU are not those of its model",
            "nvidia-smi -pl WATTS; where a provider capped it, say so in hardware.gpu"},
           power_limit),
      throttle(facts),
      warn(facts,
           {"gpu.temperature",
            "below 60 °C before anything runs: a hot GPU lowers its clocks sooner",
            "wait, or see what heats it"},
           temperature),
  };
}

std::string name_of(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

GpuFacts read_gpu_facts() {
  GpuFacts facts;
  const auto reader = probe::open_gpu_reader({});
  if (!reader.has_value()) {
    facts.problem = reader.error().message;
    return facts;
  }
  facts.source = reader.value()->source();
  facts.driver = reader.value()->driver_version();
  facts.cuda = reader.value()->cuda_version();
  const auto settings = reader.value()->settings();
  const auto readings = reader.value()->read();
  const auto& gpus = reader.value()->gpus();
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    Gpu gpu{gpus[i], {}, {}, {}};
    if (i < settings.size()) gpu.settings = settings[i];
    if (readings.has_value() && i < readings.value().size()) gpu.now = readings.value()[i];
    for (const auto& process : gpu.now.processes) gpu.process_names.push_back(name_of(process.pid));
    facts.gpus.push_back(std::move(gpu));
  }
  const char* const devices = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible_gpus(std::move(facts), devices != nullptr ? devices : "");
}

GpuFacts visible_gpus(GpuFacts facts, const std::string& devices) {
  if (devices.empty() || facts.gpus.empty()) return facts;
  std::vector<Gpu> left;
  std::istringstream list(devices);
  for (std::string word; std::getline(list, word, ',');) {
    for (std::size_t i = 0; i < facts.gpus.size(); ++i) {
      const bool by_uuid =
          word.rfind("GPU-", 0) == 0 && facts.gpus[i].identity.uuid.rfind(word, 0) == 0;
      if (by_uuid || word == std::to_string(i)) left.push_back(facts.gpus[i]);
    }
  }
  if (left.empty()) facts.problem = "no GPU: CUDA_VISIBLE_DEVICES=" + devices + " names none";
  facts.gpus = std::move(left);
  return facts;
}

std::vector<Check> check_gpus(const GpuFacts& facts, const GpuNeeds& needs) {
  std::vector<Check> checks{present(facts, needs)};
  if (facts.gpus.empty()) return checks;
  checks.push_back(driver(facts));
  checks.push_back(model(facts, needs));
  checks.push_back(processes(facts));
  checks.push_back(mig(facts));
  for (Check& check : health(facts)) checks.push_back(std::move(check));
  for (Check& check : checks) {
    if (needs.wanted == GpuNeeds::Wanted::no && check.status != Status::ok) {
      check = {check.id, Status::skipped, check.found};
    } else if (needs.wanted == GpuNeeds::Wanted::unknown && check.status == Status::error) {
      check.status = Status::warning;
    }
  }
  return checks;
}

std::vector<Check> check_gpus_again(const std::vector<probe::GpuReading>& now,
                                    const std::vector<std::int64_t>& own) {
  GpuFacts facts;
  bool known = false;
  for (const probe::GpuReading& reading : now) {
    Gpu gpu{{}, {}, reading, {}};
    gpu.now.processes.clear();
    for (const probe::GpuProcess& process : reading.processes) {
      if (std::find(own.begin(), own.end(), process.pid) != own.end()) {
        known = true;
      } else {
        gpu.now.processes.push_back(process);
        gpu.process_names.push_back(name_of(process.pid));
      }
    }
    gpu.now.used_bytes = 0;  // the engine's
    facts.gpus.push_back(std::move(gpu));
  }
  std::vector<Check> checks;
  if (known) checks.push_back(processes(facts));
  checks.push_back(throttle(facts));
  return checks;
}

std::string cuda_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace tokamark::doctor
