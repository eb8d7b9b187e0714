#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <set>

#include "cli/commands.h"
#include "cli/report_files.h"
#include "cli/summaries.h"
#include "comparison/together.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

struct ReportFlags {
  std::vector<std::string> folders, formats;
  std::string export_format, output, theme = "paper", size, figures;
};

/// Every summary of one folder, in the folder itself.
base::Result<void> rebuild(const ReportFlags& flags) {
  TOKAMARK_TRY(run::ResultsFolder folder, run::ResultsFolder::open(flags.folders.front()));
  TOKAMARK_TRY_VOID(folder.lock());
  TOKAMARK_TRY(const record::StudyResult result,
               write_summaries(folder, parse_export(flags.export_format)));
  print_table(stdout, result);
  fmt::print("\nRebuilt from {} trials: {}\n", result.trials.size(),
             (folder.root() / "report.html").string());
  return base::ok();
}

/// The folder's own name, or all of what was given where two are the same.
std::vector<std::string> labels_of(const std::vector<std::string>& folders) {
  std::vector<std::string> labels;
  for (const std::string& name : folders) {
    const fs::path path = fs::path(name).lexically_normal();
    labels.push_back(path.filename().empty() ? path.parent_path().filename().string()
                                             : path.filename().string());
  }
  std::vector<std::string> distinct = labels;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t j = 0; j < labels.size(); ++j) {
      if (i != j && labels[i] == labels[j]) distinct[i] = folders[i];
    }
  }
  return distinct;
}

base::Result<run::Rebuilt> read_folder(const std::string& name) {
  TOKAMARK_TRY(const run::ResultsFolder folder, run::ResultsFolder::open(name));
  return folder.rebuild_with_detail();
}

/// All folders as one result.
base::Result<run::Rebuilt> read_together(const std::vector<std::string>& folders,
                                         std::vector<std::string>& notes) {
  if (folders.size() == 1) return read_folder(folders.front());
  const auto labels = labels_of(folders);
  if (std::set<std::string>(labels.begin(), labels.end()).size() < labels.size()) {
    return Error{ErrorKind::usage, "the same results folder was named twice"};
  }
  std::vector<run::Rebuilt> parts;
  for (const std::string& name : folders) {
    TOKAMARK_TRY(run::Rebuilt part, read_folder(name));
    parts.push_back(std::move(part));
  }
  std::vector<comparison::Labelled> labelled;
  for (std::size_t i = 0; i < parts.size(); ++i) labelled.push_back({labels[i], parts[i].result});
  TOKAMARK_TRY(comparison::Together together, comparison::put_together(labelled));
  notes = std::move(together.notes);
  run::Rebuilt all;
  all.result = std::move(together.result);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (auto& [id, trial] : parts[i].detail) all.detail[labels[i] + "/" + id] = std::move(trial);
  }
  return all;
}

/// A report of its own, in another folder.
base::Result<void> write_apart(const ReportFlags& flags) {
  ReportFileOptions options;
  options.folder = flags.output;
  options.theme = flags.theme;
  options.size = flags.size;
  options.own_figures = flags.figures;
  const auto& formats = flags.formats.empty() ? report_formats() : flags.formats;
  options.formats = {formats.begin(), formats.end()};
  std::vector<std::string> notes;
  TOKAMARK_TRY(const run::Rebuilt rebuilt, read_together(flags.folders, notes));
  TOKAMARK_TRY(const auto lines, write_report_files(rebuilt.result, rebuilt.detail, options));
  print_table(stdout, rebuilt.result);
  for (const std::string& note : notes) fmt::print("\nNot compared: {}\n", note);
  fmt::print("\nReport of {} trials: {}\n", rebuilt.result.trials.size(), flags.output);
  std::fflush(stdout);
  // Who asked for pictures by name must not miss them unnoticed.
  if (!flags.formats.empty() && !lines.empty()) {
    return Error{ErrorKind::output, fmt::format("{}", fmt::join(lines, "; "))};
  }
  for (const std::string& line : lines) fmt::print(stderr, "tokamark: {}\n", line);
  return base::ok();
}

base::Result<void> report(const ReportFlags& flags) {
  if (!flags.output.empty()) {
    if (!flags.export_format.empty()) {
      return Error{ErrorKind::usage, "--export writes into the results folder: leave --output out"};
    }
    return write_apart(flags);
  }
  if (flags.folders.size() > 1) {
    return Error{ErrorKind::usage,
                 "several results folders make a report of their own: give --output DIR"};
  }
  return rebuild(flags);
}

}  // namespace

void add_report(CLI::App& program, Action& action) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = program.add_subcommand(
      "report",
      "Rebuild every summary of a results folder from its raw records, or write a report of one or "
      "several folders elsewhere");
  command->add_option("DIR", flags->folders, "Results folders; several need --output")->required();
  auto* output = command
                     ->add_option("-o,--output", flags->output,
                                  "Write report.html, summary.md, citation.bib, tables/ and "
                                  "figures/ here, and leave the results folders as they are")
                     ->type_name("DIR");
  command
      ->add_option("--format", flags->formats,
                   "With --output: only these, as in html,pdf (default: all)")
      ->delimiter(',')
      ->check(CLI::IsMember(report_formats()))
      ->needs(output);
  command->add_option("--theme", flags->theme, "Look of the figures that are drawn as files")
      ->check(CLI::IsMember({"paper", "slides", "web"}))
      ->capture_default_str()
      ->needs(output);
  command
      ->add_option("--size", flags->size,
                   "Their width: one column of a paper (84 mm), two (174 mm), or a page's; "
                   "default: col2 for paper, else web")
      ->check(CLI::IsMember({"col1", "col2", "web"}))
      ->needs(output);
  command
      ->add_option("--figures", flags->figures,
                   "Use the NAME.vl.json here in the place of figures of that name, or beside them")
      ->type_name("DIR")
      ->needs(output);
  command
      ->add_option("--export", flags->export_format,
                   "Also write each trial in another tool's format")
      ->check(CLI::IsMember({"vllm"}));
  command->callback([flags, &action] { action = [flags] { return report(*flags); }; });
}

}  // namespace tokamark::cli
