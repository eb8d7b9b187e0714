#include "cli/summaries.h"

#include <iostream>

#include "base/files.h"
#include "cli/screen.h"
#include "page/html.h"
#include "report/markdown.h"
#include "report/terminal.h"
#include "report/vllm_export.h"

namespace tokamark::cli {

base::Result<record::StudyResult> write_summaries(const run::ResultsFolder& folder,
                                                  Exports exports) {
  TOKAMARK_TRY(run::Rebuilt rebuilt, folder.rebuild_with_detail());
  const record::StudyResult& result = rebuilt.result;
  for (const record::TrialResult& trial : result.trials) {
    const auto place = folder.root() / "trials" / trial.id;
    TOKAMARK_TRY_VOID(record::write_trial_file(place / "summary.json", trial));
    if (exports == Exports::vllm) {
      TOKAMARK_TRY(const auto records, folder.read_records(trial.id));
      TOKAMARK_TRY_VOID(base::write_file_atomic(place / "vllm_bench_serve.json",
                                                report::export_vllm(result, trial, records)));
    }
  }
  TOKAMARK_TRY_VOID(record::write_result_file(folder.root() / "results.json", result));
  TOKAMARK_TRY_VOID(folder.write_text("summary.md", report::summary_markdown(result)));
  TOKAMARK_TRY_VOID(folder.write_text("report.html", page::report_html(result, rebuilt.detail)));
  return std::move(rebuilt.result);
}

void print_table(std::FILE* out, const record::StudyResult& result) {
  report::TerminalOptions options;
  options.columns = static_cast<std::size_t>(columns(out));
  options.colour = wants_colour(out) ? report::Colour::on : report::Colour::off;
  const std::string table = report::terminal_table(result, options);
  std::fputc('\n', out);
  std::fwrite(table.data(), 1, table.size(), out);
  std::fflush(out);
}

base::Result<void> copy_json(const record::StudyResult& result, const std::string& path) {
  if (path.empty()) return base::ok();
  if (path != "-") return record::write_result_file(path, result);
  std::cout << record::to_text(result) << std::flush;
  if (!std::cout) {
    return base::Error{base::ErrorKind::output, "cannot write results to standard output"};
  }
  return base::ok();
}

}  // namespace tokamark::cli
