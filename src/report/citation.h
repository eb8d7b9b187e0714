#pragma once

#include <string>

#include "record/result.h"

namespace tokamark::report {

/// How to cite a study: one entry of BibTeX, and one sentence. Both name the study, the day it was
/// started, the version of the program and of its formulas, and a digest of the study as parsed.
/// Simulated ones say so.
std::string citation_bibtex(const record::StudyResult& result);
std::string citation_text(const record::StudyResult& result);

/// SHA-256 of `trials` of results.json: the same numbers have the same digest.
std::string data_digest(const record::StudyResult& result);

}  // namespace tokamark::report
