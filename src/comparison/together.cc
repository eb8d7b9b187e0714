#include "comparison/together.h"

#include <fmt/format.h>

#include "comparison/comparison.h"
#include "comparison/differing_keys_internal.h"

namespace tokamark::comparison {

namespace {

using nlohmann::json;

json study_part(const record::StudyResult& result, const char* key) {
  if (!result.study.is_object()) return nullptr;
  return result.study.value(key, json());
}

json named(const json& list, const std::string& name) {
  if (!list.is_array()) return nullptr;
  for (const json& entry : list) {
    if (entry.is_object() && entry.value("name", json()) == name) return entry;
  }
  return nullptr;
}

/// Open loads of one rate would share a name; empty = none differ.
std::string arrivals_differ(const record::StudyResult& first, const record::StudyResult& other) {
  for (const auto& one : first.trials) {
    for (const auto& two : other.trials) {
      const bool same_rate =
          one.load.kind == workload::LoadKind::open && two.load.kind == workload::LoadKind::open &&
          one.workload == two.workload && one.load.rate_per_s == two.load.rate_per_s;
      if (same_rate &&
          (one.load.arrivals != two.load.arrivals || one.load.gamma_cv != two.load.gamma_cv)) {
        return fmt::format("the arrivals of {} at {} differ", one.workload, one.load.label());
      }
    }
  }
  return {};
}

/// Why two results cannot stand in the same tables; empty = they can.
std::string obstacle(const record::StudyResult& first, const record::StudyResult& other) {
  if (first.simulated != other.simulated) return "one is simulated and the other measured";
  const auto slo = differing_keys(study_part(first, "slo"), study_part(other, "slo"));
  if (!slo.empty()) return "their SLOs differ in " + slo;
  const json ours = study_part(first, "workloads");
  const json theirs = study_part(other, "workloads");
  if (!ours.is_array()) return arrivals_differ(first, other);
  for (const json& entry : ours) {
    const json name = entry.is_object() ? entry.value("name", json()) : json();
    const json same = name.is_string() ? named(theirs, name.get<std::string>()) : json();
    if (same.is_null()) continue;
    const auto found = differing_keys(entry, same);
    if (!found.empty()) {
      return fmt::format("workload {} differs in {}", name.get<std::string>(), found);
    }
  }
  return arrivals_differ(first, other);
}

void relabel(json& entry, const char* key, const std::string& label) {
  if (!entry.is_object()) return;
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_string() || found->get<std::string>().empty()) return;
  *found = labelled_name(found->get<std::string>(), label);
}

void append_list(const json& from, json& to, const std::vector<const char*>& names,
                 const std::string& label) {
  if (!from.is_array()) return;
  for (json entry : from) {
    for (const char* name : names) relabel(entry, name, label);
    to.push_back(std::move(entry));
  }
}

/// Appends the entries of `study[key]` that are not there under that name yet.
void append_named(const json& from, json& to, const std::string& label) {
  if (!from.is_array()) return;
  for (json entry : from) {
    if (!entry.is_object()) continue;
    if (!label.empty()) relabel(entry, "name", label);
    const json name = entry.value("name", json());
    if (name.is_string() && named(to, name.get<std::string>()).is_null()) {
      to.push_back(std::move(entry));
    }
  }
}

void append_fairness(const record::StudyResult& from, const std::string& label, json& arms) {
  if (!from.fairness.is_object()) return;
  for (json arm : from.fairness.value("arms", json::array())) {
    if (!arm.is_object()) continue;
    const auto name = arm.value("arm", "");
    arm["arm"] = name.empty() ? label : name + " (" + label + ")";
    for (json& engine : arm["engines"]) {
      if (engine.is_string()) engine = labelled_name(engine.get<std::string>(), label);
    }
    for (json& setting : arm["settings"]) {
      json values = json::object();
      if (setting.is_object() && setting.contains("values") && setting["values"].is_object()) {
        for (const auto& [engine, value] : setting["values"].items()) {
          values[labelled_name(engine, label)] = value;
        }
        setting["values"] = values;
      }
    }
    arms.push_back(std::move(arm));
  }
}

void append(const Labelled& part, record::StudyResult& all) {
  const record::StudyResult& from = part.result;
  for (record::TrialResult trial : from.trials) {
    trial.engine = labelled_name(trial.engine, part.label);
    trial.id = part.label + "/" + trial.id;
    all.trials.push_back(std::move(trial));
  }
  append_named(study_part(from, "engines"), all.study["engines"], part.label);
  append_named(study_part(from, "workloads"), all.study["workloads"], "");
  append_list(from.estimates, all.estimates, {"engine"}, part.label);
  append_list(from.comparisons, all.comparisons, {"a", "b", "better"}, part.label);
  if (from.recommendations.is_array()) {
    for (json entry : from.recommendations) {
      if (!entry.is_object() || !entry.value("text", json()).is_string()) continue;
      entry["text"] = part.label + ": " + entry["text"].get<std::string>();
      relabel(entry, "engine", part.label);
      all.recommendations.push_back(std::move(entry));
    }
  }
  append_fairness(from, part.label, all.fairness["arms"]);
  const json manifest = from.manifest.is_object() ? from.manifest : json::object();
  all.manifest["put_together"].push_back(
      {{"label", part.label}, {"study", from.study}, {"manifest", manifest}});
  for (const json& id : manifest.value("trials_missing", json::array())) {
    if (id.is_string()) {
      all.manifest["trials_missing"].push_back(part.label + "/" + id.get<std::string>());
    }
  }
  for (const json& line : manifest.value("engine_failures", json::array())) {
    if (!line.is_string()) continue;
    all.manifest["engine_failures"].push_back(part.label + ": " + line.get<std::string>());
  }
  const json changed = manifest.value("validity_changed", json());
  if (changed.is_object()) {
    for (const auto& [key, limit] : changed.items()) all.manifest["validity_changed"][key] = limit;
  }
}

/// What stands at the head of a report is left out where it does not hold for all of them.
void keep_what_is_common(const std::vector<Labelled>& results, record::StudyResult& all) {
  const record::StudyResult& first = results.front().result;
  const auto manifest_part = [](const record::StudyResult& result, const char* key) {
    return result.manifest.is_object() ? result.manifest.value(key, json()) : json();
  };
  for (const char* key : {"tokamark", "started_utc"}) {
    all.manifest[key] = manifest_part(first, key);
  }
  for (const Labelled& part : results) {
    for (const char* key : {"model", "hardware", "comparison"}) {
      if (study_part(part.result, key) != study_part(first, key)) all.study.erase(key);
    }
    for (const char* key : {"tokamark", "started_utc"}) {
      if (manifest_part(part.result, key) != manifest_part(first, key)) all.manifest.erase(key);
    }
  }
}

}  // namespace

