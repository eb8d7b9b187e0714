#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "base/files.h"
#include "cli/commands.h"
#include "comparison/across.h"
#include "comparison/gate.h"
#include "comparison/vllm_bench.h"
#include "record/result.h"
#include "report/change_table.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using comparison::Comparison;
using comparison::GateState;
using nlohmann::json;

struct CompareFlags {
  std::vector<std::string> inputs, gates, metrics;
  std::string markdown, json_file;
  bool strict = false;
};

struct Input {
  std::string label;
  record::StudyResult result;
};

/// A results folder, its results.json, or what `vllm bench serve` saved.
base::Result<Input> read_input(const std::string& name) {
  std::error_code code;
  fs::path path = name;
  if (fs::is_directory(path, code)) path /= "results.json";
  TOKAMARK_TRY(const std::string text, base::read_file(path, ErrorKind::study));
  const json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return Error{ErrorKind::study, path.string() + " is not JSON"};
  fs::path folder(name);
  if (folder.filename().empty()) folder = folder.parent_path();
  Input input{folder.filename().string(), {}};
  if (comparison::is_vllm_bench(parsed)) {
    TOKAMARK_TRY(input.result, comparison::read_vllm_bench(parsed, path.string()));
    return input;
  }
  auto result = record::study_result_from_json(parsed);
  if (!result.has_value()) return std::move(result).error().with_context(path.string());
  input.result = std::move(result).value();
  return input;
}

/// Labels tell the inputs apart even where their folders have the same name.
void make_labels_differ(std::vector<Input>& inputs, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (inputs[j].label != inputs[i].label) continue;
      inputs[i].label = names[i] == names[j] ? fmt::format("{} #{}", names[i], i + 1) : names[i];
      inputs[j].label = names[j];
    }
  }
}

base::Result<std::vector<Comparison>> compare_all(const std::vector<Input>& inputs) {
  if (inputs.size() == 1) return comparison::compare_engines(inputs.front().result).comparisons;
  std::vector<Comparison> all;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    TOKAMARK_TRY(std::vector<Comparison> found,
                 comparison::compare_across({inputs.front().label, inputs.front().result},
                                            {inputs[i].label, inputs[i].result}));
    all.insert(all.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  }
  return all;
}

std::string place_of(const Comparison& c) {
  return fmt::format("{} {} of {}", c.workload, c.load.label(), c.a);
}

/// Prints what each gate says, and fails when one does.
base::Result<void> check_gates(const std::vector<comparison::Gate>& gates,
                               const std::vector<Comparison>& comparisons, bool strict,
                               std::FILE* out) {
  std::vector<std::string> failures;
  for (const comparison::Gate& gate : gates) {
    bool seen = false;
    for (const Comparison& c : comparisons) {
      if (c.metric != gate.metric->name) continue;
      seen = true;
      const GateState state = comparison::check(gate, c);
      if (state == GateState::failed) {
        failures.push_back(fmt::format("'{}' holds for {}", gate.text, place_of(c)));
      } else if (state == GateState::unknown) {
        failures.push_back(fmt::format("'{}' cannot be decided for {}: {}", gate.text, place_of(c),
                                       c.reason.empty() ? "there is no interval" : c.reason));
      } else if (state == GateState::undecided && strict) {
        failures.push_back(
            fmt::format("'{}' is not ruled out for {} (--strict)", gate.text, place_of(c)));
      } else {
        fmt::print(out, "{} '{}' for {}\n",
                   state == GateState::passed ? "ruled out:" : "not shown and not ruled out:",
                   gate.text, place_of(c));
      }
    }
    if (!seen) failures.push_back(fmt::format("'{}' was not measured by any load", gate.text));
  }
  if (failures.empty()) return base::ok();
  return Error{ErrorKind::measurement, fmt::format("--fail-if {}", fmt::join(failures, "; "))};
}

base::Result<void> write_to(const std::string& place, const std::string& text) {
  if (place.empty()) return base::ok();
  if (place != "-") return base::write_file_atomic(place, text);
  std::cout << text << std::flush;
  if (std::cout) return base::ok();
  return Error{ErrorKind::output, "cannot write to standard output"};
}

base::Result<void> compare(const CompareFlags& flags) {
  std::vector<comparison::Gate> gates;
  for (const std::string& text : flags.gates) {
    TOKAMARK_TRY(gates.emplace_back(), comparison::parse_gate(text));
  }
  for (const std::string& metric : flags.metrics) {
    if (comparison::find_metric(metric) == nullptr) {
      return Error{ErrorKind::usage, "--metric " + metric + ": there is no such metric"};
    }
  }
  std::vector<Input> inputs;
  bool simulated = false;
  for (const std::string& name : flags.inputs) {
    TOKAMARK_TRY(inputs.emplace_back(), read_input(name));
    simulated = simulated || inputs.back().result.simulated;
  }
  make_labels_differ(inputs, flags.inputs);
  TOKAMARK_TRY(const auto comparisons, compare_all(inputs));
  if (comparisons.empty()) {
    return Error{ErrorKind::study, flags.inputs.front() + " holds one engine: name two results"};
  }
  const auto tables = report::change_tables(comparisons, flags.metrics);
  const bool piped = flags.markdown == "-" || flags.json_file == "-";
  std::FILE* const out = piped ? stderr : stdout;
  fmt::print(out, "{}", report::change_text(tables, simulated));
  TOKAMARK_TRY_VOID(write_to(flags.markdown, report::change_markdown(tables, simulated)));
  json list = json::array();
  for (const Comparison& c : comparisons) list.push_back(comparison::to_json(c));
  const json document{{"simulated", simulated}, {"comparisons", list}};
  TOKAMARK_TRY_VOID(write_to(flags.json_file, document.dump(1) + "\n"));
  return check_gates(gates, comparisons, flags.strict, out);
}

}  // namespace

void add_compare(CLI::App& program, Action& action) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = program.add_subcommand(
      "compare", "Compare results: of two builds, of two commits, or the engines of one study");
  command
      ->add_option("RESULT", flags->inputs,
                   "Results folders, results.json files, or files of `vllm bench serve "
                   "--save-result`; the first is the base. One alone: its engines")
      ->required();
  command->add_option("--metric", flags->metrics, "Show only this metric; may be repeated")
      ->allow_extra_args(false);
  command
      ->add_option("--fail-if", flags->gates,
                   "Exit with 5 where the whole interval is beyond this, as in "
                   "'tpot_p99_ms > +5%'; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--strict", flags->strict,
                    "With --fail-if: also where the interval holds the limit");
  command->add_option(
      "--markdown", flags->markdown,
      "Also write the tables as Markdown, for a pull request; - is standard output");
  command->add_option("--json", flags->json_file,
                      "Also write all comparisons as JSON; - is standard output");
  command->callback([flags, &action] { action = [flags] { return compare(*flags); }; });
}

}  // namespace tokamark::cli
