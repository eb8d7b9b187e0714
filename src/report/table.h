#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokamark::report {

enum class Align { left, right };

struct Column {
  std::string group;  ///< "TTFT ms", or empty
  std::string name;   ///< "p50"
  Align align = Align::right;
  std::string key;   ///< name for programs, without the unit: "ttft_p50"; empty: not in CSV
  std::string unit;  ///< what ends that name: "ms"; empty for counts, shares and words
};

/// Ends of a 95 % interval.
struct CellInterval {
  double low = 0.0, high = 0.0;
};

enum class Emphasis { none, best };

struct TableCell {
  std::string text;                      ///< raw; each writer escapes it its own way
  std::optional<double> number;          ///< of cells of right columns: sorted by, and in CSV
  std::optional<CellInterval> interval;  ///< of the number
  Emphasis emphasis = Emphasis::none;
};

enum class RowState { plain, bad };

struct TableRow {
  std::vector<TableCell> cells;  ///< as Table::columns
  RowState state = RowState::plain;
};

/// One table, for the terminal, Markdown, LaTeX, CSV and HTML alike, so that they cannot differ.
struct Table {
  std::string id;     ///< name of its files: letters, digits and dashes
  std::string title;  ///< says SIMULATED where that is so
  std::vector<Column> columns;
  std::vector<TableRow> rows;
  std::vector<std::string> notes;  ///< raw sentences that belong under it
  bool simulated = false;
};

/// Words; a whole number, and one with its unit's digits; a dash where there is none.
TableCell text_cell(std::string text);
TableCell whole_cell(std::int64_t value);
TableCell number_cell(std::optional<double> value);
/// "12 %"; sorted by and written to CSV as a share.
TableCell share_cell(std::optional<double> share);

/// GitHub Markdown. Nothing in a cell acts as markup.
std::string table_markdown(const Table& table);

/// A `table` environment for the packages booktabs and, with wide tables, graphicx. Every character
/// is printed as it is; those that LaTeX's default fonts lack, as their code point (U+1F600).
std::string table_latex(const Table& table);
/// Text for LaTeX, as in a cell.
std::string latex_text(std::string_view text);

/// RFC 4180 with a header row: all digits of numbers, units in the names of columns, two columns
/// more where a column has intervals, and a column that says whether the data is simulated. A text
/// that a spreadsheet would take for a formula begins with an apostrophe.
std::string table_csv(const Table& table);

/// Colours of engines' names, as "#0072B2".
using Swatches = std::map<std::string, std::string>;

/// A table that its readers can sort; with `swatches` the cells of a column with key "engine" show
/// theirs.
std::string table_html(const Table& table, const Swatches& swatches);

/// Letters, digits and dashes, for a file name: "my-load" of "My load!"; "table" of nothing.
std::string file_slug(std::string_view text);

}  // namespace tokamark::report
