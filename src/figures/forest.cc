#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "advice/wording.h"
#include "figures/absences.h"
#include "figures/figures_internal.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

constexpr std::size_t kMostRows = 36;

struct Ratio {
  std::string label, verdict, reason;
  double ratio = 1.0;
  std::optional<double> low, high;
};

std::optional<double> positive(const json& entry, const char* key) {
  const auto found = entry.find(key);
  const bool good = found != entry.end() && found->is_number() && found->get<double>() > 0.0;
  return good ? std::optional(found->get<double>()) : std::nullopt;
}

std::string load_text(const json& entry) {
  const auto load = record::load_from_json(entry.value("load", json()));
  return load.has_value() ? load.value().label() : "";
}

/// The metrics of one pair at one load that have no ratio, for one reason.
struct Gap {
  std::string pair, reason;
  std::vector<std::string> metrics;
};

struct Ratios {
  std::vector<Ratio> primary;
  std::vector<Gap> gaps;
  std::size_t others = 0;  ///< of metrics that were not declared primary
};

void add_gap(const std::string& pair, const std::string& metric, const std::string& reason,
             std::vector<Gap>& gaps) {
  const auto same = [&](const Gap& gap) { return gap.pair == pair && gap.reason == reason; };
  auto found = std::find_if(gaps.begin(), gaps.end(), same);
  if (found == gaps.end()) found = gaps.insert(gaps.end(), {pair, reason, {}});
  found->metrics.push_back(metric);
}

std::string missing_of(const std::vector<Gap>& gaps) {
  Absences absent;
  for (const auto& gap : gaps) {
    absent.add(fmt::format("{} of {}", fmt::join(gap.metrics, " and "), gap.pair), gap.reason);
  }
  return absent.text();
}

Ratios collect(const Frame& frame) {
  Ratios ratios;
  for (const auto& entry : frame.result.comparisons) {
    if (!entry.is_object() || report::text_at(entry, {"workload"}) != frame.workload.workload)
      continue;
    const auto ratio = positive(entry, "ratio");
    if (!entry.contains("primary") || entry["primary"] != json(true)) {
      ratios.others += ratio ? 1 : 0;
      continue;
    }
    const auto metric = advice::metric_words(report::text_at(entry, {"metric"}));
    const auto pair = report::plain_line(
        fmt::format("{} / {}", report::text_at(entry, {"a"}), report::text_at(entry, {"b"})));
    const auto reason = report::plain_line(report::text_at(entry, {"reason"}));
    if (!ratio) {
      add_gap(fmt::format("{} at {}", pair, load_text(entry)), metric, reason, ratios.gaps);
      continue;
    }
    Ratio one;
    one.ratio = *ratio;
    one.low = positive(entry, "low");
    one.high = positive(entry, "high");
    one.verdict = report::plain_line(report::text_at(entry, {"verdict"}));
    one.reason = reason;
    one.label = report::plain_line(fmt::format("{}, {}: {}", metric, load_text(entry), pair));
    ratios.primary.push_back(std::move(one));
  }
  return ratios;
}

json make_rows(const std::vector<Ratio>& ratios) {
  auto rows = json::array();
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    const auto& one = ratios[i];
    const std::string word = one.verdict == "not_resolved" ? "not resolved" : one.verdict;
    rows.push_back(
        {{"y", static_cast<double>(i)},
         {"label", by_target(report::shorten(one.label, 48), report::shorten(one.label, 100),
                             report::shorten(one.label, 90))},
         {"value", one.ratio},
         {"low", one.low.value_or(one.ratio)},
         {"high", one.high.value_or(one.ratio)},
         {"verdict", word},
         {"name", one.label},
         {"shown", report::format_number(one.ratio)},
         {"range", one.low && one.high
                       ? report::format_number(*one.low) + " to " + report::format_number(*one.high)
                       : std::string("none: fewer than five blocks")},
         {"reason", one.reason.empty() ? "-" : one.reason}});
  }
  return rows;
}

json verdict_channel(const char* const (&range)[3]) {
  return {{"field", "verdict"},
          {"type", "nominal"},
          {"sort", nullptr},
          {"scale", {{"domain", {"different", "equivalent", "not resolved"}}, {"range", range}}},
          {"legend", {{"title", nullptr}}}};
}

}  // namespace

