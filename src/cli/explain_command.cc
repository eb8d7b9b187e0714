#include <fmt/format.h>

#include <memory>

#include "advice/rule.h"
#include "analysis/codes.h"
#include "analysis/thresholds.h"
#include "cli/commands.h"

namespace tokamark::cli {

namespace {

void explain_rule(const advice::Rule& rule) {
  std::string when;
  for (const advice::Condition& each : rule.when) {
    when += (when.empty() ? "" : "; ") + advice::condition_text(each);
  }
  fmt::print("{}\n  A rule of recommendations, of scope {}.\n", rule.id,
             advice::to_word(rule.scope));
  fmt::print("  When:           {}\n  What is said:   {}\n", when.empty() ? "always" : when,
             rule.text);
  fmt::print("  Decided by:     {}\n  Rests on:       {}\n", rule.decided_by,
             fmt::join(rule.rests_on, "; "));
}

base::Result<void> explain(const std::string& code) {
  if (code.empty()) {
    for (const analysis::CodeInfo& info : analysis::all_codes()) {
      fmt::print("{:<21} {}\n", info.code, info.meaning);
    }
    return base::ok();
  }
  const analysis::CodeInfo* info = analysis::find_code(code);
  if (const advice::Rule* rule = advice::find_rule(code); info == nullptr && rule != nullptr) {
    explain_rule(*rule);
    return base::ok();
  }
  if (info == nullptr) {
    std::string known;
    for (const analysis::CodeInfo& each : analysis::all_codes()) {
      known += (known.empty() ? "" : ", ") + std::string(each.code);
    }
    return base::Error{base::ErrorKind::usage, "no verdict code and no rule is named '" + code +
                                                   "'; the codes are " + known +
                                                   "; docs/RECOMMENDATIONS.md has the rules"};
  }
  fmt::print("{}\n  What it means:  {}\n  When:           {}\n  What to do:     {}\n", info->code,
             info->meaning, info->decided, info->advice);
  const analysis::Thresholds defaults;
  bool first = true;
  for (const analysis::ThresholdInfo& limit : analysis::all_thresholds()) {
    if (limit.code != info->code) continue;
    fmt::print("  {:<15} {} (default {})\n{:18}{}\n", first ? "In the study:" : "",
               fmt::format("validity.{}", limit.key), defaults.*limit.value, "", limit.meaning);
    first = false;
  }
  return base::ok();
}

}  // namespace

void add_explain(CLI::App& program, Action& action) {
  auto code = std::make_shared<std::string>();
  CLI::App* command = program.add_subcommand(
      "explain", "Say what a verdict code means, how it is decided and what to do");
  command->add_option("code", *code,
                      "A code, as in client_late, or a rule of recommendations, as in "
                      "kv_cache_preempts; none lists all codes");
  command->callback([code, &action] { action = [code] { return explain(*code); }; });
}

}  // namespace tokamark::cli
