#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

double edge_ms(std::size_t bin) {
  return detail::kGapLeast_ms *
         std::pow(10.0, static_cast<double>(bin) / static_cast<double>(detail::kGapBinsPerDecade));
}

/// The outer bins hold what lies beyond them as well.
std::string bin_text(std::size_t bin) {
  const auto low = report::format_number(edge_ms(bin));
  const auto high = report::format_number(edge_ms(bin + 1));
  if (bin == 0) return fmt::format("0 to {} ms", high);
  if (bin + 1 == detail::kGapBins) return fmt::format("{} ms and more", low);
  return fmt::format("{} to {} ms", low, high);
}

struct Histogram {
  json rows = json::array();
  bool first = false, last = false;  ///< whether the outer bins hold a gap
  double least = std::numeric_limits<double>::infinity(), most = 0.0;        ///< gaps, ms
  double rarest = std::numeric_limits<double>::infinity(), commonest = 0.0;  ///< shares, %
};

void add_row(const Frame& frame, const report::Row& row, Histogram& into, Absences& absent) {
  const auto& detail = *frame.detail_of(chosen_trial(row));
  const auto& counts = detail.gap_counts;
  double all = 0.0;
  for (const auto count : counts) all += static_cast<double>(count);
  if (all == 0.0) {
    // A failed request counts as an endless gap.
    absent.add(frame.name_of(row.engine),
               detail.itl.n > 0 ? "no request with two chunks succeeded" : detail.itl.reason);
    return;
  }
  into.first = into.first || counts.front() > 0;
  into.last = into.last || counts.back() > 0;
  int stretch = 0;  // of bins that are not empty: a line does not cross the others
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    if (counts[bin] == 0) {
      ++stretch;
      continue;
    }
    const double share = 100.0 * static_cast<double>(counts[bin]) / all;
    auto datum = engine_datum(frame, row.engine);
    datum["x"] = std::sqrt(edge_ms(bin) * edge_ms(bin + 1));
    datum["value"] = share;
    datum["stretch"] = stretch;
    datum["valid"] = row.comparable;
    datum["line"] = line_value(row, datum["value"]);
    datum["bin"] = bin_text(bin);
    datum["shown"] = fmt::format("{} gaps, {} %", counts[bin], report::format_number(share));
    datum["verdict"] = report::plain_line(report::verdict_text(row));
    into.least = std::min(into.least, edge_ms(bin));
    into.most = std::max(into.most, edge_ms(bin + 1));
    into.rarest = std::min(into.rarest, share);
    into.commonest = std::max(into.commonest, share);
    into.rows.push_back(std::move(datum));
  }
}

}  // namespace

void add_gaps(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("itl-histogram-{}", frame.key), frame.title("Gaps between tokens"), "",
                Section::distribution, nullptr};
  const auto rows = busiest_rows(frame);
  auto absent = absent_engines(frame, rows);
  Histogram histogram;
  for (const auto* row : rows) add_row(frame, *row, histogram, absent);
  if (histogram.rows.empty()) {
    set.left_out.push_back(figure.title + (rows.empty() ? ": it needs the raw records of a trial."
                                                        : ": no gap is known." + absent.text()));
    return;
  }
  figure.caption = fmt::format(
      "ITL of one run at {}, ten bins a decade; both axes are log, so that rare stalls show. Lines "
      "end at empty bins. Peaks right of the main one are bursts and stalls; gaps of failed "
      "requests are left out.",
      rows.front()->load.label());
  if (histogram.first)
    figure.caption += " The first bin holds all shorter gaps too: tokens read together.";
  if (histogram.last) figure.caption += " The last bin holds all longer gaps too.";
  figure.caption += one_run_text(rows) + invalid_text(rows) + absent.text();
  auto spec = single_view(frame, figure, {130, 180, 260});
  spec["data"]["values"] = histogram.rows;
  const auto x = log_axis("ITL (ms), log scale", histogram.least * 1.06, histogram.most / 1.06);
  const auto y = log_axis("Share of gaps (%), log scale", histogram.rarest, histogram.commonest);
  const auto qx = quiet_channel("x", x), qy = quiet_channel("value", y);
  auto marks = point_layer(
      frame, qx, qy,
      tooltip({{"engine", "Engine"}, {"bin", "ITL"}, {"shown", "Share"}, {"verdict", "Verdict"}}));
  marks["mark"]["size"] = by_target({12, 14, 30});
  auto lines = line_layer(frame, channel("x", x), channel("line", y));
  lines["encoding"]["detail"] = {{"field", "stretch"}, {"type", "nominal"}};
  spec["layer"] = {std::move(lines), std::move(marks), cross_layer(qx, qy)};
  add_figure(frame, std::move(figure), std::move(spec), set);
}

void add_prompt_lengths(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("ttft-prompt-{}", frame.key), frame.title("TTFT against prompt length"),
                "", Section::distribution, nullptr};
  const auto rows = busiest_rows(frame);
  auto data = json::array();
  auto absent = absent_engines(frame, rows);
  std::vector<double> xs, ys;
  for (const auto* row : rows) {
    const auto* detail = frame.detail_of(chosen_trial(*row));
    if (detail->ttft_by_prompt.empty()) {
      absent.add(frame.name_of(row->engine), detail->ttft_by_prompt_reason);
    }
    for (const auto& bin : detail->ttft_by_prompt) {
      auto datum = engine_datum(frame, row->engine);
      datum["x"] = static_cast<double>(bin.from_tokens + bin.to_tokens) / 2.0;
      datum["value"] = bin.p50_ms;
      datum["low"] = bin.p10_ms;
      datum["high"] = bin.p90_ms;
      datum["valid"] = row->comparable;
      datum["line"] = line_value(*row, datum["value"]);
      datum["shown"] = report::format_number(bin.p50_ms) + " ms";
      datum["range"] =
          report::format_number(bin.p10_ms) + " to " + report::format_number(bin.p90_ms);
      datum["tokens"] =
          fmt::format("{} to {} tokens, {} requests", bin.from_tokens, bin.to_tokens, bin.n);
      datum["verdict"] = report::plain_line(report::verdict_text(*row));
      xs.push_back(datum["x"].get<double>());
      ys.insert(ys.end(), {bin.p10_ms, bin.p90_ms});
      data.push_back(std::move(datum));
    }
  }
  if (data.empty()) {
    set.left_out.push_back(figure.title + (rows.empty()
                                               ? ": it needs the raw records of a trial."
                                               : ": no engine has bins of it." + absent.text()));
    return;
  }
  figure.caption =
      fmt::format(
          "TTFT of one run at {} by the server's count of prompt tokens: a mark is the "
          "median of a bin, its line spans p10 to p90 of the requests in it. Requests that "
          "succeeded only.",
          rows.front()->load.label()) +
      one_run_text(rows) + invalid_text(rows) + absent.text();
  auto spec = single_view(frame, figure, {130, 180, 260});
  spec["data"]["values"] = std::move(data);
  const auto x = fitting_axis("Prompt (tokens)", xs);
  const auto y = fitting_axis("TTFT (ms)", ys);
  const auto qx = quiet_channel("x", x), qy = quiet_channel("value", y);
  spec["layer"] = {line_layer(frame, channel("x", x), channel("line", y)),
                   spread_layer(frame, qx, y),
                   point_layer(frame, qx, qy,
                               tooltip({{"engine", "Engine"},
                                        {"tokens", "Prompt"},
                                        {"shown", "TTFT p50"},
                                        {"range", "p10 to p90"},
                                        {"verdict", "Verdict"}})),
                   cross_layer(qx, qy)};
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
