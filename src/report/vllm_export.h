#pragma once

#include <string>
#include <vector>

#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::report {

/// One trial with the key set that `vllm bench serve --save-result --save-detailed` writes, so that
/// programs which read those files read ours. The measured requests only.
///
/// The numbers follow that program's conventions, not ours, because its readers expect them: times
/// start at the send, percentiles interpolate, failed requests are left out of the latencies (they
/// are in `failed` and `errors`), and `tokens / duration` counts whole requests over the time from
/// the first send to the last end. docs/RESULT_FORMAT.md lists every key.
std::string export_vllm(const record::StudyResult& result, const record::TrialResult& trial,
                        const std::vector<record::RequestRecord>& requests);

}  // namespace tokamark::report
