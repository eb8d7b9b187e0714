#include <fmt/format.h>

#include "report/self_check.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

using record::TrialResult;

std::string code_list(const TrialResult& trial) {
  std::string text;
  for (const auto& code : trial.codes) text += (text.empty() ? "" : ", ") + code.code;
  return text;
}

bool is_closed(const TrialResult& trial) { return trial.load.kind == workload::LoadKind::closed; }

/// What was asked of the load generator, and what came of it.
TableCell asked(const TrialResult& trial) {
  return number_cell(is_closed(trial) ? static_cast<double>(trial.load.concurrency)
                                      : trial.load.rate_per_s);
}

TableCell achieved(const TrialResult& trial) {
  if (is_closed(trial)) return number_cell(trial.checks.in_flight_mean);
  const double length = trial.window_end_s - trial.window_start_s;
  if (length <= 0.0) return number_cell(std::nullopt);
  return number_cell(static_cast<double>(trial.counts.sent) / length);
}

std::vector<TableCell> cells_of(const TrialResult& trial) {
  std::vector<TableCell> cells{text_cell(trial.id),
                               text_cell(trial.workload),
                               text_cell(trial.engine),
                               text_cell(trial.load.label()),
                               whole_cell(trial.repeat),
                               text_cell(record::to_word(trial.verdict)),
                               text_cell(code_list(trial)),
                               asked(trial),
                               achieved(trial),
                               whole_cell(trial.counts.scheduled),
                               whole_cell(trial.counts.succeeded),
                               whole_cell(trial.counts.failed),
                               whole_cell(trial.counts.timed_out),
                               whole_cell(trial.counts.input_tokens),
                               whole_cell(trial.counts.output_tokens)};
  for (const auto& entry : kQuantities) {
    cells.push_back(number_cell(read(entry.quantity, trial).value));
  }
  cells.push_back(number_cell(trial.client.lateness_ms.p99));
  cells.push_back(number_cell(trial.client.receive_delay_ms.p99));
  cells.push_back(number_cell(trial.client.cpu_share));
  cells.push_back(share_cell(trial.client.run_delay_share));
  for (const auto& value : {trial.server.server_ttft_ms.mean, trial.server.requests_running_mean,
                            trial.server.requests_waiting_mean}) {
    cells.push_back(number_cell(value));
  }
  cells.push_back(share_cell(trial.server.kv_cache_usage_peak_ratio));
  return cells;
}

std::vector<Column> columns() {
  std::vector<Column> columns{{"", "Trial", Align::left, "trial", ""},
                              {"", "Workload", Align::left, "workload", ""},
                              {"", "Engine", Align::left, "engine", ""},
                              {"", "Load", Align::left, "load", ""},
                              {"", "Repeat", Align::right, "repeat", ""},
                              {"", "Verdict", Align::left, "verdict", ""},
                              {"", "Codes", Align::left, "codes", ""},
                              {"Load", "asked", Align::right, "load_asked", ""},
                              {"Load", "achieved", Align::right, "load_achieved", ""},
                              {"Requests", "all", Align::right, "requests", ""},
                              {"Requests", "ok", Align::right, "succeeded", ""},
                              {"Requests", "failed", Align::right, "failed", ""},
                              {"Requests", "timed out", Align::right, "timed_out", ""},
                              {"Tokens", "in", Align::right, "input_tokens", ""},
                              {"Tokens", "out", Align::right, "output_tokens", ""}};
  for (const auto& entry : kQuantities) {
    const std::string part = entry.part;
    columns.push_back({std::string(entry.group) + (part.empty() ? "" : " ms"),
                       part.empty() ? entry.unit : part, Align::right, entry.key, entry.key_unit});
  }
  columns.push_back({"Client p99 ms", "late", Align::right, "client_lateness_p99", "ms"});
  columns.push_back({"Client p99 ms", "receive", Align::right, "client_receive_delay_p99", "ms"});
  columns.push_back({"Client", "CPU cores", Align::right, "client_cpu", "cores"});
  columns.push_back({"Client", "no core", Align::right, "client_run_delay_share", ""});
  columns.push_back({"Server mean", "TTFT ms", Align::right, "server_ttft_mean", "ms"});
  columns.push_back({"Server mean", "running", Align::right, "server_running_mean", "requests"});
  columns.push_back({"Server mean", "waiting", Align::right, "server_waiting_mean", "requests"});
  columns.push_back({"Server peak", "KV", Align::right, "server_kv_cache_peak_ratio", ""});
  return columns;
}

