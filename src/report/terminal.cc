#include "report/terminal.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/fairness_table.h"
#include "report/findings.h"
#include "report/headline.h"
#include "report/speed_of_light.h"
#include "report/text.h"
#include "report/verdicts.h"

namespace tokamark::report {
namespace {

constexpr std::size_t kLongestName = 24;
constexpr std::size_t kLongestVerdict = 40;
/// A terminal cannot be narrower than this; wrapping below it would only make a mess.
constexpr std::size_t kLeastColumns = 24;

enum class Tone { plain, strong, good, bad };

/// Collects lines; the only place that knows of escape sequences.
class Page {
 public:
  explicit Page(const TerminalOptions& options)
      : colour_(options.colour), columns_(std::max(options.columns, kLeastColumns)) {}

  [[nodiscard]] std::size_t columns() const { return columns_; }

  [[nodiscard]] std::string toned(std::string_view text, Tone tone) const {
    if (colour_ == Colour::off || tone == Tone::plain) {
      return std::string(text);
    }
    const char* code = tone == Tone::strong ? "1" : tone == Tone::good ? "32" : "31";
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }

  void line(std::string_view text, Tone tone = Tone::plain) {
    const auto end = text.find_last_not_of(' ');
    out_ += toned(text.substr(0, end == std::string_view::npos ? 0 : end + 1), tone) + "\n";
  }

  void paragraph(std::string_view text, std::size_t indent, Tone tone = Tone::plain) {
    for (const auto& part : wrap(plain_line(text), columns_ - indent)) {
      line(std::string(indent, ' ') + part, tone);
    }
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  Colour colour_;
  std::size_t columns_;
  std::string out_;
};

Tone verdict_tone(const Row& row) { return row.comparable ? Tone::good : Tone::bad; }

std::string pad(std::string_view text, std::size_t width, Align align) {
  const auto used = std::min(width, display_width(text));
  const std::string space(width - used, ' ');
  return align == Align::left ? std::string(text) + space : space + std::string(text);
}

/// Names and codes become safe to print; the rest of a headline is numbers.
void make_printable(Table& headline) {
  for (auto& [cells, state] : headline.rows) {
    cells.front().text = shorten(plain_line(cells.front().text), kLongestName);
    cells.back().text = shorten(plain_line(cells.back().text), kLongestVerdict);
  }
}

std::vector<std::size_t> column_widths(const Table& headline) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < headline.columns.size(); ++c) {
    std::size_t width = display_width(headline.columns[c].name);
    for (const auto& row : headline.rows) {
      width = std::max(width, display_width(row.cells[c].text));
    }
    widths.push_back(width);
  }
  return widths;
}

/// The group names, each at the right end of its columns; widens the last column where a name is
/// longer.
std::string group_line(const Table& headline, std::vector<std::size_t>& widths, std::size_t gap) {
  std::string text;
  std::size_t begin = 0;
  while (begin < headline.columns.size()) {
    const auto& group = headline.columns[begin].group;
    std::size_t end = begin + 1;
    std::size_t width = widths[begin];
    while (!group.empty() && end < headline.columns.size() &&
           headline.columns[end].group == group) {
      width += gap + widths[end++];
    }
    const auto needed = display_width(group);
    if (needed > width) {
      widths[end - 1] += needed - width;
      width = needed;
    }
    text += pad(group, width, Align::right) + std::string(gap, ' ');
    begin = end;
  }
  return text;
}

std::size_t total_width(const std::vector<std::size_t>& widths, std::size_t gap) {
  std::size_t total = 0;
  for (const auto width : widths) {
    total += width + gap;
  }
  return total - gap;
}

/// False when the table does not fit, and then nothing was printed.
bool print_wide(Page& page, const Table& headline, const WorkloadRows& workload) {
  for (const std::size_t gap : {std::size_t{2}, std::size_t{1}}) {
    auto widths = column_widths(headline);
    const auto groups = group_line(headline, widths, gap);
    if (total_width(widths, gap) > page.columns()) {
      continue;
    }
    page.line(groups, Tone::strong);
    std::string names;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      names += pad(headline.columns[c].name, widths[c], headline.columns[c].align) +
               std::string(gap, ' ');
    }
    page.line(names, Tone::strong);
    for (std::size_t r = 0; r < headline.rows.size(); ++r) {
      std::string text;
      for (std::size_t c = 0; c + 1 < widths.size(); ++c) {
        text += pad(headline.rows[r].cells[c].text, widths[c], headline.columns[c].align) +
                std::string(gap, ' ');
      }
      page.line(text +
                page.toned(headline.rows[r].cells.back().text, verdict_tone(workload.rows[r])));
    }
    return true;
  }
  return false;
}

