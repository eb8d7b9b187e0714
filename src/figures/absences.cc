#include "figures/absences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

/// The engines of the study and how they are called, those without any trial included.
std::vector<std::pair<std::string, std::string>> planned_engines(const Frame& frame) {
  std::vector<std::pair<std::string, std::string>> engines;
  for (std::size_t i = 0; i < frame.engines.size(); ++i) {
    engines.emplace_back(frame.engines[i], frame.names[i]);
  }
  const auto& study = frame.result.study;
  if (!study.is_object() || !study.contains("engines") || !study["engines"].is_array()) {
    return engines;
  }
  for (const auto& entry : study["engines"]) {
    const auto name = report::text_at(entry, {"name"});
    const bool known = std::any_of(engines.begin(), engines.end(),
                                   [&name](const auto& one) { return one.first == name; });
    if (!known && !name.empty()) {
      engines.emplace_back(name, report::shorten(report::plain_line(name), 40));
    }
  }
  return engines;
}

bool has_row(const std::vector<const report::Row*>& rows, const std::string& engine,
             const std::string& load) {
  return std::any_of(rows.begin(), rows.end(), [&](const report::Row* row) {
    return row->engine == engine && row->load.label() == load;
  });
}

}  // namespace

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
  for (const auto& [engine, name] : planned_engines(frame)) {
    if (has_row(rows, engine, load)) continue;
    const bool ran = has_row(all_rows(frame), engine, load);
    absent.add(name, ran ? "no raw records" : "no trial at " + load);
  }
  return absent;
}

std::string no_trial_text(const Frame& frame, const std::vector<const report::Row*>& rows) {
  std::vector<std::string> labels, parts;
  for (const auto* row : rows) {
    const auto label = row->load.label();
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
  }
  const auto all = all_rows(frame);
  for (const auto& [engine, name] : planned_engines(frame)) {
    std::vector<std::string> lacking;
    for (const auto& label : labels) {
      if (!has_row(all, engine, label)) lacking.push_back(label);
    }
    if (lacking.empty()) continue;
    parts.push_back(lacking.size() == labels.size() && labels.size() > 1
                        ? name
                        : fmt::format("{} at {}", name, fmt::join(lacking, ", ")));
  }
  return parts.empty() ? "" : fmt::format(" No trial: {}.", fmt::join(parts, "; "));
}

}  // namespace tokamark::figures
