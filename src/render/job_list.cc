#include "render/job_list.h"

#include <fmt/format.h>

#include "base/files.h"

namespace tokamark::render {
namespace {

using nlohmann::json;

base::Error wrong(const std::string& what) { return {base::ErrorKind::study, "jobs: " + what}; }

base::Result<Output> read_output(const json& entry, const std::string& place) {
  if (!entry.is_object() || !entry.contains("path") || !entry["path"].is_string()) {
    return wrong(place + " needs a path");
  }
  const Output output{entry.value("format", ""), entry["path"].get<std::string>()};
  if (output.format != "svg" && output.format != "pdf" && output.format != "png") {
    return wrong(place + ".format must be svg, pdf or png");
  }
  return output;
}

base::Result<json> read_spec(const json& entry, const std::string& place) {
  if (entry.contains("spec")) return entry["spec"];
  if (!entry.contains("file") || !entry["file"].is_string()) {
    return wrong(place + " needs a spec or a file");
  }
  const auto path = entry["file"].get<std::string>();
  TOKAMARK_TRY(const std::string text, base::read_file(path, base::ErrorKind::study));
  auto spec = json::parse(text, nullptr, false);
  if (spec.is_discarded()) return wrong(path + " is not JSON");
  return spec;
}

base::Result<Job> read_job(const json& entry, const std::string& place) {
  if (!entry.is_object()) return wrong(place + " is not an object");
  Job job;
  TOKAMARK_TRY(job.spec, read_spec(entry, place));
  job.name = entry.value("name", place);
  job.target = entry.value("target", "col2");
  if (job.target != "col1" && job.target != "col2" && job.target != "web") {
    return wrong(place + ".target must be col1, col2 or web");
  }
  job.theme = entry.value("theme", json());
  if (!job.theme.is_null() && !job.theme.is_object()) {
    return wrong(place + ".theme must be a Vega-Lite config object");
  }
  job.png_dpi = entry.value("png_dpi", job.png_dpi);
  if (!(job.png_dpi >= 10.0 && job.png_dpi <= 2400.0)) {
    return wrong(place + ".png_dpi must be between 10 and 2400");
  }
  for (const auto& output : entry.value("outputs", json::array())) {
    TOKAMARK_TRY(Output read, read_output(output, place + ".outputs"));
    job.outputs.push_back(std::move(read));
  }
  return job;
}

base::Result<JobList> read_members(const json& all) {
  JobList list;
  list.created_unix_s = all.value("created_unix_s", list.created_unix_s);
  list.figure_limit = std::chrono::milliseconds(
      all.value("figure_limit_ms", static_cast<std::int64_t>(list.figure_limit.count())));
  for (const auto& entry : all.value("jobs", json::array())) {
    const auto place = fmt::format("jobs[{}]", list.jobs.size());
    TOKAMARK_TRY(Job job, read_job(entry, place));
    list.jobs.push_back(std::move(job));
  }
  return list;
}

}  // namespace

base::Result<JobList> read_job_list(std::string_view text) {
  const auto all = json::parse(text, nullptr, false);
  if (!all.is_object()) return wrong("standard input is no JSON object");
  try {
    return read_members(all);
  } catch (const json::exception& e) {  // a member of another type
    return wrong(e.what());
  }
}

}  // namespace tokamark::render
