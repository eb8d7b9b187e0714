#include "report/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/at_slo.h"
#include "report/citation.h"
#include "report/fairness_table.h"
#include "report/findings.h"
#include "report/headline.h"
#include "report/outcome.h"
#include "report/self_check.h"
#include "report/speed_of_light.h"
#include "report/text.h"
#include "report/verdicts.h"

namespace tokamark::report {
namespace {

/// The first of the sentences, and how many there are besides.
std::string list(const std::vector<std::string>& sentences, std::size_t most) {
  constexpr std::size_t kLongest = 1000;
  std::string text;
  for (std::size_t i = 0; i < std::min(sentences.size(), most); ++i) {
    text += "- " + markdown_text(shorten(sentences[i], kLongest)) + "\n";
  }
  if (sentences.size() > most) text += fmt::format("- and {} more\n", sentences.size() - most);
  return text + (text.empty() ? "" : "\n");
}

std::string list(const std::vector<std::string>& sentences) {
  return list(sentences, sentences.size());
}

/// Folded away; empty for nothing.
std::string details(const std::string& title, const std::string& text) {
  if (text.empty()) return {};
  return fmt::format("<details><summary>{}</summary>\n\n{}</details>\n\n", html_line(title), text);
}

std::string titled(const Table& table) {
  if (table.rows.empty()) return {};
  return "### " + markdown_text(table.title) + "\n\n" + table_markdown(table) + "\n";
}

std::string results_section(const WorkloadRows& workload) {
  std::vector<std::string> notes;
  for (const auto& note : missing_notes(workload)) notes.push_back("No number: " + note);
  return titled(make_headline(workload)) + list(notes);
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

std::string head_section(const record::StudyResult& result, const Outcome& outcome) {
  constexpr std::size_t kMost = 8;
  constexpr std::size_t kLongestName = 200;
  std::string text =
      fmt::format("## {}{}\n\n", markdown_text(shorten(study_name(result), kLongestName)),
                  result.simulated ? " (SIMULATED)" : "");
  if (result.simulated) {
    text += fmt::format("> **{}**\n\n", markdown_text(shorten(simulated_sentence(result), 1000)));
  }
  text += fmt::format("**{}.** {}\n\n", outcome.heading,
                      markdown_text(shorten(outcome.validity, 1000)));
  if (!outcome.failed.empty()) text += "Failed checks:\n\n" + list(outcome.failed, kMost);
  const auto slo = slo_sentence(result);
  if (!slo.empty()) text += "Best at the SLO (" + markdown_text(slo) + "):\n\n";
  text += list(outcome.best, kMost);
  const auto unequal = unequal_sentence(fairness_tables(result));
  text += unequal.empty() ? "" : "**" + unequal + "**\n\n";
  return text + list(outcome.leads, kMost);
}

std::string fairness_section(const std::vector<FairnessTable>& tables) {
  std::string text;
  for (const FairnessTable& fairness : tables) {
    const Table table = as_table(fairness);
    text += "### " + markdown_text(table.title) + "\n\n";
    if (!table.rows.empty()) text += table_markdown(table) + "\n";
    text += list(table.notes);
  }
  return text;
}

std::string support_section(const record::StudyResult& result,
                            const std::vector<WorkloadRows>& workloads) {
  std::string text = support_sentence(result, workloads) + "\n\n" + list(verdict_sentences(result));
  std::vector<std::string> sentences;
  for (const auto& workload : workloads) {
    for (const auto& sentence : order_sentences(unresolved_orders(result, workload))) {
      sentences.push_back(workload.workload + ", " + sentence);
    }
  }
  return text + (sentences.empty() ? "" : "### Observed order, not resolved\n\n" + list(sentences));
}

std::string recommendation_section(const record::StudyResult& result) {
  const auto texts = recommendation_texts(result);
  const auto body = texts.empty() ? fmt::format("{}\n\n", kNothingToRecommend) : list(texts);
  return fmt::format("### Recommendations\n\n{}", body);
}

std::string speed_section(const SpeedOfLight& speed) {
  if (speed.empty()) return {};
  const Table table = speed_table(speed);
  return (table.rows.empty() ? "" : table_markdown(table) + "\n") + list(table.notes);
}

std::vector<std::string> sections_of(const record::StudyResult& result,
                                     const std::vector<WorkloadRows>& workloads) {
  std::vector<std::string> sections;
  const auto standings = at_slo(result, workloads);
  for (const AtSlo& at : standings) {
    const Table table = slo_table(result, at);
    sections.push_back(titled(table) + list(table.notes));
  }
  for (const auto& workload : workloads) {
    const std::string results = results_section(workload);
    sections.push_back(standings.empty() ? results
                                         : details("All loads of " + workload.workload, results));
  }
  if (!workloads.empty()) sections.push_back(headline_legend(workloads) + "\n\n");
  sections.push_back(code_section(result));
  sections.push_back(recommendation_section(result));
  sections.push_back(details("What this supports", support_section(result, workloads)));
  const Table comparisons = comparison_table(result, Metrics::primary);
  sections.push_back(details(comparisons.title,
                             comparisons.rows.empty()
                                 ? ""
                                 : table_markdown(comparisons) + "\n" + list(comparisons.notes)));
  sections.push_back(details("Settings", fairness_section(fairness_tables(result))));
  const SpeedOfLight speed = speed_of_light(result, workloads);
  sections.push_back(details(speed.title, speed_section(speed)));
  if (!result.trials.empty()) {
    const Table self_check = self_check_table(result);
    sections.push_back(details(self_check.title, table_markdown(self_check) + "\n"));
    sections.push_back(markdown_text(citation_text(result)) +
                       " report.html has everything, results.json every number.\n");
  }
  return sections;
}

}  // namespace

std::string summary_markdown(const record::StudyResult& result) {
  const auto workloads = make_rows(result);
  std::string text = head_section(result, outcome_of(result, workloads));
  std::size_t left_out = 0;
  for (const auto& section : sections_of(result, workloads)) {
    if (text.size() + section.size() > kMarkdownLimit - kMarkdownReserve) {
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
