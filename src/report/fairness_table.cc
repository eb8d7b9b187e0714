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

std::string fairness_markdown(const std::vector<FairnessTable>& tables) {
  std::string text;
  for (const FairnessTable& table : tables) {
    text +=
        fmt::format("### {}\n\n{}\n\n", markdown_text(table.title), markdown_text(table.verdict));
    if (!table.rows.empty()) {
      text += "| Setting |";
      std::string rules = "| :-- |";
      for (const std::string& engine : table.engines) {
        text += " " + markdown_text(engine) + " |";
        rules += " :-- |";
      }
      text += " |\n" + rules + " :-- |\n";
    }
    for (const FairnessRow& row : table.rows) {
      text += "| " + markdown_text(row.name) + " |";
      for (const std::string& value : row.values) text += " " + markdown_text(value) + " |";
      text += row.bad ? " **" + row.standing + "** |\n" : " " + row.standing + " |\n";
    }
    const std::string equal = equal_text(table);
    text += (table.rows.empty() ? "" : "\n") + (equal.empty() ? "" : markdown_text(equal) + "\n\n");
  }
  return text;
}

std::string fairness_html(const std::vector<FairnessTable>& tables) {
  std::string text;
  for (const FairnessTable& table : tables) {
    text += fmt::format("<h2>{}</h2>\n<p{}>{}</p>\n", html_line(table.title),
                        table.bad ? " class=\"verdict bad\"" : "", html_line(table.verdict));
    if (!table.rows.empty()) {
      text += "<div class=\"wide\"><table><thead><tr><th class=\"text\">Setting</th>";
      for (const std::string& engine : table.engines) {
        text += "<th class=\"text\">" + html_line(engine) + "</th>";
      }
      text += "<th class=\"text\">Between them</th></tr></thead><tbody>\n";
      for (const FairnessRow& row : table.rows) {
        text += row.bad ? "<tr class=\"invalid\">" : "<tr>";
        text += "<td class=\"text\">" + html_line(row.name) + "</td>";
        for (const std::string& value : row.values) {
          text += "<td class=\"text\">" + html_line(value) + "</td>";
        }
        text += "<td class=\"text\">" + html_line(row.standing) + "</td></tr>\n";
      }
      text += "</tbody></table></div>\n";
    }
    const std::string equal = equal_text(table);
    text += equal.empty() ? "" : "<p>" + html_line(equal) + "</p>\n";
  }
  return text;
}

}  // namespace tokamark::report
