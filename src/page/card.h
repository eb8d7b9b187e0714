#pragma once

#include "figures/figures.h"
#include "record/result.h"

namespace tokamark::page {

/// The picture that goes with a link: 1200 by 630 units, so that a PNG at 72 dpi has as many
/// pixels. Name of the study, verdict, best engine at the SLO, and bars with intervals: goodput at
/// the SLO, or, without one, output tokens/s at the highest load that most engines have a valid run
/// of. Every text and bar is placed here; id "card".
figures::Figure make_card(const record::StudyResult& result);

}  // namespace tokamark::page
