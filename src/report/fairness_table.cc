#include "report/fairness_table.h"

#include <fmt/format.h>

#include <map>

#include "report/text.h"

namespace tokamark::report {

namespace {

using Json = nlohmann::json;

std::string shown(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "on" : "off";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::string text;
    for (const Json& item : value) text += (text.empty() ? "" : " ") + shown(item);
    return text;
  }
  return value.dump();
}

std::string cell_text(const Json& cell) {
  if (!cell.is_object()) return "not known";
  return fmt::format("{} ({})", shown(cell.value("value", Json())), cell.value("source", "?"));
}

std::string standing_text(const std::string& word) {
  static const std::map<std::string, std::string> kTexts{{"different", "DIFFERENT"},
                                                         {"intended", "different, as intended"},
                                                         {"as_shipped", "different, as shipped"},
                                                         {"remark", "different"},
                                                         {"unknown", "not known everywhere"},
                                                         {"equal", "equal"}};
  const auto found = kTexts.find(word);
  return found == kTexts.end() ? word : found->second;
}

std::string verdict_text(const Json& arm) {
  const std::string verdict = arm.value("verdict", "");
  if (verdict == "equal") return "Everything that decides results is equal or meant to differ.";
  if (verdict == "not_shown") {
    return "Nothing that decides results is known to differ, but not all of it is known.";
  }
  std::string names;
  for (const Json& row : arm.value("settings", Json::array())) {
    if (row.value("standing", "") != "different") continue;
    names += (names.empty() ? "" : ", ") + row.value("name", "");
  }
  return "UNEQUAL: " + names + " differ, so the engines are not comparable.";
}

FairnessTable table_of(const Json& arm) {
  FairnessTable table;
  const std::string name = arm.value("arm", "");
  table.title = name.empty() ? "Settings" : "Settings of arm " + name;
  table.verdict = verdict_text(arm);
  if (arm.value("defaults", "") == "shipped") table.verdict += " The engines run as they ship.";
  const Json budget = arm.value("budget", Json());
  if (budget.is_string()) table.verdict += " Tuning budget: " + budget.get<std::string>() + ".";
  table.bad = arm.value("verdict", "") == "unequal";
  table.engines = arm.value("engines", std::vector<std::string>{});
  for (const Json& setting : arm.value("settings", Json::array())) {
    FairnessRow row;
    row.name = setting.value("name", "");
    const std::string standing = setting.value("standing", "");
    const Json values = setting.value("values", Json::object());
    for (const std::string& engine : table.engines) {
      row.values.push_back(cell_text(values.value(engine, Json())));
    }
    if (standing == "equal") {
      const Json cell = values.value(table.engines.front(), Json());
      table.equal.push_back(row.name + " " + shown(cell.value("value", Json())));
      continue;
    }
    row.standing = standing_text(standing);
    row.decides = setting.value("decides", false);
    row.bad = standing == "different";
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string equal_text(const FairnessTable& table) {
  if (table.equal.empty()) return {};
  return fmt::format("Equal: {}.", fmt::join(table.equal, ", "));
}

}  // namespace

std::vector<FairnessTable> fairness_tables(const record::StudyResult& result) {
  std::vector<FairnessTable> tables;
  if (!result.fairness.is_object()) return tables;
  for (const Json& arm : result.fairness.value("arms", Json::array())) {
    tables.push_back(table_of(arm));
    tables.back().simulated = result.simulated;
    tables.back().title += result.simulated ? " (SIMULATED)" : "";
  }
  return tables;
}

std::string unequal_sentence(const std::vector<FairnessTable>& tables) {
  for (const FairnessTable& table : tables) {
    if (table.bad) {
      return "The engines were not compared under equal conditions (see the settings); an order "
             "below is of these runs and not of the engines.";
    }
  }
  return {};
}

Table as_table(const FairnessTable& fairness) {
  Table table;
  table.id = file_slug(fairness.title);
  table.title = fairness.title;
  table.simulated = fairness.simulated;
  table.columns = {{"", "Setting", Align::left, "setting", ""}};
  for (const std::string& engine : fairness.engines) {
    table.columns.push_back({"", engine, Align::left, engine, ""});
  }
  table.columns.push_back({"", "Between them", Align::left, "standing", ""});
  for (const FairnessRow& row : fairness.rows) {
    TableRow& made = table.rows.emplace_back();
    made.cells.push_back(text_cell(row.name));
    for (const std::string& value : row.values) made.cells.push_back(text_cell(value));
    made.cells.push_back(text_cell(row.standing));
    made.state = row.bad ? RowState::bad : RowState::plain;
  }
  table.notes = {fairness.verdict};
  const std::string equal = equal_text(fairness);
  if (!equal.empty()) table.notes.push_back(equal);
  return table;
}

}  // namespace tokamark::report
