#include "watch/metrics.h"

#include <fmt/format.h>

#include <cmath>

#include "record/json_text.h"
#include "report/text.h"
#include "watch/metric_tables_internal.h"

namespace tokamark::watch {

namespace {

using Trial = record::TrialResult;

constexpr std::size_t kLongestLabel = 200;

/// Writes families and samples in the order of the format.
class Text {
 public:
  void family(const Family& family) {
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family.name, family.help, family.name,
                        family.type);
    if (!family.unit.empty()) out_ += fmt::format("# UNIT {} {}\n", family.name, family.unit);
  }
  void sample(std::string_view name, const std::string& labels, const Value& value) {
    if (!value || !std::isfinite(*value)) return;
    out_ += labels.empty() ? fmt::format("{} {}\n", name, *value)
                           : fmt::format("{}{{{}}} {}\n", name, labels, *value);
  }
  std::string finish() && { return std::move(out_) + "# EOF\n"; }

 private:
  std::string out_;
};

std::string label(std::string_view name, std::string_view value) {
  return fmt::format("{}=\"{}\"", name, label_value(value));
}

std::string labels_of(std::string_view engine, std::string_view workload, std::string_view load,
                      bool simulated) {
  return label("engine", engine) + "," + label("workload", workload) + "," + label("load", load) +
         "," + label("simulated", simulated ? "true" : "false");
}

void write_set(Text& text, const Family& family, const std::vector<const char*>& words,
               std::string_view now) {
  text.family(family);
  for (const char* word : words) {
    text.sample(family.name, label(family.name, word), word == now ? 1.0 : 0.0);
  }
}

void write_study(Text& text, const Snapshot& s, std::string_view version) {
  text.family({"tokamark_build", "info", "", "The program that serves this page."});
  text.sample("tokamark_build_info", label("version", version), 1.0);
  text.family({"tokamark_study", "info", "", "What is measured, and on what."});
  text.sample("tokamark_study_info",
              label("study", s.study) + "," + label("model", s.model) + "," +
                  label("hardware", s.hardware) + "," +
                  label("simulated", s.simulated ? "true" : "false"),
              1.0);
  std::vector<const char*> words;
  for (const State state : all_states()) words.push_back(to_word(state));
  write_set(text, {"tokamark_study_state", "stateset", "", "What became of the study."}, words,
            to_word(s.state));
  words.clear();
  for (const record::Step step : record::all_steps()) words.push_back(record::to_word(step));
  write_set(text, {"tokamark_study_step", "stateset", "", "What the study is doing."}, words,
            s.progress ? record::to_word(s.progress->step) : "");
  text.family({"tokamark_study_trials_ended", "gauge", "", "Trials in the folder, by verdict."});
  const std::pair<const char*, std::int64_t> verdicts[] = {
      {"valid", s.valid}, {"invalid", s.invalid}, {"incomplete", s.incomplete}};
  for (const auto& [verdict, count] : verdicts) {
    text.sample("tokamark_study_trials_ended", label("verdict", verdict),
                static_cast<double>(count));
  }
  for (const StudyGauge& gauge : study_gauges()) {
    text.family(gauge.family);
    text.sample(gauge.family.name, "", gauge.value(s));
  }
}

/// The trial that runs now. Its numbers are coarse and include the warm-up.
void write_running(Text& text, const Snapshot& s) {
  const record::RunningTrial* trial = nullptr;
  if (s.state == State::running && s.progress && s.progress->trial) trial = &*s.progress->trial;
  const record::LiveNumbers* live = trial != nullptr && trial->live ? &*trial->live : nullptr;
  const std::string labels = trial == nullptr ? ""
                                              : labels_of(trial->engine, trial->workload,
                                                          trial->load.label(), s.simulated);
  const auto gauge = [&](const Family& family, const Value& value) {
    text.family(family);
    if (live != nullptr) text.sample(family.name, labels, value);
  };
  const record::LiveNumbers none;
  const record::LiveNumbers& now = live != nullptr ? *live : none;
  gauge({"tokamark_running_requests_in_flight", "gauge", "", "Requests in flight."},
        static_cast<double>(now.in_flight));
  gauge({"tokamark_running_output_tokens_per_second", "gauge", "",
         "Output tokens a second over about the last second."},
        now.output_tokens_per_s);
  gauge({"tokamark_running_ttft_p50_seconds", "gauge", "seconds",
         "Time to first token since the load began, median, in steps of 9 %."},
        in_seconds(now.ttft_p50_ms));
  gauge({"tokamark_running_ttft_p99_seconds", "gauge", "seconds",
         "Time to first token since the load began, 99th percentile, in steps of 9 %."},
        in_seconds(now.ttft_p99_ms));
  text.family({"tokamark_running_requests", "counter", "",
               "Requests that ended since the trial's load began."});
  if (live != nullptr) {
    text.sample("tokamark_running_requests_total", labels + ",outcome=\"succeeded\"",
                static_cast<double>(now.succeeded));
    text.sample("tokamark_running_requests_total", labels + ",outcome=\"failed\"",
                static_cast<double>(now.failed));
  }
  text.family({"tokamark_running_output_tokens", "counter", "",
               "Output tokens that arrived since the trial's load began."});
  if (live != nullptr) {
    text.sample("tokamark_running_output_tokens_total", labels,
                static_cast<double>(now.output_tokens));
  }
}

void write_trials(Text& text, const Snapshot& s, const FolderWatch::Latest& latest) {
  const auto labels = [&s](const Trial& t) {
    return labels_of(t.engine, t.workload, t.load.label(), s.simulated) + "," +
           label("verdict", record::to_word(t.verdict));
  };
  for (const TrialGauge& gauge : trial_gauges()) {
    text.family(gauge.family);
    for (const auto& [key, trial] : latest) {
      text.sample(gauge.family.name, labels(trial), gauge.value(trial));
    }
  }
  text.family({"tokamark_trial_requests", "gauge", "",
               "Requests scheduled in the window, by how they ended."});
  for (const auto& [key, trial] : latest) {
    const std::pair<const char*, std::int64_t> outcomes[] = {{"succeeded", trial.counts.succeeded},
                                                             {"failed", trial.counts.failed},
                                                             {"timed_out", trial.counts.timed_out}};
    for (const auto& [outcome, count] : outcomes) {
      text.sample("tokamark_trial_requests", labels(trial) + "," + label("outcome", outcome),
                  static_cast<double>(count));
    }
  }
}

}  // namespace

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : report::shorten(record::valid_utf8(text), kLongestLabel)) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
  }
  return out;
}

std::string openmetrics(const Snapshot& snapshot, const FolderWatch::Latest& latest,
                        std::string_view version) {
  Text text;
  write_study(text, snapshot, version);
  write_running(text, snapshot);
  write_trials(text, snapshot, latest);
  return std::move(text).finish();
}

}  // namespace tokamark::watch
