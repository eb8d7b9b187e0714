#pragma once

#include "study/rules.h"

namespace tokamark::study {

/// A name that is safe in file names and tables: letters, digits, '.', '_' and '-', at most 64,
/// a letter or digit first.
TextForm name_form();
/// Any text but the empty one.
TextForm not_empty_form();
/// An http or https URL with a host.
TextForm url_form();
/// The name of an environment variable.
TextForm variable_form();
/// "constant", "poisson", "gamma" or "gamma:CV".
TextForm arrivals_form();

/// The coefficient of variation in "gamma:CV"; 0 when the text has none.
double gamma_cv_of(std::string_view arrivals);

}  // namespace tokamark::study