std::string labelled_name(const std::string& engine, const std::string& label) {
  return fmt::format("{} ({})", engine, label);
}

base::Result<Together> put_together(const std::vector<Labelled>& results) {
  Together together;
  const Labelled& first = results.front();
  record::StudyResult& all = together.result;
  all.simulated = first.result.simulated;
  all.study = first.result.study.is_object() ? first.result.study : json::object();
  all.study["engines"] = json::array();
  all.study["workloads"] = json::array();
  std::vector<std::string> labels;
  for (const Labelled& part : results) labels.push_back(part.label);
  all.study["name"] = fmt::format("{}", fmt::join(labels, ", "));
  all.fairness["arms"] = json::array();
  all.manifest = {{"put_together", json::array()}};
  keep_what_is_common(results, all);
  for (const Labelled& part : results) {
    for (const Labelled& before : results) {
      if (&before == &part) break;
      const auto why = obstacle(before.result, part.result);
      if (why.empty()) continue;
      return base::Error{base::ErrorKind::study,
                         fmt::format("{} and {} cannot be put together: {}; report them apart",
                                     before.label, part.label, why)};
    }
    append(part, all);
    if (&part == &first) continue;
    auto found = compare_across(first, part);
    if (!found.has_value()) {
      together.notes.push_back(found.error().message);
      all.manifest["not_compared"].push_back(found.error().message);
      continue;
    }
    for (const Comparison& comparison : found.value()) {
      all.comparisons.push_back(to_json(comparison));
    }
  }
  return together;
}

}  // namespace tokamark::comparison
