#include "report/html_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/headline.h"
#include "report/palette.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

std::string sortable_head(std::string_view name, std::size_t column, Align align) {
  return fmt::format(
      "<th class=\"{}\" aria-sort=\"none\"><button type=\"button\" data-column=\"{}\">{}</button>"
      "</th>",
      align == Align::left ? "text" : "number", column, html_line(name));
}

std::string cell_html(const HeadlineCell& cell, Align align, std::string_view before = "") {
  const auto sort = cell.number ? fmt::format(" data-value=\"{}\"", *cell.number) : std::string();
  return fmt::format("<td class=\"{}\"{}>{}{}</td>", align == Align::left ? "text" : "number", sort,
                     before, html_line(cell.text));
}

/// The upper header row: the groups, each across its columns.
std::string group_row(const std::vector<HeadlineColumn>& columns) {
  std::string text = "<tr class=\"groups\">";
  std::size_t begin = 0;
  while (begin < columns.size()) {
    std::size_t end = begin + 1;
    while (end < columns.size() && columns[end].group == columns[begin].group) {
      ++end;
    }
    text += fmt::format("<th colspan=\"{}\">{}</th>", end - begin, html_line(columns[begin].group));
    begin = end;
  }
  return text + "</tr>\n";
}

std::string swatch(const std::string& engine, const std::vector<std::string>& engines) {
  const auto place = std::find(engines.begin(), engines.end(), engine);
  return fmt::format("<span class=\"swatch\" style=\"background:{}\"></span>",
                     look(static_cast<std::size_t>(std::distance(engines.begin(), place))).colour);
}

std::string code_list(const record::TrialResult& trial) {
  std::string text;
  for (const auto& code : trial.codes) {
    text += (text.empty() ? "" : ", ") + code.code;
  }
  return text;
}

std::vector<HeadlineCell> trial_cells(const record::TrialResult& trial) {
  const auto whole = [](std::int64_t n) {
    return HeadlineCell{std::to_string(n), static_cast<double>(n)};
  };
  std::vector<HeadlineCell> cells{
      {trial.id, std::nullopt},         {record::to_word(trial.verdict), std::nullopt},
      {code_list(trial), std::nullopt}, whole(trial.counts.scheduled),
      whole(trial.counts.succeeded),    whole(trial.counts.failed),
      whole(trial.counts.timed_out),    whole(trial.counts.input_tokens),
      whole(trial.counts.output_tokens)};
  for (const auto quantity :
       {Quantity::ttft_p50, Quantity::tpot_p50, Quantity::e2e_p50, Quantity::output_tokens_per_s}) {
    const auto found = read(quantity, trial);
    cells.push_back({format_number(found.value), found.value});
  }
  cells.push_back({format_number(trial.client.lateness_ms.p99), trial.client.lateness_ms.p99});
  cells.push_back(
      {format_number(trial.client.receive_delay_ms.p99), trial.client.receive_delay_ms.p99});
  cells.push_back({fmt::format("{:.0f}%", 100.0 * trial.client.cpu_share), trial.client.cpu_share});
  const auto waiting = trial.client.run_delay_share;
  cells.push_back(
      {waiting ? fmt::format("{:.1f}%", 100.0 * *waiting) : format_number(waiting), waiting});
  for (const auto& value : {trial.server.server_ttft_ms.mean, trial.server.requests_running_mean,
                            trial.server.requests_waiting_mean}) {
    cells.push_back({format_number(value), value});
  }
  const auto kv = trial.server.kv_cache_usage_peak_ratio;
  cells.push_back({kv ? fmt::format("{:.0f}%", 100.0 * *kv) : format_number(kv), kv});
  return cells;
}

}  // namespace

std::string headline_html(const WorkloadRows& workload, const std::vector<std::string>& engines) {
  const auto headline = make_headline(workload);
  std::string text = "<div class=\"wide\"><table class=\"sortable\"><thead>\n" +
                     group_row(headline.columns) + "<tr>";
  for (std::size_t c = 0; c < headline.columns.size(); ++c) {
    text += sortable_head(headline.columns[c].name, c, headline.columns[c].align);
  }
  text += "</tr>\n</thead><tbody>\n";
  for (std::size_t r = 0; r < headline.rows.size(); ++r) {
    text += workload.rows[r].comparable ? "<tr>" : "<tr class=\"invalid\">";
    for (std::size_t c = 0; c < headline.columns.size(); ++c) {
      text += cell_html(headline.rows[r][c], headline.columns[c].align,
                        c == 0 ? swatch(workload.rows[r].engine, engines) : "");
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string trials_html(const record::StudyResult& result) {
  const std::vector<HeadlineColumn> columns{{"", "Trial", Align::left},
                                            {"", "Verdict", Align::left},
                                            {"", "Codes", Align::left},
                                            {"Requests", "all", Align::right},
                                            {"Requests", "ok", Align::right},
                                            {"Requests", "failed", Align::right},
                                            {"Requests", "timed out", Align::right},
                                            {"Tokens", "in", Align::right},
                                            {"Tokens", "out", Align::right},
                                            {"p50 ms", "TTFT", Align::right},
                                            {"p50 ms", "TPOT", Align::right},
                                            {"p50 ms", "E2E", Align::right},
                                            {"Output", "tok/s", Align::right},
                                            {"Client p99 ms", "late", Align::right},
                                            {"Client p99 ms", "receive", Align::right},
                                            {"Client", "CPU", Align::right},
                                            {"Client", "no core", Align::right},
                                            {"Server mean", "TTFT ms", Align::right},
                                            {"Server mean", "running", Align::right},
                                            {"Server mean", "waiting", Align::right},
                                            {"Server peak", "KV", Align::right}};
  std::string text =
      "<div class=\"wide\"><table class=\"sortable\"><thead>\n" + group_row(columns) + "<tr>";
  for (std::size_t c = 0; c < columns.size(); ++c) {
    text += sortable_head(columns[c].name, c, columns[c].align);
  }
  text += "</tr>\n</thead><tbody>\n";
  for (const auto& trial : result.trials) {
    const auto cells = trial_cells(trial);
    text += trial.verdict == record::Verdict::valid ? "<tr>" : "<tr class=\"invalid\">";
    for (std::size_t c = 0; c < columns.size(); ++c) {
      text += cell_html(cells[c], columns[c].align);
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace tokamark::report