struct Sums {
  std::int64_t scheduled = 0, succeeded = 0, failed = 0, timed_out = 0, unsent = 0;
  std::optional<std::int64_t> server = 0, client = 0;
};

void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> value) {
  sum = sum && value ? std::optional(*sum + *value) : std::nullopt;
}

TableCell sum_cell(std::optional<std::int64_t> sum) {
  return sum ? whole_cell(*sum) : number_cell(std::nullopt);
}

TableRow sum_row(const Row& row) {
  Sums sums;
  for (const TrialResult* trial : row.trials) {
    const auto& counts = trial->counts;
    sums.scheduled += counts.scheduled;
    sums.succeeded += counts.succeeded;
    sums.failed += counts.failed;
    sums.timed_out += counts.timed_out;
    sums.unsent += counts.scheduled - counts.sent;
    add(sums.server, trial->checks.server_tokens);
    add(sums.client, trial->checks.client_tokens);
  }
  std::optional<double> difference;
  if (sums.server && sums.client && *sums.client > 0) {
    difference = static_cast<double>(*sums.server) / static_cast<double>(*sums.client) - 1.0;
  }
  return {{text_cell(row.workload), text_cell(row.engine), text_cell(row.load.label()),
           whole_cell(static_cast<std::int64_t>(row.trials.size())), whole_cell(sums.scheduled),
           whole_cell(sums.unsent), whole_cell(sums.succeeded), whole_cell(sums.failed),
           whole_cell(sums.timed_out), sum_cell(sums.server), sum_cell(sums.client),
           share_cell(difference)},
          sums.failed + sums.timed_out > 0 ? RowState::bad : RowState::plain};
}

}  // namespace

Table run_table(const record::StudyResult& result) {
  Table table;
  table.id = "runs";
  table.title = std::string("Every trial") + (result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = columns();
  for (const TrialResult& trial : result.trials) {
    table.rows.push_back({cells_of(trial), trial.verdict == record::Verdict::valid
                                               ? RowState::plain
                                               : RowState::bad});
  }
  table.notes = {
      "Load is requests in flight of a closed load and requests a second of an open one: achieved "
      "are the mean in flight and the requests sent over the window."};
  return table;
}

Table request_table(const record::StudyResult& result, const std::vector<WorkloadRows>& workloads) {
  Table table;
  table.id = "requests";
  table.title = std::string("Requests and tokens") + (result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = {
      {"", "Workload", Align::left, "workload", ""},
      {"", "Engine", Align::left, "engine", ""},
      {"", "Load", Align::left, "load", ""},
      {"", "Trials", Align::right, "trials", ""},
      {"Measured requests", "all", Align::right, "requests", ""},
      {"Measured requests", "not sent", Align::right, "not_sent", ""},
      {"Measured requests", "ok", Align::right, "succeeded", ""},
      {"Measured requests", "failed", Align::right, "failed", ""},
      {"Measured requests", "timed out", Align::right, "timed_out", ""},
      {"Output tokens, whole trials", "server", Align::right, "server_tokens", ""},
      {"Output tokens, whole trials", "client", Align::right, "client_tokens", ""},
      {"Output tokens, whole trials", "difference", Align::right, "server_to_client_share", ""}};
  for (const WorkloadRows& workload : workloads) {
    for (const Row& row : workload.rows) table.rows.push_back(sum_row(row));
  }
  table.notes = {
      "Kinds of errors and answers that were cut short are in each trial's requests.jsonl.zst "
      "(error, finish_reason); results.json has their numbers only, so they are not told apart "
      "here. Token counts of the server are a dash where it has no counter."};
  return table;
}

}  // namespace tokamark::report
