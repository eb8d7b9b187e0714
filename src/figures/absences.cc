#include "figures/absences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/text.h"

namespace tokamark::figures {

void Absences::add(const std::string& name, const std::string& reason) {
  const auto words = report::plain_line(reason.empty() ? "not recorded" : reason);
  auto found = std::find_if(by_reason_.begin(), by_reason_.end(),
                            [&words](const auto& entry) { return entry.first == words; });
  if (found == by_reason_.end()) found = by_reason_.insert(by_reason_.end(), {words, {}});
  found->second.push_back(name);
}

std::string Absences::text() const {
  constexpr std::size_t kMostNames = 6;
  std::string text;
  for (const auto& [reason, names] : by_reason_) {
    const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNames));
    text += fmt::format(
        "{} {}{} ({})", text.empty() ? " Not shown:" : ";",
        fmt::join(names.begin(), names.begin() + shown, ", "),
        names.size() > kMostNames ? fmt::format(" and {} more", names.size() - kMostNames) : "",
        reason);
  }
  return text.empty() ? text : text + ".";
}

Absences absent_engines(const Frame& frame, const std::vector<const report::Row*>& rows) {
  Absences absent;
  if (rows.empty()) return absent;
  const auto load = rows.front()->load.label();
  for (std::size_t i = 0; i < frame.engines.size(); ++i) {
    const auto has_row = [&engine = frame.engines[i]](const report::Row& row) {
      return row.engine == engine;
    };
    if (std::any_of(rows.begin(), rows.end(), [&](const auto* row) { return has_row(*row); }))
      continue;
    const auto& all = frame.workload.rows;
    const bool ran = std::any_of(all.begin(), all.end(), [&](const report::Row& row) {
      return has_row(row) && row.load.label() == load;
    });
    absent.add(frame.names[i], ran ? "no raw records" : "no trial at " + load);
  }
  return absent;
}

}  // namespace tokamark::figures
