#include "figures/stacks.h"

#include <algorithm>
#include <array>

#include "report/text.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;

/// From dark to light, so that greys tell them apart as well.
constexpr std::array kPartColours{"#0B3C5D", "#0072B2", "#56B4E9", "#E69F00", "#F0E442"};

json rows_of(const std::vector<Stack>& stacks, const std::string& unit, double& most) {
  auto rows = json::array();
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    double from = 0.0;
    for (const auto& piece : stacks[i].pieces) {
      if (!(piece.size > 0.0)) continue;
      rows.push_back({{"y", static_cast<double>(i)},
                      {"y2", static_cast<double>(i) + 0.5},
                      {"from", from},
                      {"to", from + piece.size},
                      {"part", piece.part},
                      {"name", stacks[i].name},
                      {"valid", stacks[i].valid},
                      {"shown", report::format_number(piece.size) + " " + unit}});
      from += piece.size;
    }
    most = std::max(most, from);
  }
  return rows;
}

}  // namespace

json stack_view(const Frame& frame, const Figure& figure, const std::vector<Stack>& stacks,
                const std::vector<std::string>& parts, const std::string& axis_title,
                const std::string& unit) {
  const auto count = static_cast<double>(stacks.size());
  auto spec = single_view(frame, figure, {26 * count, 26 * count, 40 * count});
  double most = 0.0;
  spec["data"]["values"] = rows_of(stacks, unit, most);
  const auto x = axis_from_zero(axis_title, most);
  const Axis y{"", -0.5, count - 0.4, {}, Steps::linear, ""};
  auto place = quiet_channel("y", y);
  place["scale"]["reverse"] = true;
  place["axis"] = nullptr;
  auto colours = json::array();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    colours.push_back(kPartColours[std::min(i, kPartColours.size() - 1)]);
  }
  json bars{
      {"params", pick_param("part")},
      {"mark", {{"type", "rect"}, {"stroke", "white"}, {"strokeWidth", 0.75}}},
      {"encoding",
       {{"x", channel("from", x)},
        {"x2", {{"field", "to"}}},
        {"y", place},
        {"y2", {{"field", "y2"}}},
        {"color",
         {{"field", "part"},
          {"type", "nominal"},
          {"sort", nullptr},
          {"scale", {{"domain", parts}, {"range", colours}}},
          {"legend",
           {{"title", nullptr}, {"symbolType", "square"}, {"columns", by_target({2, 4, 4})}}}}},
        {"fillOpacity", {{"condition", {{"test", "datum.valid"}, {"value", 1}}}, {"value", 0.3}}},
        {"opacity", picked()},
        {"tooltip", tooltip({{"name", "Engine"}, {"part", "Part"}, {"shown", "Size"}})}}}};
  auto names = json::array();
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    names.push_back({{"y", static_cast<double>(i)},
                     {"name", stacks[i].name + (stacks[i].valid ? "" : " (not valid)")}});
  }
  json text{{"data", {{"values", names}}},
            {"mark",
             {{"type", "text"}, {"align", "left"}, {"baseline", "bottom"}, {"dx", 1}, {"dy", -2}}},
            {"encoding",
             {{"x", {{"value", 0}}},
              {"y", place},
              {"text", {{"field", "name"}, {"type", "nominal"}}},
              {"color", {{"value", "#333"}}}}}};
  spec["layer"] = {std::move(bars), std::move(text)};
  return spec;
}

}  // namespace tokamark::figures
