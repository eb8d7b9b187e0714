#pragma once

#include <array>
#include <cstddef>

namespace tokamark::figures {

/// How one engine looks in every figure: colour, with shape and dash as a second code for readers
/// who cannot tell the colours apart, and for print.
struct EngineLook {
  const char* colour;
  const char* shape;
  std::array<int, 2> dash;  ///< {0, 0} = solid
};

/// The palette of Okabe & Ito 2008, without its black and its yellow, which is too light for lines.
inline constexpr std::array kLooks{
    EngineLook{"#0072B2", "circle", {0, 0}},        EngineLook{"#D55E00", "square", {6, 3}},
    EngineLook{"#009E73", "triangle-up", {2, 2}},   EngineLook{"#CC79A7", "diamond", {8, 2}},
    EngineLook{"#E69F00", "triangle-down", {4, 4}}, EngineLook{"#56B4E9", "triangle-right", {1, 3}},
};

/// The look of the n-th engine of the study; from the seventh on they repeat.
inline const EngineLook& look(std::size_t engine) { return kLooks[engine % kLooks.size()]; }

}  // namespace tokamark::figures
