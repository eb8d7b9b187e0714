#include "watch/report_page.h"

#include "page/html.h"

namespace tokamark::watch {

base::Result<std::string> report_page(const run::ResultsFolder& folder, ReportSource source) {
  if (source == ReportSource::records) {
    TOKAMARK_TRY(const run::Rebuilt rebuilt, folder.rebuild_with_detail());
    return page::report_html(rebuilt.result, rebuilt.detail);
  }
  TOKAMARK_TRY(const record::StudyResult result, folder.summarised());
  return page::report_html(result, {});
}

}  // namespace tokamark::watch
