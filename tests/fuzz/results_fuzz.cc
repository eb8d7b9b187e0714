// libFuzzer target: any bytes as results.json. A result that is read must be written as the same
// text twice, and every recommendation and report can be made of it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "advice/recommend.h"
#include "fuzz_input.h"
#include "page/html.h"
#include "record/json_text.h"
#include "record/result.h"
#include "report/markdown.h"
#include "report/study_tables.h"
#include "report/terminal.h"
#include "report/vllm_export.h"

namespace {

namespace page = tokamark::page;
namespace record = tokamark::record;
namespace report = tokamark::report;

/// No byte that a terminal acts upon.
void check_terminal(const std::string& text) {
  TOKAMARK_ASSERT(record::valid_utf8(text) == text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    TOKAMARK_ASSERT(byte == '\n' || (byte >= 0x20 && byte != 0x7f));
    // U+0080 to U+009F are control characters of two bytes.
    const bool second = i > 0 && static_cast<unsigned char>(text[i - 1]) == 0xc2;
    TOKAMARK_ASSERT(!second || byte >= 0xa0);
  }
}

void check_reports(const record::StudyResult& result, bool with_page) {
  const std::string summary = report::summary_markdown(result);
  TOKAMARK_ASSERT(summary.size() <= report::kMarkdownLimit);
  TOKAMARK_ASSERT(record::valid_utf8(summary) == summary);
  const auto recommendations = tokamark::advice::recommend(result);
  for (const auto& entry : recommendations) TOKAMARK_ASSERT(!entry.at("rests_on").empty());
  check_terminal(report::terminal_table(result, {}));
  check_terminal(report::terminal_table(result, {40, report::Colour::off}));
  for (const record::TrialResult& trial : result.trials) {
    TOKAMARK_ASSERT(nlohmann::json::accept(report::export_vllm(result, trial, {})));
  }
  for (const report::Table& table : report::study_tables(result, {})) {
    for (const std::string& text :
         {report::table_csv(table), report::table_latex(table), report::table_markdown(table)}) {
      TOKAMARK_ASSERT(record::valid_utf8(text) == text);
    }
  }
  if (with_page) {
    const std::string html = page::report_html(result, {});
    TOKAMARK_ASSERT(record::valid_utf8(html) == html);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tokamark::fuzz::Input(data, size).rest();
  const auto result = record::study_result_from_text(text);
  if (!result.has_value()) {
    tokamark::fuzz::check_error(result.error());
    return 0;
  }
  const std::string written = record::to_text(result.value());
  const auto again = record::study_result_from_text(written);
  TOKAMARK_ASSERT(again.has_value());
  TOKAMARK_ASSERT(record::to_text(again.value()) == written);
  // The page carries the chart libraries, megabytes of them: one input in eight is enough.
  check_reports(result.value(), size % 8 == 0);
  return 0;
}
