#pragma once

#include <string>

namespace tokamark::engine {

/// Whether a version is the wanted one or a nearer naming of it: "0.32" is met by "0.32",
/// "0.32.1" and "0.32+cpu", not by "0.321".
bool version_meets(const std::string& found, const std::string& wanted);

}  // namespace tokamark::engine