void print_stacked(Page& page, const Table& headline, const WorkloadRows& workload) {
  for (std::size_t r = 0; r < headline.rows.size(); ++r) {
    const auto& cells = headline.rows[r].cells;
    page.paragraph(fmt::format("{}  {}", cells[0].text, cells[1].text), 0, Tone::strong);
    page.line("  " + page.toned(cells.back().text, verdict_tone(workload.rows[r])));
    std::size_t c = 2;
    while (c + 1 < cells.size()) {
      const auto& group = headline.columns[c].group;
      std::string text = group.empty() ? headline.columns[c].name : group;
      const bool single = group.empty() || headline.columns[c + 1].group != group;
      if (single) {
        text += group.empty() ? "" : " " + headline.columns[c].name;
        text += " " + cells[c++].text;
      } else {
        for (; headline.columns[c].group == group; ++c) {
          text += " " + headline.columns[c].name + " " + cells[c].text;
        }
      }
      page.paragraph(text, 2);
    }
  }
}

void print_codes(Page& page, const record::StudyResult& result) {
  constexpr std::size_t kMostTrials = 5;
  for (const auto& note : code_notes(result)) {
    page.line("");
    page.paragraph(note.code + (note.decisive ? "" : " (a warning)"), 0,
                   note.decisive ? Tone::bad : Tone::strong);
    for (std::size_t i = 0; i < std::min(note.trials.size(), kMostTrials); ++i) {
      page.paragraph(note.trials[i], 2);
    }
    if (note.trials.size() > kMostTrials) {
      page.paragraph(fmt::format("and {} more", note.trials.size() - kMostTrials), 2);
    }
    page.paragraph("What to do: " + note.advice, 2);
  }
}

void print_speed(Page& page, const SpeedOfLight& speed) {
  if (speed.empty()) return;
  page.line("");
  page.paragraph(speed.title, 0, Tone::strong);
  if (!speed.rows.empty()) page.paragraph(speed_sentence(speed), 0);
  for (const auto& line : speed_lines(speed)) page.paragraph(line, 2);
}

void print_fairness(Page& page, const std::vector<FairnessTable>& tables) {
  for (const auto& table : tables) {
    page.line("");
    page.paragraph(table.title + ": " + table.verdict, 0, table.bad ? Tone::bad : Tone::strong);
    for (const auto& row : table.rows) {
      std::string text = row.name + ", " + row.standing + ":";
      for (std::size_t i = 0; i < row.values.size(); ++i) {
        text += (i == 0 ? " " : ", ") + table.engines[i] + " " + row.values[i];
      }
      page.paragraph(text, 2, row.bad ? Tone::bad : Tone::plain);
    }
    if (!table.equal.empty()) {
      page.paragraph(fmt::format("equal: {}", fmt::join(table.equal, ", ")), 2);
    }
  }
}

void print_findings(Page& page, const record::StudyResult& result,
                    const std::vector<WorkloadRows>& workloads) {
  page.line("");
  page.paragraph(support_sentence(result, workloads), 0);
  const auto unequal = unequal_sentence(fairness_tables(result));
  if (!unequal.empty()) page.paragraph(unequal, 0, Tone::bad);
  for (const auto& sentence : verdict_sentences(result)) page.paragraph(sentence, 2);
  bool first = true;
  for (const auto& workload : workloads) {
    for (const auto& sentence : order_sentences(unresolved_orders(result, workload))) {
      if (first) page.paragraph("Observed order, not resolved:", 0);
      first = false;
      page.paragraph(workload.workload + ", " + sentence, 2);
    }
  }
  page.line("");
  const auto texts = recommendation_texts(result);
  page.paragraph(texts.empty() ? kNothingToRecommend : "Recommendations:", 0, Tone::strong);
  for (const auto& text : texts) page.paragraph(text, 2);
}

}  // namespace

std::string terminal_table(const record::StudyResult& result, const TerminalOptions& options) {
  Page page(options);
  const auto workloads = make_rows(result);
  if (result.simulated) {
    page.paragraph(simulated_sentence(result), 0, Tone::bad);
  }
  for (const auto& workload : workloads) {
    page.line("");
    page.paragraph("Workload " + workload.workload + (result.simulated ? " (SIMULATED)" : ""), 0,
                   Tone::strong);
    auto headline = make_headline(workload);
    make_printable(headline);
    if (!print_wide(page, headline, workload)) {
      print_stacked(page, headline, workload);
    }
    for (const auto& note : missing_notes(workload)) {
      page.paragraph("-  " + note, 0);
    }
  }
  page.line("");
  if (!result.trials.empty()) {
    page.paragraph(headline_legend(workloads), 0);
  }
  page.paragraph(verdict_sentence(result), 0);
  print_speed(page, speed_of_light(result, workloads));
  print_codes(page, result);
  print_fairness(page, fairness_tables(result));
  print_findings(page, result, workloads);
  return page.take();
}

}  // namespace tokamark::report
