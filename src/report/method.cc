#include "report/method.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/citation.h"
#include "report/rows.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

using nlohmann::json;

/// One result among those of a report.
struct Source {
  std::string label;
  json study, manifest;
};

std::vector<Source> sources_of(const record::StudyResult& result) {
  const auto parts =
      result.manifest.is_object() ? result.manifest.find("put_together") : result.manifest.end();
  if (!result.manifest.is_object() || parts == result.manifest.end() || !parts->is_array()) {
    return {{study_name(result), result.study, result.manifest}};
  }
  std::vector<Source> sources;
  for (const json& part : *parts) {
    if (!part.is_object()) continue;
    sources.push_back(
        {text_at(part, {"label"}), part.value("study", json()), part.value("manifest", json())});
  }
  return sources;
}

enum class From { study, manifest };

struct Fact {
  const char* name;
  From from;
  const char* pointer;
};

constexpr std::array kFacts{
    Fact{"Study", From::study, "/name"},
    Fact{"Started (UTC)", From::manifest, "/started_utc"},
    Fact{"Command", From::manifest, "/command_line"},
    Fact{"tokamark", From::manifest, "/tokamark/version"},
    Fact{"Compiler of tokamark", From::manifest, "/tokamark/compiler"},
    Fact{"Model", From::study, "/model"},
    Fact{"GPUs", From::manifest, "/gpu/devices"},
    Fact{"GPU driver", From::manifest, "/gpu/driver"},
    Fact{"Hardware, as the study says", From::study, "/hardware"},
    Fact{"CPU", From::manifest, "/host/cpu"},
    Fact{"Cores", From::manifest, "/host/cores"},
    Fact{"Memory, bytes", From::manifest, "/host/memory_bytes"},
    Fact{"CPU governor", From::manifest, "/host/governor"},
    Fact{"System", From::manifest, "/host/distribution"},
    Fact{"Kernel", From::manifest, "/host/kernel"},
    Fact{"Load", From::study, "/load"},
    Fact{"Window", From::study, "/window"},
    Fact{"SLO", From::study, "/slo"},
    Fact{"Repeats", From::study, "/repeats"},
    Fact{"Runs a start", From::study, "/runs_per_start"},
    Fact{"Seed", From::study, "/seed"},
    Fact{"Client", From::study, "/client"},
    Fact{"Checks ignored", From::manifest, "/checks_ignored"},
};

/// Words for people: "a 1, b 2" of an object, words of a list side by side.
std::string shown(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  std::string text;
  if (value.is_array()) {
    for (const json& item : value) {
      text += (text.empty() ? "" : item.is_object() ? "; " : " ") + shown(item);
    }
    return text;
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      text += (text.empty() ? "" : ", ") + key + " " + shown(item);
    }
    return text;
  }
  return value.dump();
}

std::string fact_text(const Source& source, const Fact& fact) {
  const json& root = fact.from == From::study ? source.study : source.manifest;
  const json::json_pointer at(fact.pointer);
  if (!root.is_object() || !root.contains(at)) return "not recorded";
  const auto text = shown(root[at]);
  return text.empty() ? "none" : text;
}

/// "vllm 0.11.0, image sha256:...": what an engine says of itself.
std::string engine_text(const json& info) {
  std::string text = text_at(info, {"version"});
  if (text.empty()) text = "version not known";
  const auto digest = text_at(info, {"image", "digest"});
  if (!digest.empty()) text += ", image " + digest;
  return text;
}

void add_engines(const Source& source, std::size_t place, std::size_t count, Table& table) {
  if (!source.manifest.is_object()) return;
  const auto engines = source.manifest.find("engines");
  if (engines == source.manifest.end() || !engines->is_object()) return;
  for (const auto& [name, info] : engines->items()) {
    const std::string title = "Engine " + name;
    auto row = std::find_if(table.rows.begin(), table.rows.end(),
                            [&title](const TableRow& r) { return r.cells.front().text == title; });
    if (row == table.rows.end()) {
      row = table.rows.insert(table.rows.end(), TableRow{});
      row->cells.assign(count + 1, text_cell("not measured"));
      row->cells.front().text = title;
    }
    row->cells[place + 1].text = engine_text(info);
  }
}

}  // namespace

Table method_table(const record::StudyResult& result) {
  const auto sources = sources_of(result);
  Table table;
  table.id = "method";
  table.title = std::string("How it was measured") + (result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = {{"", "What", Align::left, "what", ""}};
  for (const Source& source : sources) {
    table.columns.push_back({"", source.label, Align::left, source.label, ""});
  }
  for (const Fact& fact : kFacts) {
    TableRow row;
    row.cells.push_back(text_cell(fact.name));
    for (const Source& source : sources) row.cells.push_back(text_cell(fact_text(source, fact)));
    table.rows.push_back(std::move(row));
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    add_engines(sources[i], i, sources.size(), table);
  }
  TableRow digest;
  digest.cells.push_back(text_cell("SHA-256 of the trials"));
  digest.cells.push_back(text_cell(data_digest(result)));
  digest.cells.resize(table.columns.size(), text_cell("all together"));
  table.rows.push_back(std::move(digest));
  table.notes = {
      "Schedules and prompts have a SHA-256 each in results.json (schedule_sha256); model files "
      "have theirs in the manifest, where they were read."};
  return table;
}

}  // namespace tokamark::report
