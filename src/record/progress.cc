#include "record/progress.h"

#include "record/json_fields_internal.h"
#include "record/json_text.h"
#include "record/result.h"

namespace tokamark::record {
namespace {

using nlohmann::json;

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }
json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

json to_json(const base::ProcessIdentity& process) {
  return {{"pid", process.pid},
          {"start_ticks", process.start_ticks},
          {"boot_id", process.boot_id},
          {"pid_namespace", process.pid_namespace}};
}

json to_json(const std::optional<LiveNumbers>& live) {
  if (!live) return nullptr;
  return {{"in_flight", live->in_flight},
          {"succeeded", live->succeeded},
          {"failed", live->failed},
          {"output_tokens", live->output_tokens},
          {"output_tokens_per_s", or_null(live->output_tokens_per_s)},
          {"ttft_p50_ms", or_null(live->ttft_p50_ms)},
          {"ttft_p99_ms", or_null(live->ttft_p99_ms)}};
}

json to_json(const std::optional<RunningTrial>& trial) {
  if (!trial) return nullptr;
  return {{"id", trial->id},
          {"engine", trial->engine},
          {"workload", trial->workload},
          {"load", record::to_json(trial->load)},
          {"repeat", trial->repeat},
          {"run", trial->run},
          {"number", trial->number},
          {"elapsed_s", trial->elapsed_s},
          {"least_s", trial->least_s},
          {"live", to_json(trial->live)}};
}

void read_optional_text(const JsonFields& fields, const std::string& key, std::string& value) {
  if (!fields.raw(key).is_null()) fields.text(key, value);
}

void read(const JsonFields& fields, base::ProcessIdentity& process) {
  fields.integer("pid", process.pid);
  fields.integer("start_ticks", process.start_ticks);
  fields.text("boot_id", process.boot_id);
  fields.text("pid_namespace", process.pid_namespace);
}

void read(const JsonFields& fields, LiveNumbers& live) {
  fields.integer("in_flight", live.in_flight);
  fields.integer("succeeded", live.succeeded);
  fields.integer("failed", live.failed);
  fields.integer("output_tokens", live.output_tokens);
  fields.number_or_null("output_tokens_per_s", live.output_tokens_per_s);
  fields.number_or_null("ttft_p50_ms", live.ttft_p50_ms);
  fields.number_or_null("ttft_p99_ms", live.ttft_p99_ms);
}

void read(const JsonFields& fields, RunningTrial& trial) {
  fields.text("id", trial.id);
  fields.text("engine", trial.engine);
  fields.text("workload", trial.workload);
  const auto load = load_from_json(fields.raw("load"));
  if (load.has_value()) {
    trial.load = load.value();
  } else {
    fields.fail("load", "a load");
  }
  fields.integer("repeat", trial.repeat);
  fields.integer("run", trial.run);
  fields.integer("number", trial.number);
  fields.number("elapsed_s", trial.elapsed_s);
  fields.number("least_s", trial.least_s);
  if (!fields.raw("live").is_null()) read(fields.child("live"), trial.live.emplace());
}

Step step_from(const JsonFields& fields) {
  std::string word;
  fields.text("step", word);
  for (const Step step : all_steps()) {
    if (word == to_word(step)) return step;
  }
  fields.fail("step", "a step that this program knows");
  return Step::preparing;
}

void read_messages(const JsonFields& fields, std::vector<std::string>& messages) {
  const json& list = fields.raw("messages");
  if (!list.is_array()) return fields.fail("messages", "an array");
  for (const json& message : list) {
    if (!message.is_string()) return fields.fail("messages", "an array of texts");
    messages.push_back(message.get<std::string>());
  }
}

void read(const JsonFields& fields, Progress& progress) {
  fields.boolean("simulated", progress.simulated);
  read(fields.child("process"), progress.process);
  fields.text("started_utc", progress.started_utc);
  fields.text("updated_utc", progress.updated_utc);
  fields.number("elapsed_s", progress.elapsed_s);
  progress.step = step_from(fields);
  fields.number("step_elapsed_s", progress.step_elapsed_s);
  read_optional_text(fields, "engine", progress.engine);
  read_optional_text(fields, "engine_log_line", progress.engine_log_line);
  fields.integer("trials_done", progress.trials_done);
  fields.integer("trials_total", progress.trials_total);
  std::string total_is;
  fields.text("total_is", total_is);
  progress.total_is = total_is == "at_most" ? TotalKind::at_most : TotalKind::planned;
  fields.number_or_null("left_least_s", progress.left_least_s);
  fields.number_or_null("left_s", progress.left_s);
  if (!fields.raw("trial").is_null()) read(fields.child("trial"), progress.trial.emplace());
  read_messages(fields, progress.messages);
  if (!fields.raw("exit_code").is_null()) fields.integer("exit_code", progress.exit_code.emplace());
  read_optional_text(fields, "message", progress.message);
}

}  // namespace

const std::vector<Step>& all_steps() {
  static const std::vector<Step> steps{Step::preparing, Step::starting_engine, Step::probing,
                                       Step::warmup,    Step::measuring,       Step::summarising,
                                       Step::ended};
  return steps;
}

const char* to_word(Step step) {
  switch (step) {
    case Step::starting_engine:
      return "starting_engine";
    case Step::probing:
      return "probing";
    case Step::warmup:
      return "warmup";
    case Step::measuring:
      return "measuring";
    case Step::summarising:
      return "summarising";
    case Step::ended:
      return "ended";
    case Step::preparing:
      break;
  }
  return "preparing";
}

nlohmann::json to_json(const Progress& progress) {
  return clean_json({{"schema", kProgressSchema},
                     {"simulated", progress.simulated},
                     {"process", to_json(progress.process)},
                     {"started_utc", progress.started_utc},
                     {"updated_utc", progress.updated_utc},
                     {"elapsed_s", progress.elapsed_s},
                     {"step", to_word(progress.step)},
                     {"step_elapsed_s", progress.step_elapsed_s},
                     {"engine", text_or_null(progress.engine)},
                     {"engine_log_line", text_or_null(progress.engine_log_line)},
                     {"trials_done", progress.trials_done},
                     {"trials_total", progress.trials_total},
                     {"total_is", progress.total_is == TotalKind::at_most ? "at_most" : "planned"},
                     {"left_least_s", or_null(progress.left_least_s)},
                     {"left_s", or_null(progress.left_s)},
                     {"trial", to_json(progress.trial)},
                     {"messages", progress.messages},
                     {"exit_code", progress.exit_code ? json(*progress.exit_code) : json(nullptr)},
                     {"message", text_or_null(progress.message)}});
}

base::Result<Progress> progress_from_json(const nlohmann::json& json) {
  std::string problem;
  Progress progress;
  const JsonFields fields(json, "progress", problem);
  int schema = 0;
  fields.integer("schema", schema);
  if (problem.empty() && schema != kProgressSchema) {
    problem = "progress.schema is " + std::to_string(schema) + ", but this program reads version " +
              std::to_string(kProgressSchema) + "; use the tokamark that runs the study";
  }
  if (problem.empty()) read(fields, progress);
  if (!problem.empty()) return base::Error{base::ErrorKind::study, problem};
  return progress;
}

}  // namespace tokamark::record
