#include "cli/own_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/files.h"
#include "report/rows.h"
#include "report/self_check.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::string_view kEnding = ".vl.json";

struct OwnFigure {
  std::string name;
  json spec;
};

base::Result<std::vector<OwnFigure>> read_own(const fs::path& folder) {
  std::error_code code;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const auto name = entry.path().filename().string();
    if (name.size() > kEnding.size() && name.ends_with(kEnding)) paths.push_back(entry.path());
  }
  if (code) {
    return Error{ErrorKind::usage, "--figures " + folder.string() + ": " + code.message()};
  }
  if (paths.empty()) {
    return Error{ErrorKind::usage, "--figures " + folder.string() + " holds no NAME.vl.json"};
  }
  std::sort(paths.begin(), paths.end());
  std::vector<OwnFigure> found;
  for (const fs::path& path : paths) {
    TOKAMARK_TRY(const std::string text, base::read_file(path, ErrorKind::study));
    json spec = json::parse(text, nullptr, false);
    if (!spec.is_object()) {
      return Error{ErrorKind::study, path.string() + " is not a Vega-Lite specification (JSON)"};
    }
    auto name = path.filename().string();
    name.resize(name.size() - kEnding.size());
    if (report::file_slug(name) != name) {
      return Error{ErrorKind::study,
                   path.string() + ": name figures with small letters, digits and dashes"};
    }
    found.push_back({std::move(name), std::move(spec)});
  }
  return found;
}

/// Calls `visit` with every `data` object in a specification, in order.
void each_data(json& spec, const std::function<void(json&)>& visit) {
  if (spec.is_array()) {
    for (json& item : spec) each_data(item, visit);
  }
  if (!spec.is_object()) return;
  for (auto& [key, value] : spec.items()) {
    if (key == "data" && value.is_object()) {
      visit(value);
    } else if (key != "values" && key != "datasets") {
      each_data(value, visit);
    }
  }
}

/// The rows of a specification's data: of the list with the most of them.
json values_of(json spec) {
  json most = json::array();
  const auto take = [&most](const json& values) {
    if (values.is_array() && values.size() > most.size()) most = values;
  };
  each_data(spec, [&take](const json& data) { take(data.value("values", json())); });
  const json sets = spec.value("datasets", json::object());
  if (sets.is_object()) {
    for (const auto& [name, values] : sets.items()) take(values);
  }
  return most;
}

json run_values(const record::StudyResult& result) {
  const auto table = report::run_table(result);
  json values = json::array();
  for (const auto& row : table.rows) {
    json datum = json::object();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const auto& column = table.columns[c];
      const std::string name = column.unit.empty() ? column.key : column.key + "_" + column.unit;
      const auto& cell = row.cells[c];
      datum[name] = column.align == report::Align::left ? json(cell.text)
                    : cell.number                       ? json(*cell.number)
                                                        : json(nullptr);
    }
    values.push_back(std::move(datum));
  }
  return values;
}

json filled(json spec, const json& values) {
  each_data(spec, [&values](json& data) {
    if (data.value("name", json()) == "figure") data = {{"values", values}};
  });
  return spec;
}

/// The text of a title, which may be one string, lines, or an object with either.
std::string title_text(const json& spec, const std::string& otherwise) {
  json title = spec.value("title", json());
  if (title.is_object()) title = title.value("text", json());
  if (title.is_string()) return title.get<std::string>();
  std::string text;
  if (title.is_array()) {
    for (const json& line : title) {
      if (line.is_string()) text += (text.empty() ? "" : " ") + line.get<std::string>();
    }
  }
  return text.empty() ? otherwise : text;
}