void add_forest(const Frame& frame, FigureSet& set) {
  Figure figure{fmt::format("ratios-{}", frame.key), frame.title("Ratios of engines"), "",
                Section::distribution, nullptr};
  auto [ratios, gaps, others] = collect(frame);
  if (ratios.empty()) {
    set.left_out.push_back(figure.title + ": no primary metric of two engines was compared." +
                           missing_of(gaps));
    return;
  }
  const auto all = ratios.size();
  ratios.resize(std::min(all, kMostRows));
  double least = 1.0, most = 1.0;
  for (const auto& one : ratios) {
    least = std::min(least, one.low.value_or(one.ratio));
    most = std::max(most, one.high.value_or(one.ratio));
  }
  figure.caption =
      "Ratio of the first engine's value to the second's; left of 1 it is the lower one. Lines are "
      "95 % Student intervals of the ratio over paired blocks; a mark without one has fewer than "
      "five. The verdict counts Holm's correction over the family.";
  if (all > ratios.size()) {
    figure.caption +=
        fmt::format(" The first {} of {} comparisons; results.json has all.", ratios.size(), all);
  }
  if (others > 0) {
    figure.caption += fmt::format(
        " {} ratios of metrics that were not declared primary are in the "
        "tables.",
        others);
  }
  figure.caption += missing_of(gaps);
  const auto count = static_cast<double>(ratios.size());
  auto spec = single_view(frame, figure, {20 * count + 12, 20 * count + 12, 30 * count + 16});
  spec["data"]["values"] = make_rows(ratios);
  const bool wide = most / least > 4.0;
  const auto x =
      wide ? log_axis("Ratio, log scale", least, most) : axis_between("Ratio", least, most);
  const Axis y{"", -0.8, count - 0.3, {}, Steps::linear, ""};
  auto place = quiet_channel("y", y);
  place["scale"]["reverse"] = true;
  place["axis"] = nullptr;
  const json colour = verdict_channel({"#D55E00", "#0072B2", "#777777"});
  const json shape = verdict_channel({"circle", "square", "diamond"});
  json rule{{"params", pick_param("verdict")},
            {"mark", {{"type", "rule"}, {"strokeWidth", by_target({1.2, 1.3, 2})}}},
            {"encoding",
             {{"x", channel("low", x)},
              {"x2", {{"field", "high"}}},
              {"y", place},
              {"color", colour},
              {"opacity", picked()}}}};
  json mark{{"mark", {{"type", "point"}, {"filled", true}, {"size", by_target({26, 30, 64})}}},
            {"encoding",
             {{"x", quiet_channel("value", x)},
              {"y", place},
              {"color", colour},
              {"shape", shape},
              {"opacity", picked()},
              {"tooltip", tooltip({{"name", "Comparison"},
                                   {"shown", "Ratio"},
                                   {"range", "95 % interval"},
                                   {"verdict", "Verdict"},
                                   {"reason", "Reason"}})}}}};
  json label{{"mark",
              {{"type", "text"},
               {"align", "left"},
               {"baseline", "bottom"},
               {"dy", by_target({-4, -4, -7})},
               {"dx", 2}}},
             {"encoding",
              {{"x", {{"value", 0}}},
               {"y", place},
               {"text", {{"field", "label"}, {"type", "nominal"}}},
               {"color", {{"value", "#333"}}},
               {"opacity", picked()}}}};
  // Beside each mark alone: a line through the labels could not be read through.
  auto pieces = json::array();
  for (double i = 0.0; i < count; i += 1.0) {
    pieces.push_back({{"limit", 1.0}, {"from", i - 0.18}, {"to", i + 0.36}});
  }
  auto from = place;
  from["field"] = "from";
  json one{{"data", {{"values", std::move(pieces)}}},
           {"mark", {{"type", "rule"}, {"color", "#444"}}},
           {"encoding",
            {{"x", quiet_channel("limit", x)}, {"y", std::move(from)}, {"y2", {{"field", "to"}}}}}};
  spec["layer"] = {std::move(rule), std::move(one), std::move(mark), std::move(label)};
  add_figure(frame, std::move(figure), std::move(spec), set);
}

}  // namespace tokamark::figures
