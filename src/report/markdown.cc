#include "report/markdown.h"

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

std::string column_title(const HeadlineColumn& column) {
  return column.group.empty() ? column.name : column.group + " " + column.name;
}

std::string table(const WorkloadRows& workload) {
  const auto headline = make_headline(workload);
  std::string names = "|";
  std::string rules = "|";
  for (const auto& column : headline.columns) {
    names += " " + column_title(column) + " |";
    rules += column.align == Align::left ? " :-- |" : " --: |";
  }
  std::string text = names + "\n" + rules + "\n";
  for (std::size_t r = 0; r < headline.rows.size(); ++r) {
    text += "|";
    for (const auto& cell : headline.rows[r]) {
      const bool last = &cell == &headline.rows[r].back();
      const auto escaped = markdown_text(cell.text);
      text +=
          last && !workload.rows[r].comparable ? " **" + escaped + "** |" : " " + escaped + " |";
    }
    text += "\n";
  }
  return text;
}

std::string workload_section(const WorkloadRows& workload, bool simulated) {
  std::string text = fmt::format("### {}{}\n\n", markdown_text(workload.workload),
                                 simulated ? " (SIMULATED)" : "");
  text += table(workload);
  const auto notes = missing_notes(workload);
  text += notes.empty() ? "" : "\n";
  for (const auto& note : notes) {
    text += "- No number: " + markdown_text(note) + "\n";
  }
  return text + "\n";
}

std::string code_section(const record::StudyResult& result) {
  constexpr std::size_t kMostTrials = 5;
  const auto notes = code_notes(result);
  std::string text = notes.empty() ? "" : "### Verdict codes\n\n";
  for (const auto& note : notes) {
    text += fmt::format("- **{}**{}: {}\n", markdown_text(note.code),
                        note.decisive ? "" : " (a warning)", markdown_text(note.advice));
    for (std::size_t i = 0; i < std::min(note.trials.size(), kMostTrials); ++i) {
      text += "  - " + markdown_text(note.trials[i]) + "\n";
    }
    if (note.trials.size() > kMostTrials) {
      text += fmt::format("  - and {} more\n", note.trials.size() - kMostTrials);
    }
  }
  return notes.empty() ? "" : text + "\n";
}

std::string list(const std::vector<std::string>& sentences) {
  std::string text;
  for (const auto& sentence : sentences) text += "- " + markdown_text(sentence) + "\n";
  return text + (text.empty() ? "" : "\n");
}

std::string support_section(const record::StudyResult& result,
                            const std::vector<WorkloadRows>& workloads) {
  std::string text = "### What this supports\n\n" + support_sentence(result, workloads) + "\n\n";
  const auto unequal = unequal_sentence(fairness_tables(result));
  text += unequal.empty() ? "" : "**" + unequal + "**\n\n";
  return text + list(verdict_sentences(result));
}

std::string recommendation_section(const record::StudyResult& result) {
  const auto texts = recommendation_texts(result);
  return "### Recommendations\n\n" +
         (texts.empty() ? std::string(kNothingToRecommend) + "\n\n" : list(texts));
}

std::string order_section(const record::StudyResult& result,
                          const std::vector<WorkloadRows>& workloads) {
  std::vector<std::string> sentences;
  for (const auto& workload : workloads) {
    for (const auto& sentence : order_sentences(unresolved_orders(result, workload))) {
      sentences.push_back(workload.workload + ", " + sentence);
    }
  }
  return sentences.empty() ? "" : "### Observed order, not resolved\n\n" + list(sentences);
}

}  // namespace

std::string summary_markdown(const record::StudyResult& result) {
  const auto workloads = make_rows(result);
  std::string text = fmt::format("## {}{}\n\n", markdown_text(study_name(result)),
                                 result.simulated ? " (SIMULATED)" : "");
  if (result.simulated) {
    text += fmt::format("> **{}**\n\n", markdown_text(simulated_sentence(result)));
  }
  text += verdict_sentence(result) + "\n\n";
  std::vector<std::string> sections;
  for (const auto& workload : workloads) {
    sections.push_back(workload_section(workload, result.simulated));
  }
  if (!workloads.empty()) {
    sections.push_back(headline_legend(workloads) + "\n\n");
  }
  sections.push_back(speed_markdown(speed_of_light(result, workloads)));
  sections.push_back(code_section(result));
  sections.push_back(fairness_markdown(fairness_tables(result)));
  sections.push_back(support_section(result, workloads));
  sections.push_back(recommendation_section(result));
  sections.push_back(order_section(result, workloads));
  sections.push_back(comparisons_markdown(result));
  std::size_t left_out = 0;
  for (const auto& section : sections) {
    if (text.size() + section.size() > kMarkdownLimit) {
      ++left_out;
    } else {
      text += section;
    }
  }
  if (left_out > 0) {
    text += fmt::format("\n{} left out to stay short: report.html has all.\n",
                        count_of(left_out, "section"));
  }
  return text;
}

}  // namespace tokamark::report