/// Gives the figure its specification, with what page and renderer expect of every figure. What is
/// simulated says so, whatever the user's title is.
void finish(figures::Figure& figure, json spec, const record::StudyResult& result) {
  figure.title = title_text(spec, figure.title);
  if (result.simulated && figure.title.find("SIMULATED") == std::string::npos) {
    figure.title += " (SIMULATED)";
  }
  json title = spec.value("title", json());
  if (!title.is_object()) title = json::object();
  title["text"] = figure.title;
  spec["title"] = title;
  if (!spec.contains("config") || !spec["config"].is_object()) spec["config"] = json::object();
  if (!spec["config"].contains("legend")) spec["config"]["legend"] = json::object();
  if ((spec.contains("mark") || spec.contains("layer")) && !spec.contains("height")) {
    spec["height"] = 260;
  }
  // A figure that is added has no specification before.
  const json before = figure.spec.is_object()
                          ? figure.spec.value("/usermeta/figure"_json_pointer, json::object())
                          : json::object();
  if (!spec.contains("usermeta") || !spec["usermeta"].is_object()) {
    spec["usermeta"] = json::object();
  }
  spec["usermeta"]["figure"] = before.is_object() ? before : json::object();
  auto& meta = spec["usermeta"]["figure"];
  meta["id"] = figure.id;
  meta["title"] = figure.title;
  meta["caption"] = figure.caption;
  meta["simulated"] = result.simulated;
  if (!meta.contains("workload")) meta["workload"] = nullptr;
  figure.spec = std::move(spec);
}

void replace(figures::Figure& figure, const OwnFigure& own, const record::StudyResult& result) {
  json spec = filled(own.spec, values_of(figure.spec));
  if (!spec.contains("config") && figure.spec.contains("config")) {
    spec["config"] = figure.spec["config"];
  }
  finish(figure, std::move(spec), result);
}

figures::Figure added(const OwnFigure& own, const record::StudyResult& result) {
  figures::Figure figure;
  figure.id = own.name;
  figure.title = own.name;
  figure.caption = "A figure of the reader's own (--figures).";
  finish(figure, filled(own.spec, run_values(result)), result);
  return figure;
}

}  // namespace

base::Result<void> apply_own_figures(const fs::path& folder, const record::StudyResult& result,
                                     std::vector<figures::FigureSet>& sets) {
  if (folder.empty()) return base::ok();
  TOKAMARK_TRY(const auto own_figures, read_own(folder));
  for (const OwnFigure& own : own_figures) {
    bool replaced = false;
    for (auto& set : sets) {
      for (auto& figure : set.figures) {
        if (figure.id != own.name && figure.id.rfind(own.name + "-", 0) != 0) continue;
        replace(figure, own, result);
        replaced = true;
      }
    }
    if (!replaced && !sets.empty()) sets.front().figures.push_back(added(own, result));
  }
  return base::ok();
}

report::Table figure_table(const figures::Figure& figure) {
  report::Table table;
  table.id = figure.id;
  table.title = figure.title;
  const json meta = figure.spec.value("/usermeta/figure"_json_pointer, json::object());
  table.simulated = meta.is_object() && meta.value("simulated", json()) == true;
  const json values = values_of(figure.spec);
  std::vector<std::string> keys;
  for (const json& datum : values) {
    if (!datum.is_object()) continue;
    for (const auto& [key, value] : datum.items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  for (const auto& key : keys) {
    const bool words = std::any_of(values.begin(), values.end(), [&key](const json& datum) {
      return datum.is_object() && datum.contains(key) && !datum[key].is_number() &&
             !datum[key].is_null();
    });
    table.columns.push_back({"", key, words ? report::Align::left : report::Align::right, key, ""});
  }
  for (const json& datum : values) {
    if (!datum.is_object()) continue;
    report::TableRow row;
    for (const auto& key : keys) {
      const json value = datum.value(key, json());
      if (value.is_number()) {
        row.cells.push_back(report::number_cell(value.get<double>()));
      } else {
        row.cells.push_back(report::text_cell(value.is_null()     ? ""
                                              : value.is_string() ? value.get<std::string>()
                                                                  : value.dump()));
      }
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace tokamark::cli
